/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

static struct sockaddr_in address_of(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int loopback_port(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		fail("getsockname");
	return ntohs(address.sin_port);
}

int loopback_bind(void)
{
	struct sockaddr_in address = address_of(0);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("bind");
	return fd;
}

int loopback_connect(int port)
{
	struct sockaddr_in address = address_of(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void loopback_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe2");
}

int loopback_pair(int *ret_client)
{
	int listener = loopback_bind(), accepted;

	if (listen(listener, 1) < 0)
		fail("listen");
	*ret_client = loopback_connect(loopback_port(listener));
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (*ret_client < 0 || accepted < 0)
		fail("accept");
	close(listener);
	return accepted;
}
