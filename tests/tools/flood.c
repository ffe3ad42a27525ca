/* SPDX-License-Identifier: MIT */
/*
 * flood: many connections at once, in one process.
 *
 *	flood serve PORT COUNT AT_ONCE BYTES   each sends 0x01 and up to BYTES,
 *	                                       which have to come back, and ends
 *	flood silent PORT COUNT                they say nothing, until the end
 *	                                       comes from there
 *	flood drip PORT COUNT BYTES MS         0x01, then a byte each MS; each
 *	                                       has to come back
 *	flood storm PORT COUNT AT_ONCE HOW     close, or reset; byte-close, or
 *	                                       byte-reset: after one byte, 0x01
 *
 * They come from 64 addresses, 127.1.0.1 and the next ones, so that local ports
 * do not run out. "silent" and "drip" write a line, "connected", when they all
 * are. At the end there is a line of counts:
 *
 *	good      did all that it was to do
 *	bad       other bytes came, or fewer, or an end too early
 *	reset     by the other end, and it was not to be
 *	refused   connect() failed
 *
 * The exit status is 0 if all were good. After FLOOD_SECONDS (60) it is 1, and
 * what is not done is counted in "bad".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES     64
#define EVENTS      256
#define CHUNK_BYTES 16384
#define TICK_MS     5

enum outcome {
	GOOD,
	BAD,
	RESET,
	REFUSED,
	OUTCOMES
};

struct connection {
	int fd; /* -1: none */
	bool connected, shut;
	unsigned number;
	size_t size, sent, received;
	int64_t due_us;
};

struct flood {
	struct connection *connections; /* at_once of them */
	char mode;                      /* the first letter */
	const char *how;
	int port, epoll;
	unsigned count, at_once, begun, connected, open, done;
	size_t bytes;
	int64_t pause_us, limit_us;
	unsigned outcomes[OUTCOMES];
	bool said;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Byte `at` of a connection; the first is the one that routes. */
static char byte_of(unsigned number, size_t at)
{
	return (char)(at ? number + at * 7 + (at >> 8) : 1);
}

static void watch(const struct flood *flood, struct connection *connection,
    int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (epoll_ctl(flood->epoll, operation, connection->fd, &event) < 0)
		fail("epoll_ctl");
}

static void end(
    struct flood *flood, struct connection *connection, enum outcome outcome)
{
	close(connection->fd);
	connection->fd = -1;
	flood->outcomes[outcome]++;
	flood->open--;
	flood->done++;
}

static void begin(struct flood *flood, struct connection *connection)
{
	const unsigned number = flood->begun++;
	const int on = 1;
	const struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(0x7f010001 + number % SOURCES)};
	const struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)flood->port)};

	/* Sizes differ, and are the same in each run. */
	*connection = (struct connection){.number = number,
	    .size = 1 + (flood->mode == 's' ? number * UINT64_C(2654435761) %
						  (flood->bytes + 1)
					    : flood->bytes)};
	connection->fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->fd < 0)
		fail("socket");
	flood->open++;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(connection->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	if (bind(connection->fd, (const struct sockaddr *)&from, sizeof(from)) <
	    0)
		fail("bind");
	watch(flood, connection, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
	if (connect(connection->fd, (const struct sockaddr *)&to, sizeof(to)) <
		0 &&
	    errno != EINPROGRESS)
		end(flood, connection, REFUSED);
}

/* Sends what it can up to `until`; returns false when the connection is over.
 */
static bool send_up_to(
    struct flood *flood, struct connection *connection, size_t until)
{
	static char chunk[CHUNK_BYTES];

	while (connection->sent < until) {
		size_t size = until - connection->sent;
		ssize_t n;

		if (size > sizeof(chunk))
			size = sizeof(chunk);
		for (size_t i = 0; i < size; i++)
			chunk[i] =
			    byte_of(connection->number, connection->sent + i);
		n = send(connection->fd, chunk, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0) {
			end(flood, connection, RESET);
			return false;
		}
		connection->sent += (size_t)n;
	}
	if (connection->sent == connection->size && !connection->shut) {
		connection->shut = true;
		shutdown(connection->fd, SHUT_WR);
	}
	return true;
}

static void receive(struct flood *flood, struct connection *connection)
{
	static char chunk[CHUNK_BYTES];
	ssize_t n = recv(connection->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		/* The byte that routed does not come back. */
		bool all = flood->mode == 'q' ||
			   connection->received + 1 == connection->size;

		end(flood, connection, n < 0 ? RESET : all ? GOOD : BAD);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (flood->mode != 'q' &&
		    chunk[i] ==
			byte_of(connection->number, ++connection->received))
			continue;
		end(flood, connection, BAD);
		return;
	}
}

/* What a storm does with a connection, at once. */
static void drop(struct flood *flood, struct connection *connection)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (strncmp(flood->how, "byte-", 5) == 0)
		send(connection->fd, "\1", 1, MSG_NOSIGNAL);
	if (strstr(flood->how, "reset"))
		setsockopt(
		    connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end(flood, connection, GOOD);
}

/* Returns false when there is no connection, or not any more. */
static bool is_up(struct flood *flood, struct connection *connection)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (connection->connected)
		return true;
	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		end(flood, connection, REFUSED);
		return false;
	}
	connection->connected = true;
	connection->due_us = now_us();
	flood->connected++;
	return true;
}

