/* SPDX-License-Identifier: MIT */
/*
 * load: the clients of what is measured; answer.c is at the other end.
 *
 *	load port                          a port that is free now
 *	load [byte] probe PORT             wait until a connection is served
 *	load [byte] conns PORT CLIENTS MAX SECONDS
 *	load [byte] rtt PORT MAX SECONDS
 *	load [byte] idle PORT COUNT        open them; end with standard input
 *
 * With "byte" each connection begins with 0x01. A line for each result: its
 * name and a number. All of it is bounded, by a count or in time, and each
 * step of a connection by a limit of its own; what does not come, comes to an
 * end or breaks is counted in "failures".
 *
 *	conns   connections/s, one after the other in each of the clients:
 *	        connect, 16 bytes there and back, close. Times are from
 *	        connect() to the first byte that comes back
 *	rtt     64 bytes there and back on one connection
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define PING_BYTES 64

/* One short connection; the time to its first byte, or -1. */
static int64_t short_connection(const struct job *job)
{
	char buffer[HEADER_BYTES];
	int64_t start_ns = now_ns(), took_ns = -1;
	int fd = begin(job);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = recv(fd, buffer, sizeof(buffer), 0);
	if (n > 0) {
		took_ns = now_ns() - start_ns;
		if (!receive_all(fd, buffer, sizeof(buffer) - (size_t)n))
			took_ns = -1;
	}
	close(fd);
	return took_ns;
}

static void *run_connections(void *argument)
{
	struct client *client = argument;
	struct job *job = client->job;
	int64_t end_ns;

	pthread_barrier_wait(&job->ready);
	client->began_ns = now_ns();
	end_ns = client->began_ns + job->limit_ns;
	while (
	    client->done + client->failures < job->max && now_ns() < end_ns) {
		int64_t took_ns = short_connection(job);

		if (took_ns < 0)
			client->failures++;
		else
			client->times_ns[client->done++] = took_ns;
	}
	client->ended_ns = now_ns();
	return NULL;
}

static void *run_round_trips(void *argument)
{
	struct client *client = argument;
	const struct job *job = client->job;
	char buffer[PING_BYTES] = "";
	int fd = begin(job);
	int64_t end_ns;

	client->began_ns = now_ns();
	end_ns = client->began_ns + job->limit_ns;
	client->failures = fd < 0 || !receive_all(fd, buffer, HEADER_BYTES);
	while (!client->failures && client->done < job->max) {
		int64_t start_ns = now_ns();

		if (start_ns > end_ns)
			break;
		if (send_all(fd, buffer, sizeof(buffer)) &&
		    receive_all(fd, buffer, sizeof(buffer)))
			client->times_ns[client->done++] = now_ns() - start_ns;
		else
			client->failures = 1;
	}
	client->ended_ns = now_ns();
	close(fd);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void print_times(int count, double seconds)
{
	long done = 0, failures = 0, middle, last;
	int64_t *all;

	for (int i = 0; i < count; i++)
		done += clients[i].done;
	all = calloc((size_t)done + 1, sizeof(*all));
	if (!all)
		exit(1);
	done = 0;
	for (int i = 0; i < count; i++) {
		memcpy(all + done, clients[i].times_ns,
		    (size_t)clients[i].done * sizeof(*all));
		done += clients[i].done;
		failures += clients[i].failures;
	}
	middle = done / 2;
	last = done * 99 / 100;
	qsort(all, (size_t)done, sizeof(*all), by_size);
	printf("count %ld\nrate %.1f\np50_us %.1f\np99_us %.1f\nfailures %ld\n",
	    done, (double)done / seconds, (double)all[middle] / 1e3,
	    (double)all[last] / 1e3, failures);
	free(all);
}

static int print_free_port(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return 1;
	printf("%d\n", ntohs(address.sin_port));
	return 0;
}

static int probe(const struct job *job)
{
	int64_t end_ns = now_ns() + (int64_t)STEP_LIMIT_S * 1000000000;

	while (now_ns() < end_ns) {
		if (short_connection(job) >= 0)
			return 0;
		usleep(5000);
	}
	return 1;
}

/* They have been served once, so that all that serves them is there. */
static int hold(const struct job *job, int count)
{
	char buffer[HEADER_BYTES];
	int failures = 0;

	for (int i = 0; i < count && !failures; i++) {
		int fd = begin(job);

		failures = fd < 0 || !receive_all(fd, buffer, sizeof(buffer));
	}
	printf("failures %d\n", failures);
	fflush(stdout);
	while (read(STDIN_FILENO, buffer, sizeof(buffer)) > 0)
		;
	return 0;
}

static int64_t seconds(const char *text)
{
	return (int64_t)(strtod(text, NULL) * 1e9);
}

int main(int argc, char *argv[])
{
	struct job job = {.mode = 'e'};
	int count = 1;

	if (argc > 1 && strcmp(argv[1], "byte") == 0) {
		job.byte = true;
		argc--;
		argv++;
	}
	if (argc == 2 && strcmp(argv[1], "port") == 0)
		return print_free_port();
	if (argc > 2)
		job.port = atoi(argv[2]);
	if (argc > 3)
		count = atoi(argv[3]);
	if (argc == 3 && strcmp(argv[1], "probe") == 0)
		return probe(&job);
	if (argc == 4 && strcmp(argv[1], "idle") == 0)
		return hold(&job, count);
	if (count < 1 || (argc == 6 && count > CLIENTS_MAX))
		argc = 0;
	if (argc == 6 && strcmp(argv[1], "conns") == 0) {
		job.max = atol(argv[4]) / count;
		job.limit_ns = seconds(argv[5]);
		print_times(count, run_clients(&job, count, run_connections));
	} else if (argc == 5 && strcmp(argv[1], "rtt") == 0) {
		job.max = count;
		job.limit_ns = seconds(argv[4]);
		print_times(1, run_clients(&job, 1, run_round_trips));
	} else {
		fprintf(stderr, "load: see its source\n");
		return 64;
	}
	return 0;
}
