/* SPDX-License-Identifier: MIT */
/*
 * What load.c, stream.c and answer.c share: whole buffers, the clock, and
 * clients in threads, which all begin at once.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_BYTES 16 /* of each connection, see answer.c */
#define BUFFER_BYTES 131072
#define STEP_LIMIT_S 10 /* for what a connection waits for */
#define CLIENTS_MAX  1024

struct job {
	bool byte;
	int port;
	char mode;
	int block_log;
	long max;
	int64_t limit_ns;
	pthread_barrier_t ready;
};

struct client {
	struct job *job;
	pthread_t thread;
	int64_t *times_ns;
	long done, failures;
	int64_t bytes;
	int64_t began_ns, ended_ns;
};

extern struct client clients[CLIENTS_MAX];

int64_t now_ns(void);

/* False when the connection ends, breaks or is silent for too long. */
bool send_all(int fd, const char *bytes, size_t size);
bool receive_all(int fd, char *buffer, size_t size);

/* A connection that has sent its first bytes, or -1. */
int begin(const struct job *job);

/* Runs the body in this many threads; how long that took, in seconds. */
double run_clients(struct job *job, int count, void *(*body)(void *));

#endif
