/* SPDX-License-Identifier: MIT */
/*
 * What has to hold of every connection, whatever its ends do. rules.c looks at
 * each call, at each time that the relay goes to sleep, and at what it leaves.
 */
#ifndef SIM_RULES_H
#define SIM_RULES_H

#include "../../src/record/record.h"
#include "kernel.h"

/* Says what is broken, by which script, and ends the process. */
__attribute__((noreturn, format(printf, 3, 4))) void rules_broken(
    const char *file, int line, const char *format, ...);

#define MUST(holds, ...)                                               \
	do {                                                           \
		if (!(holds))                                          \
			rules_broken(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* As relay.c has it. */
#define RESET_GRACE_US 500000

/* What they have seen of the connection. */
extern struct rules_seen {
	unsigned calls;      /* since the relay slept, or woke, last */
	unsigned idle_wakes; /* in a row, of which nothing came */
	uint64_t progress;   /* of the kernel, at the last wake */
	unsigned sleeps;
	int64_t moved_us;  /* when something moved last */
	int64_t half_us;   /* when one direction was done; 0: not one */
	int64_t signal_us; /* when the first SIGTERM was told */
	unsigned wakes;
	unsigned told_wake;   /* in which an end's error was told first; 0 */
	int failed;           /* errno of what has to end it, at first; 0 */
	bool failed_to_end;   /* that was a shutdown() */
	unsigned failed_wake; /* and when */
	int64_t failed_us;
	unsigned failures; /* of any kind, as bits of enum sim_failing */
} rules_seen;

void rules_init(void);

/* A call begins. */
void rules_call(void);

/* Something was read, or delivered. */
void rules_moved(void);

/* The relay gives these bytes to an end, the last of them as urgent or not. */
void rules_bytes(
    enum sim_end to, const char *bytes, size_t count, bool is_urgent);

/* It gives it a piece of a stream, from that position on. */
void rules_piece(
    enum sim_end to, enum sim_end stream, uint64_t at, size_t count);

/* It tells this end that there is no more. */
void rules_shut(enum sim_end end);

/* The peer of this one resets. */
void rules_reset(struct sim_socket *socket);

/* An end's error is told. */
void rules_told(void);

/* A call fails. */
void rules_failed(enum sim_failing what, int error);

/* Something else than the relay did something: it may wake for nothing. */
void rules_disturbed(void);

/* A wait ends by a signal. */
void rules_signal(void);

/* A wait finds something ready. */
void rules_awake(void);

/*
 * A wait finds nothing; `relays` while there is something to relay, not in
 * the waits for what was sent to get out.
 */
void rules_asleep(bool relays);

/* left.c: the relay is over, and has left this. */
void rules_over(const struct record *record);

/* Whether all that the other end sent, and its end, has been passed on. */
bool rules_is_complete(enum sim_end end);

/* A reset that has to be passed on: not if nothing is to come from that end. */
bool rules_has_reset(const struct sim_socket *socket);

/* What the rules know beside the kernel, where what comes depends on it. */
uint64_t rules_hash(uint64_t hash);

#endif
