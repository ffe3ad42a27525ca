/* SPDX-License-Identifier: MIT */
/*
 * One scripted end of a connection. It never blocks: peer_poll() says what it
 * waits for, and peer_step() does what can be done.
 */
#ifndef FAULTS_PEER_H
#define FAULTS_PEER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum peer_end {
	END_NONE,  /* nothing came, or not yet */
	END_EOF,   /* all that it got looks complete */
	END_RESET, /* what it got is known to be cut off */
	END_MINE   /* it was this end that reset the connection */
};

enum peer_last {
	LAST_SHUT, /* when all is sent it closes its half for writing */
	LAST_WAIT, /* it waits for the other end's end */
	LAST_RESET /* when all that it expects came it resets the connection */
};

struct peer {
	int in, out; /* -1: none, or no more */
	bool is_socket;
	enum peer_last last;

	/* What it sends; of an echo, only as much as came. */
	const char *bytes;
	size_t length, sent;
	bool echoes;
	bool is_broken; /* nothing can be sent any more */

	/* What should come, behind a PROXY header of version 2 if there is to
	 * be one. */
	const char *expected;
	size_t expected_length, got;
	bool has_header;
	unsigned char fixed[16]; /* the part of that which is always there */
	size_t header_got;
	bool is_wrong; /* something else came */
	enum peer_end end;
};

/* Two places of poll(), of which none may be in use. */
void peer_poll(const struct peer *peer, struct pollfd polls[2]);
void peer_step(struct peer *peer, const struct pollfd polls[2]);

static inline bool peer_is_over(const struct peer *peer)
{
	return peer->in < 0 && peer->out < 0;
}

/* Closes what is open. */
void peer_close(struct peer *peer);

/* Whether all that was to come did, and then the end. */
bool peer_has_all(const struct peer *peer);

#endif
