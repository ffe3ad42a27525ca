/* SPDX-License-Identifier: MIT */
/*
 * A script: what the peers, the time and the kernel do to one connection, act
 * by act. Written, it is "client:send=1 target:stall time=1000@2 client:end".
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include <setjmp.h>

#include "kernel.h"

enum act_kind {
	ACT_SEND,   /* amount: bytes */
	ACT_URGENT, /* amount: 1, or 2 (kernel.h) */
	ACT_STALL,  /* read no more */
	ACT_READ,   /* again */
	ACT_DEAF,   /* close the half, or the pipe, that it reads from */
	ACT_END,    /* half-close */
	ACT_CLOSE,  /* both halves */
	ACT_RESET,
	ACT_VANISH, /* so that the kernel gives it up */
	ACT_TIME,   /* amount: milliseconds pass */
	ACT_SIGNAL, /* SIGTERM */
	ACT_EINTR,  /* the next call that moves data is interrupted */
	ACT_SHORT,  /* it moves half of what it could */
	ACT_FAIL,   /* the next that can fails; amount: errno */
	ACT_KINDS
};

/* When the relay sleeps; anything less is before that call behind the last act,
 * and 0 is together with it. "@2" is the second call; without it, it sleeps. */
#define WHEN_ASLEEP 255

#define RUN_CALLS_MAX 64U

struct act {
	uint8_t kind, end;
	uint8_t when;
	uint32_t amount;
};

struct run {
	const struct sim_setup *setup;
	const struct act *acts;
	unsigned count;
	/*
	 * Asked when all acts are done and the relay sleeps: of what is then,
	 * whether it was seen before. If so the run is over. May be NULL.
	 */
	bool (*is_known)(uint64_t state);
	bool skips; /* what cannot be done is left out, and not useless */
	bool traces;
	/*
	 * Calls from the last act until the relay slept, at most RUN_CALLS_MAX,
	 * and what they were about (kernel.h); the first was under way already.
	 */
	unsigned ret_calls;
	uint8_t ret_about[RUN_CALLS_MAX];
};

enum outcome {
	RUN_OVER,   /* the relay has ended, by the rules */
	RUN_KNOWN,  /* what came of the acts was seen before */
	RUN_USELESS /* an act could not be done, or there was no time for it */
};

/*
 * Runs the real relay by a script, and then by an end: a day of silence, then
 * data from both peers, which read on and end. Ends the process where a rule is
 * broken.
 */
enum outcome script_run(struct run *run);

/*
 * Reads a script. Returns the number of acts, at most max, or -1 for what is
 * none.
 */
int script_parse(const char *text, struct act *acts, unsigned max);

/* Gives up a run of which the kernel leaves nothing to be said. */
__attribute__((noreturn)) void script_give_up(void);

/* Writes one to standard error; and what an act is called there. */
void script_write(const struct run *run);
const char *script_act_name(const struct act *act);

/* Writes the one that runs to standard error. */
void script_print(void);

/* A call of the relay begins, about that (kernel.h): acts may be due. */
void script_before_call(unsigned about);

#endif
