/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

struct client clients[CLIENTS_MAX];

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

bool receive_all(int fd, char *buffer, size_t size)
{
	while (size) {
		ssize_t n = recv(fd, buffer, size, 0);

		if (n <= 0)
			return false;
		buffer += n;
		size -= (size_t)n;
	}
	return true;
}

int begin(const struct job *job)
{
	const struct timeval limit = {.tv_sec = STEP_LIMIT_S};
	const int on = 1;
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)job->port)};
	char first[1 + HEADER_BYTES] = {'\1', job->mode, (char)job->block_log};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send_all(fd, first + !job->byte, HEADER_BYTES + job->byte))
		return fd;
	close(fd);
	return -1;
}

double run_clients(struct job *job, int count, void *(*body)(void *))
{
	int64_t began_ns = INT64_MAX, ended_ns = 0;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_barrier_init(&job->ready, NULL, (unsigned)count);
	for (int i = 0; i < count; i++) {
		clients[i].job = job;
		clients[i].times_ns =
		    calloc((size_t)job->max + 1, sizeof(int64_t));
		if (!clients[i].times_ns ||
		    pthread_create(
			&clients[i].thread, &small, body, &clients[i]) != 0) {
			fprintf(stderr, "load: no more memory or threads\n");
			exit(1);
		}
	}
	for (int i = 0; i < count; i++) {
		pthread_join(clients[i].thread, NULL);
		if (clients[i].began_ns < began_ns)
			began_ns = clients[i].began_ns;
		if (clients[i].ended_ns > ended_ns)
			ended_ns = clients[i].ended_ns;
	}
	return (double)(ended_ns - began_ns) / 1e9;
}
