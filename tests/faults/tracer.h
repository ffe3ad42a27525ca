/* SPDX-License-Identifier: MIT */
/*
 * A program and its children, whose system calls are seen one by one, and one
 * of which is made to fail. From byte-proxy's own first call on: what the C
 * library does before main() is not byte-proxy's.
 */
#ifndef FAULTS_TRACER_H
#define FAULTS_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESSES_MAX 24
#define NUMBERS_MAX   512
#define SEEN_MAX      4096

/* The n-th call of this number of a process, which counts from the first, 0. */
struct place {
	int process;
	long number;
	unsigned n; /* from 1 on */
};

struct fault {
	struct place place; /* n == 0: none */
	int kind;           /* an errno, or FAULT_SHORT */
};

struct seen {
	struct place place;
	uint64_t arguments[6];
};

struct process {
	pid_t pid;
	bool is_alive;
	bool fails; /* when the call that it is in returns */
	unsigned counts[NUMBERS_MAX];
};

struct tracer {
	struct fault fault;
	bool begun;      /* byte-proxy's first call has come */
	bool came;       /* the fault did */
	uint64_t failed; /* its first argument */
	int status;      /* of the first process, as of waitpid(2) */
	unsigned processes;
	struct process process[PROCESSES_MAX];
	unsigned seen_count;
	struct seen seen[SEEN_MAX];
};

/*
 * Starts the program with `fds` as its descriptors 0 to 2, and no others.
 * SIGCHLD, which is to be blocked, tells when tracer_step() has something to
 * do.
 */
void tracer_start(struct tracer *tracer, const struct fault *fault,
    char *const argv[], const int fds[3]);
void tracer_step(struct tracer *tracer);
bool tracer_is_over(const struct tracer *tracer);

/* Kills what is left. */
void tracer_end(struct tracer *tracer);

#endif
