/* SPDX-License-Identifier: MIT */
/*
 * stream: bulk through what is measured; answer.c is at the other end.
 *
 *	stream [byte] up|down PORT STREAMS BLOCK_LOG SECONDS
 *
 * With "byte" each connection begins with 0x01. Blocks of 2 to the power of
 * BLOCK_LOG bytes go from the clients to the target, or the other way, until
 * the time is over and all that was sent has arrived. Prints a line for each
 * result: its name and a number.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define REQUESTED 3 /* blocks ahead, so that the source never waits */

static bool send_block(int fd, const char *buffer, size_t block)
{
	for (size_t n; block; block -= n) {
		n = block < BUFFER_BYTES ? block : BUFFER_BYTES;
		if (!send_all(fd, buffer, n))
			return false;
	}
	return true;
}

/* Sends blocks until the time is over, and waits until all have arrived. */
static bool stream_up(struct client *client, int fd, char *buffer)
{
	const size_t block = (size_t)1 << client->job->block_log;
	int64_t end_ns = client->began_ns + client->job->limit_ns;
	long sent = 0;

	for (; now_ns() < end_ns; sent++)
		if (!send_block(fd, buffer, block))
			return false;
	for (; sent; sent--) {
		if (!receive_all(fd, buffer, 1))
			return false;
		client->bytes += (int64_t)block;
	}
	return true;
}

/* Asks for blocks until the time is over, and takes all that were asked for. */
static bool stream_down(struct client *client, int fd, char *buffer)
{
	const size_t block = (size_t)1 << client->job->block_log;
	int64_t end_ns = client->began_ns + client->job->limit_ns;
	int requested = REQUESTED;

	if (!send_all(fd, "...", REQUESTED))
		return false;
	for (; requested; requested--) {
		for (size_t left = block; left;) {
			size_t most = left < BUFFER_BYTES ? left : BUFFER_BYTES;
			ssize_t n = recv(fd, buffer, most, 0);

			if (n <= 0)
				return false;
			left -= (size_t)n;
			client->bytes += n;
		}
		if (now_ns() < end_ns) {
			if (!send_all(fd, ".", 1))
				return false;
			requested++;
		}
	}
	return true;
}

static void *run_stream(void *argument)
{
	struct client *client = argument;
	struct job *job = client->job;
	char *buffer = calloc(1, BUFFER_BYTES);
	int fd = begin(job);

	pthread_barrier_wait(&job->ready);
	client->began_ns = now_ns();
	if (fd < 0 || !buffer)
		client->failures = 1;
	else if (job->mode == 'u')
		client->failures = !stream_up(client, fd, buffer);
	else
		client->failures = !stream_down(client, fd, buffer);
	client->ended_ns = now_ns();
	close(fd);
	free(buffer);
	return NULL;
}

static void print_streams(int count, double seconds)
{
	long failures = 0;
	int64_t bytes = 0;

	for (int i = 0; i < count; i++) {
		bytes += clients[i].bytes;
		failures += clients[i].failures;
	}
	printf("gb %.4f\ngb_s %.4f\nfailures %ld\n", (double)bytes / 1e9,
	    (double)bytes / 1e9 / seconds, failures);
}

int main(int argc, char *argv[])
{
	struct job job = {0};
	int count;

	if (argc > 1 && strcmp(argv[1], "byte") == 0) {
		job.byte = true;
		argc--;
		argv++;
	}
	count = argc == 6 ? atoi(argv[3]) : 0;
	if (count < 1 || count > CLIENTS_MAX ||
	    (strcmp(argv[1], "up") != 0 && strcmp(argv[1], "down") != 0)) {
		fprintf(stderr, "stream: see its source\n");
		return 64;
	}
	job.mode = argv[1][0];
	job.port = atoi(argv[2]);
	job.block_log = atoi(argv[4]);
	job.limit_ns = (int64_t)(strtod(argv[5], NULL) * 1e9);
	print_streams(count, run_clients(&job, count, run_stream));
	return 0;
}
