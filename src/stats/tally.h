/* SPDX-License-Identifier: MIT */
/* Records, counted and grouped. */
#ifndef STATS_TALLY_H
#define STATS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader.h"

/* Durations in microseconds, one of each connection that has one. */
struct samples {
	size_t count, room;
	uint64_t *us;
	bool sorted;
};

/* All records that have one thing in common. */
struct group {
	char *name;
	uint64_t connections, bytes_up, bytes_down;
	struct samples connect, duration;
	bool bytes[256]; /* first bytes that were seen */
};

/* Groups by name; after tally_sort() the largest first. */
struct groups {
	size_t count, room;
	struct group **list;
	void *by_name; /* tsearch(3) */
};

struct tally {
	uint64_t connections, bytes_up, bytes_down;
	uint64_t first_us, last_us; /* CLOCK_REALTIME, of the records */
	struct groups routes;       /* by target, of what was routed */
	struct groups results;
	struct groups refusals; /* what was not served, by its cause */
	struct groups clients;  /* by address, without the port */
};

/* Adds a record. Returns 0, or -ENOMEM. */
int tally_add(struct tally *tally, const struct connection *connection);

/* Sorts the groups: the most connections first, then by name. */
void tally_sort(struct tally *tally);

/* Frees what the tally holds, and empties it. */
void tally_free(struct tally *tally);

/*
 * The percentile by nearest rank: the smallest sample that at least `percent`
 * of the samples do not exceed. There has to be one.
 */
uint64_t samples_percentile(struct samples *samples, unsigned percent);

#endif
