/* SPDX-License-Identifier: MIT */
/*
 * The processes that a listener has forked. Each begins as a spare, which
 * waits in accept(); with its first and only connection it is a handler, and
 * reports that through a pipe.
 */
#ifndef LISTEN_CHILDREN_H
#define LISTEN_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../connection/inherited.h"
#include "sources.h"

#define CHILDREN_MAX 65535

struct child {
	pid_t pid;
	uint32_t serial; /* counts all that were ever forked */
	uint16_t socket; /* the listening one that it was forked for */
	bool spare;
	bool counts;     /* its connection in the table of sources */
	uint64_t source; /* of its connection; SOURCE_NONE: it is not counted */
};

/*
 * What a spare writes into the pipe: at once, so it arrives whole. One that has
 * to wait for its source reports its connection before, and again if that is
 * counted in the end.
 */
struct report {
	uint32_t serial;
	int32_t error;   /* errno of its accept(); 0: it has a connection */
	uint64_t source; /* of that; SOURCE_NONE: it has none, or is refused */
};

struct children {
	unsigned count;    /* of list */
	unsigned longest;  /* that it was since memory of it was given back */
	unsigned handlers; /* those of them that have a connection */
	uint32_t forked;   /* so many so far: the serial of the next one */
	uint64_t served;   /* handlers that ended with status 0 */
	uint64_t refused;  /* with another: no target, no resources */
	int error;         /* of a spare's accept(), not looked at yet; 0 */
	bool spare_died;   /* of a signal, likewise */
	uint64_t accepted; /* connections so far */
	struct sources sources;
	int reports_in, reports_out; /* the pipe */
	/* For each listening socket: its spares; connections since a look;
	   those to come that may be from before it had its options. */
	unsigned spares[INHERITED_LISTENERS_MAX];
	unsigned taken[INHERITED_LISTENERS_MAX];
	unsigned untuned[INHERITED_LISTENERS_MAX];
	struct child *list;
};

/*
 * Makes the pipe, and room for CHILDREN_MAX in memory that a fork leaves out:
 * nothing of it is copied for a child, and no handler knows of others.
 * Returns 0 or a negative errno.
 */
int children_init(struct children *ret_children);

/*
 * A spare for the socket, which counts its connection in the table of sources
 * or does not; `count` has to be below CHILDREN_MAX.
 */
void children_add(
    struct children *children, pid_t pid, unsigned socket, bool counts);

/*
 * Counts the sources of all handlers anew, and from then on they are counted;
 * or leaves it for a later time when a spare has the lock. Returns 0, or a
 * negative errno when there is no memory for the table.
 */
int children_count_sources(struct children *children);

/* Takes what was reported so far. */
void children_take_reports(struct children *children);

/*
 * Takes the reports and reaps all that have ended; one that died of a signal
 * is logged.
 */
void children_reap(struct children *children);

void children_signal(const struct children *children, int signal);

/*
 * Tells spares to accept no more: those that were forked before the one of that
 * serial; or at most `count` of a socket's.
 */
void children_retire_before(const struct children *children, uint32_t serial);
void children_retire_some(
    const struct children *children, unsigned socket, unsigned count);

/* Whether a spare that was forked before the one of that serial is left. */
bool children_has_spares(const struct children *children, uint32_t serial);

#endif
