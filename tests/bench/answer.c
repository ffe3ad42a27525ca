/* SPDX-License-Identifier: MIT */
/*
 * answer: the target of all that is measured, the same for every proxy.
 *
 *	answer PORT_FILE THREADS LOG
 *
 * Listens on a free port of 127.0.0.1, which it writes to PORT_FILE. A
 * connection begins with 16 bytes, before which a routing byte 0x01 is skipped
 * (not every proxy strips it). The first of the 16 is what is wanted, the
 * second says how large a block is (a power of two):
 *
 *	e   all of it comes back, and so does what follows
 *	u   what follows is dropped; a byte comes back for each block
 *	d   for each byte that follows a block comes back
 *
 * Whole blocks, since few proxies can pass on the end of one direction alone.
 * What is sent to LOG, a syslog's socket, is dropped.
 *
 * A thread serves one connection at a time: nothing of a connection waits for
 * another.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

#define SILENCE_S     60
#define BLOCK_MAX_LOG 30

static int listener;

static void echo(int fd, char *buffer, size_t have)
{
	ssize_t n = (ssize_t)have;

	while (n > 0 && send_all(fd, buffer, (size_t)n))
		n = recv(fd, buffer, BUFFER_BYTES, 0);
}

static void sink(int fd, char *buffer, size_t block, size_t have)
{
	size_t taken = have;

	for (;;) {
		ssize_t n;

		for (; taken >= block; taken -= block)
			if (!send_all(fd, ".", 1))
				return;
		n = recv(fd, buffer, BUFFER_BYTES, 0);
		if (n <= 0)
			return;
		taken += (size_t)n;
	}
}

static void source(int fd, char *buffer, size_t block, size_t have)
{
	size_t wanted = have;

	for (;;) {
		for (; wanted; wanted--)
			for (size_t left = block, n; left; left -= n) {
				n = left < BUFFER_BYTES ? left : BUFFER_BYTES;
				if (!send_all(fd, buffer, n))
					return;
			}
		ssize_t n = recv(fd, buffer, BUFFER_BYTES, 0);

		if (n <= 0)
			return;
		wanted = (size_t)n;
	}
}

static void serve(int fd, char *buffer)
{
	size_t have = 0, skipped = 0, block;
	char *header = buffer;

	while (have < HEADER_BYTES + skipped) {
		ssize_t n = recv(fd, buffer + have, BUFFER_BYTES - have, 0);

		if (n <= 0)
			return;
		have += (size_t)n;
		skipped = buffer[0] == '\1';
	}
	header += skipped;
	have -= skipped;
	if (header[1] < 0 || header[1] > BLOCK_MAX_LOG)
		return;
	block = (size_t)1 << header[1];
	if (*header == 'e')
		echo(fd, memmove(buffer, header, have), have);
	else if (*header == 'u')
		sink(fd, buffer, block, have - HEADER_BYTES);
	else if (*header == 'd')
		source(fd, buffer, block, have - HEADER_BYTES);
}

static void *serve_each(void *unused)
{
	const struct timeval silence = {.tv_sec = SILENCE_S};
	const int on = 1;
	char *buffer = malloc(BUFFER_BYTES);

	(void)unused;
	while (buffer) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
		setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence));
		serve(fd, buffer);
		close(fd);
	}
	return NULL;
}

static int drop_log(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char message[8192];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror(name);
		return 1;
	}
	while (recv(fd, message, sizeof(message), 0) >= 0)
		;
	return 1;
}

static bool write_port(const char *path)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);
	char temporary[4096];
	FILE *file;

	getsockname(listener, (struct sockaddr *)&address, &length);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (!file)
		return false;
	fprintf(file, "%d\n", ntohs(address.sin_port));
	fclose(file);
	return rename(temporary, path) == 0;
}

int main(int argc, char *argv[])
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_attr_t small;
	pthread_t thread;

	if (argc != 4) {
		fprintf(stderr, "answer: see its source\n");
		return 64;
	}
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 4096) < 0 || !write_port(argv[1])) {
		perror("answer");
		return 1;
	}
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = atoi(argv[2]); i > 0; i--)
		if (pthread_create(&thread, &small, serve_each, NULL) != 0) {
			fprintf(stderr, "answer: no more threads\n");
			return 1;
		}
	return drop_log(argv[3]);
}
