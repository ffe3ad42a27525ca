/* SPDX-License-Identifier: MIT */
/*
 * echoes PORT_FILE: a target for any number of connections, in one process. It
 * writes its port into the file, sends back what comes on each connection, up
 * to the end, and ends it too; until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS      256
#define CHUNK_BYTES 16384
#define FDS_MAX     (1 << 17)

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "echoes: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* An echo: what cannot be sent back at once waits, and is not read on. */
struct echo {
	int fd;
	size_t from, to;
	char bytes[CHUNK_BYTES];
};

static struct echo *echoes[FDS_MAX]; /* by their descriptors */

static void end_echo(struct echo *echo)
{
	echoes[echo->fd] = NULL;
	close(echo->fd);
	free(echo);
}

static void send_back(int epoll, struct echo *echo)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = echo->fd};

	while (echo->from < echo->to) {
		ssize_t n = send(echo->fd, echo->bytes + echo->from,
		    echo->to - echo->from, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			end_echo(echo);
			return;
		}
		echo->from += (size_t)n;
	}
	if (echo->from < echo->to)
		event.events = EPOLLOUT;
	epoll_ctl(epoll, EPOLL_CTL_MOD, echo->fd, &event);
}

static void step_echo(int epoll, struct echo *echo)
{
	ssize_t n;

	if (echo->from == echo->to) {
		n = recv(echo->fd, echo->bytes, sizeof(echo->bytes), 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			end_echo(echo);
			return;
		}
		echo->from = 0;
		echo->to = (size_t)n;
	}
	send_back(epoll, echo);
}

static void accept_all(int epoll, int listener)
{
	const int on = 1;
	int fd;

	while ((fd = accept4(
		    listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct echo *echo = calloc(1, sizeof(*echo));
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		if (!echo || fd >= FDS_MAX)
			fail("calloc");
		echo->fd = fd;
		echoes[fd] = echo;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

/* Written under another name first: whoever sees the file sees all of it. */
static void write_port(int listener, const char *path)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);
	char temporary[4096];
	FILE *file;

	getsockname(listener, (struct sockaddr *)&address, &length);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (!file)
		fail(path);
	fprintf(file, "%d\n", ntohs(address.sin_port));
	fclose(file);
	if (rename(temporary, path) < 0)
		fail(path);
}

/* As many descriptors as it may have. */
static void raise_limit(void)
{
	struct rlimit limit = {FDS_MAX, FDS_MAX};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static _Noreturn void run(int epoll, const char *port_file)
{
	struct epoll_event events[EVENTS];
	struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 4096) < 0)
		fail("listen");
	write_port(listener, port_file);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.fd >= 0)
				step_echo(epoll, echoes[events[i].data.fd]);
			else
				accept_all(epoll, listener);
	}
}

int main(int argc, char *argv[])
{
	if (argc != 2) {
		fprintf(stderr, "echoes: see its source\n");
		return 64;
	}
	raise_limit();
	run(epoll_create1(EPOLL_CLOEXEC), argv[1]);
}
