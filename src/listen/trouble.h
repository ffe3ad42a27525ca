/* SPDX-License-Identifier: MIT */
/* Errors of the listener's that pass. */
#ifndef LISTEN_TROUBLE_H
#define LISTEN_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

/* So long nothing is tried again, in which what is short may become free. */
#define TROUBLE_PAUSE_MS 50

struct trouble {
	unsigned count;    /* since the last line about them */
	int64_t next_us;   /* when the next line may come */
	int64_t paused_us; /* nothing is tried before (deadline.h); 0: now */
};

/*
 * Counts the error, says it at most once a second with the count so far, and
 * sets the pause.
 */
void trouble_note(struct trouble *trouble, const char *what, int error);

/* Sets the pause alone. */
void trouble_pause(struct trouble *trouble);

/*
 * Whether an error of accept(2) is that of one connection, so that the next
 * one may be fine: "Linux accept() passes already-pending network errors on
 * the new socket as an error code".
 */
bool trouble_is_of_one_connection(int error);

/* Whether it says that there is nothing to accept from any more. */
bool trouble_is_for_good(int error);

/* Whether the pause is over. */
bool trouble_is_over(const struct trouble *trouble);

#endif
