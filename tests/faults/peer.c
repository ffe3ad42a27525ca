/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define CHUNK_BYTES 65536

void peer_close(struct peer *peer)
{
	if (peer->out >= 0 && peer->out != peer->in)
		close(peer->out);
	if (peer->in >= 0)
		close(peer->in);
	peer->in = peer->out = -1;
}

bool peer_has_all(const struct peer *peer)
{
	return !peer->is_wrong && peer->got == peer->expected_length &&
	       peer->end == END_EOF;
}

/* How much it may send by now. */
static size_t sendable(const struct peer *peer)
{
	return peer->echoes ? peer->got : peer->length;
}

static bool has_sent(const struct peer *peer)
{
	if (peer->echoes && peer->end == END_NONE &&
	    peer->got < peer->expected_length)
		return false;
	return peer->is_broken || peer->sent == sendable(peer);
}

void peer_poll(const struct peer *peer, struct pollfd polls[2])
{
	bool sends = !peer->is_broken && peer->sent < sendable(peer);

	polls[0] = (struct pollfd){
	    .fd = peer->end == END_NONE ? peer->in : -1, .events = POLLIN};
	polls[1] =
	    (struct pollfd){.fd = sends ? peer->out : -1, .events = POLLOUT};
}

static void break_off(struct peer *peer)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(peer->out, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	peer->end = END_MINE;
	peer_close(peer);
}

/* Returns how many of the bytes belong to the header. */
static size_t take_header(struct peer *peer, const char *bytes, size_t count)
{
	static const unsigned char start[13] = "\r\n\r\n\0\r\nQUIT\n!";
	const size_t fixed = sizeof(peer->fixed);
	size_t at = 0;

	for (; at < count; at++, peer->header_got++) {
		const size_t more =
		    (size_t)peer->fixed[14] << 8 | peer->fixed[15];

		if (!peer->has_header || (peer->header_got >= fixed &&
					     peer->header_got >= fixed + more))
			break;
		if (peer->header_got < fixed)
			peer->fixed[peer->header_got] =
			    (unsigned char)bytes[at];
		if (peer->header_got < sizeof(start))
			peer->is_wrong |= peer->fixed[peer->header_got] !=
					  start[peer->header_got];
	}
	return at;
}

static void receive(struct peer *peer)
{
	static char buffer[CHUNK_BYTES];
	ssize_t n = read(peer->in, buffer, sizeof(buffer));
	size_t header;

	if (n < 0 && errno == EAGAIN)
		return;
	/* A reset is said once, to whichever call comes first. */
	if (n <= 0) {
		peer->end = n < 0 || peer->is_broken ? END_RESET : END_EOF;
		return;
	}
	header = take_header(peer, buffer, (size_t)n);
	n -= (ssize_t)header;
	if ((size_t)n > peer->expected_length - peer->got ||
	    memcmp(buffer + header, peer->expected + peer->got, (size_t)n) != 0)
		peer->is_wrong = true;
	else
		peer->got += (size_t)n;
	if (peer->is_wrong)
		peer->end = END_RESET;
}

static void transmit(struct peer *peer)
{
	ssize_t n = write(
	    peer->out, peer->bytes + peer->sent, sendable(peer) - peer->sent);

	if (n > 0)
		peer->sent += (size_t)n;
	else if (errno != EAGAIN)
		peer->is_broken = true;
}

static void finish_sending(struct peer *peer)
{
	if (peer->last != LAST_SHUT || peer->out < 0)
		return;
	/* An echo's end follows the end. */
	if (peer->echoes && peer->end == END_NONE)
		return;
	if (peer->is_socket)
		shutdown(peer->out, SHUT_WR);
	else
		close(peer->out);
	peer->last = LAST_WAIT;
	if (!peer->is_socket)
		peer->out = -1;
}

void peer_step(struct peer *peer, const struct pollfd polls[2])
{
	if (polls[0].revents)
		receive(peer);
	if (polls[1].revents)
		transmit(peer);
	if (has_sent(peer)) {
		if (peer->last == LAST_RESET &&
		    peer->got == peer->expected_length) {
			break_off(peer);
			return;
		}
		finish_sending(peer);
	}
	/* Whoever waits is done when the other end is. */
	if (peer->end == END_RESET || (peer->end == END_EOF && has_sent(peer)))
		peer_close(peer);
}
