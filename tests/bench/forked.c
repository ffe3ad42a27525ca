/* SPDX-License-Identifier: MIT */
/*
 * forked: what a process for each connection costs, and nothing else: it forks
 * ahead, each process accepts one connection, sends back what comes, by itself
 * and with no target, and exits. No proxy of this shape can be quicker.
 *
 *	forked PORT SPARES
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void serve_one(int listener)
{
	static char buffer[4096];
	int fd = accept(listener, NULL, NULL);
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	_exit(0);
}

static int listen_on(int port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((in_port_t)port)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -1;
	return fd;
}

int main(int argc, char *argv[])
{
	int missing = argc == 3 ? atoi(argv[2]) : 0;
	int listener = missing > 0 ? listen_on(atoi(argv[1])) : -1;

	if (listener < 0) {
		fprintf(stderr, "forked: see its source\n");
		return 64;
	}
	for (;;) {
		for (; missing > 0; missing--) {
			pid_t pid = fork();

			if (pid == 0)
				serve_one(listener);
			if (pid < 0)
				return 71;
		}
		wait(NULL);
		missing++;
	}
}
