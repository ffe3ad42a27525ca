/* SPDX-License-Identifier: MIT */
/* The handlers that a listener has forked. */
#ifndef LISTEN_CHILDREN_H
#define LISTEN_CHILDREN_H

#include <stdint.h>
#include <sys/types.h>

#define CHILDREN_MAX 65535

struct children {
	unsigned count;
	uint64_t served;  /* ended with status 0 */
	uint64_t refused; /* ended with another: no target, no resources */
	pid_t pids[CHILDREN_MAX];
};

/* `count` has to be below CHILDREN_MAX. */
void children_add(struct children *children, pid_t pid);

/* Reaps all that have ended; one that died of a signal is logged. */
void children_reap(struct children *children);

void children_signal(const struct children *children, int signal);

#endif