static void step(
    struct flood *flood, struct connection *connection, uint32_t events)
{
	if (!is_up(flood, connection))
		return;
	if (flood->mode == 'w') {
		drop(flood, connection);
		return;
	}
	if (flood->mode == 's' && events & EPOLLOUT &&
	    !send_up_to(flood, connection, connection->size))
		return;
	if (events & EPOLLOUT && (flood->mode != 's' || connection->shut))
		watch(flood, connection, EPOLL_CTL_MOD, EPOLLIN);
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive(flood, connection);
}

static void drip(struct flood *flood)
{
	for (unsigned i = 0; i < flood->begun; i++) {
		struct connection *connection = &flood->connections[i];

		if (connection->fd < 0 || !connection->connected ||
		    connection->due_us > now_us())
			continue;
		connection->due_us += flood->pause_us;
		if (connection->sent < connection->size)
			send_up_to(flood, connection, connection->sent + 1);
	}
}

static void say_connected(struct flood *flood)
{
	if (flood->said || flood->mode == 's' || flood->mode == 'w' ||
	    flood->connected < flood->count)
		return;
	flood->said = true;
	puts("connected");
	fflush(stdout);
}

static int run(struct flood *flood)
{
	struct epoll_event events[EVENTS];
	unsigned next = 0;

	while (flood->done < flood->count && now_us() < flood->limit_us) {
		int n;

		while (flood->begun < flood->count &&
		       flood->open < flood->at_once) {
			while (flood->connections[next].fd >= 0)
				next = (next + 1) % flood->at_once;
			begin(flood, &flood->connections[next]);
		}
		n = epoll_wait(flood->epoll, events, EVENTS, TICK_MS);
		for (int i = 0; i < n; i++)
			step(flood, events[i].data.ptr, events[i].events);
		if (flood->mode == 'd')
			drip(flood);
		say_connected(flood);
	}
	flood->outcomes[BAD] += flood->count - flood->done;
	printf("good %u bad %u reset %u refused %u\n", flood->outcomes[GOOD],
	    flood->outcomes[BAD], flood->outcomes[RESET],
	    flood->outcomes[REFUSED]);
	return flood->outcomes[GOOD] != flood->count;
}

/* As many descriptors as it may have. */
static void raise_limit(void)
{
	struct rlimit limit = {1 << 17, 1 << 17};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char *argv[])
{
	const char *seconds = getenv("FLOOD_SECONDS");
	const char *what = argc > 1 ? argv[1] : "";
	int status;
	struct flood flood = {
	    .limit_us =
		now_us() + INT64_C(1000000) * (seconds ? atoi(seconds) : 60)};

	raise_limit();
	flood.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (argc >= 4) {
		flood.port = atoi(argv[2]);
		flood.count = flood.at_once = (unsigned)atoi(argv[3]);
	}
	if (argc == 4 && strcmp(what, "silent") == 0)
		flood.mode = 'q';
	if (argc == 6 && strcmp(what, "drip") == 0) {
		flood.mode = 'd';
		flood.bytes = (size_t)atoi(argv[4]);
		flood.pause_us = INT64_C(1000) * atoi(argv[5]);
	}
	if (argc == 6 && strcmp(what, "serve") == 0) {
		flood.mode = 's';
		flood.at_once = (unsigned)atoi(argv[4]);
		flood.bytes = (size_t)atoi(argv[5]);
	}
	if (argc == 6 && strcmp(what, "storm") == 0) {
		flood.mode = 'w';
		flood.at_once = (unsigned)atoi(argv[4]);
		flood.how = argv[5];
	}
	if (!flood.mode || !flood.count || !flood.at_once) {
		fprintf(stderr, "flood: see its source\n");
		return 64;
	}
	flood.connections = calloc(flood.at_once, sizeof(*flood.connections));
	if (!flood.connections)
		fail("calloc");
	for (unsigned i = 0; i < flood.at_once; i++)
		flood.connections[i].fd = -1;
	status = run(&flood);
	free(flood.connections);
	return status;
}
