/* SPDX-License-Identifier: MIT */
/*
 * How many connections each source has: an IPv4 address, or the first 64 bits
 * of an IPv6 one, which are one host's or one network's.
 *
 * A table in memory that the listener shares with its spares. A spare counts
 * its connection itself, before anybody has read a byte of it, and then gives
 * up the table for good: who runs code in a handler cannot count. The listener
 * takes back what has ended. Whoever counts one more holds the lock, which is
 * the kernel's (fcntl(2), F_SETLKW, on the pipe of the reports): it is free
 * when its owner is killed. Nobody waits for it but spares.
 *
 * A spare reports what it counted before it unlocks. So who has the lock, and
 * has taken the reports, knows all that was counted, and can count it anew:
 * as is done when a spare was killed, and when the limit comes into force.
 */
#ifndef LISTEN_SOURCES_H
#define LISTEN_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "../address.h"

#define SOURCE_NONE 0 /* of a unix socket, or unknown: has no limit */

struct sources {
	_Atomic uint64_t *words; /* NULL: none are counted */
	bool stale; /* not all are counted: the listener has to do it anew */
};

/* The source of a connection from there. */
uint64_t source_of(const struct address *peer);

/* Empties the table, and maps it the first time. Returns 0 or -errno. */
int sources_clear(struct sources *sources);

/*
 * Counts one more of a source that has fewer than `most`; returns whether it
 * had. To be called with the lock. In the table is room for more sources than
 * there can be processes, in buckets by a hash that has a secret; one that
 * nonetheless finds its bucket full is not counted, and true.
 */
bool sources_take(struct sources *sources, uint64_t source, unsigned most);

/* One less; needs no lock. */
void sources_give_back(struct sources *sources, uint64_t source);

/* Unmaps the table, in a process that needs it no more. */
void sources_leave(struct sources *sources);

/*
 * Waits for the lock, or does not: then returns whether it was free. Where the
 * kernel has no memory for a lock there is none (ENOLCK): two that count at
 * once may then count as one, which lets a source have one more, and no worse.
 */
void sources_lock(int fd);
bool sources_try_lock(int fd);

/* Gives it up, also where that fails: else all spares would wait for ever. */
void sources_unlock(int fd);

#endif
