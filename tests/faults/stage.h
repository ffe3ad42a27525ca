/* SPDX-License-Identifier: MIT */
/* One run of a scenario, with at most one fault. */
#ifndef FAULTS_STAGE_H
#define FAULTS_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"
#include "scenario.h"
#include "tracer.h"

#define CLIENTS_MAX 2
#define TARGETS_MAX 4
#define SAID_BYTES  65536
#define LIMIT_MS    10000

struct stage {
	const struct scenario *scenario;
	const char *program;
	struct tracer tracer;
	struct peer clients[CLIENTS_MAX], targets[TARGETS_MAX];
	int client_ports[CLIENTS_MAX];
	/* The first target that may be of this client; and how many there are.
	 */
	int first_target[CLIENTS_MAX + 1];
	int clients_count, targets_count;
	char said[SAID_BYTES]; /* on standard error */
	size_t said_length;
	bool is_hung;

	int signals;     /* a signalfd of SIGCHLD */
	int said_fd;     /* the pipe from standard error */
	int kept;        /* another descriptor of the connection, or -1 */
	int target_fd;   /* the target's listening socket */
	int refusing_fd; /* bound, and does not listen */
	int own_fd; /* the same: it keeps a port for byte-proxy to listen on */
	bool was_told; /* to end */
};

/* Once, before all runs. */
void stage_init(
    struct stage *stage, const struct scenario *scenario, const char *program);

/* Runs it until all have ended, or for LIMIT_MS. */
void stage_run(struct stage *stage, const struct fault *fault);

#endif
