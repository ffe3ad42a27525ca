/* SPDX-License-Identifier: MIT */
/* How many processes are forked ahead, by the rate of connections. */
#ifndef LISTEN_SPARES_H
#define LISTEN_SPARES_H

#include <stdint.h>

#include "children.h"

/*
 * Between two looks at the reports, when there is something to do. With 8 ms
 * there were 5 to 10 % more connections per second than with 2 ms, and more
 * than with 20 ms.
 */
#define SPARES_LOOK_US 8000

struct spares {
	int sockets;
	int last;          /* the socket that was forked for last */
	int64_t shrink_us; /* when there may be fewer (deadline.h) */
	unsigned wanted[INHERITED_LISTENERS_MAX]; /* for each socket */
};

void spares_init(struct spares *ret_spares, int sockets);

/*
 * Adapts to the connections since the last look: more at once, fewer within
 * seconds; those that are too many are told to end.
 */
void spares_adapt(struct spares *spares, struct children *children);

/* Where no process is left: those that are not needed make room for others. */
void spares_give_back(struct spares *spares, struct children *children);

/*
 * A socket that has too few spares: one without any first, in turn, then the
 * most wanted; -1: none.
 */
int spares_missing(
    const struct spares *spares, const struct children *children);

/* Whether a socket has no spare at all. */
bool spares_are_out(
    const struct spares *spares, const struct children *children);

#endif
