/* SPDX-License-Identifier: MIT */
#include <err.h>
#include <stdlib.h>
#include <sysexits.h>

#include "hash.h"
#include "states.h"

/* Hashes of both; 0 is none. */
static struct {
	uint64_t *at;
	size_t count, room;
	size_t distinct;
} states;

/* Where it is, or would be. */
static uint64_t *find(uint64_t state)
{
	size_t i = state & (states.room - 1);

	while (states.at[i] && states.at[i] != state)
		i = (i + 1) & (states.room - 1);
	return &states.at[i];
}

static void grow(void)
{
	uint64_t *before = states.at;
	const size_t room = states.room;

	states.room = room ? room * 2 : 1 << 16;
	states.at = calloc(states.room, sizeof(*states.at));
	if (!states.at)
		err(EX_OSERR, "calloc");
	for (size_t i = 0; i < room; i++)
		if (before[i])
			*find(before[i]) = before[i];
	free(before);
}

static uint64_t *find_with(uint64_t state, unsigned races)
{
	return find(hash_add(state, races) | 1);
}

bool states_is_known(uint64_t state, unsigned races, unsigned races_max)
{
	bool was_seen = false;

	if (states.count >= states.room / 2)
		grow();
	for (unsigned with = 0; with <= races_max; with++) {
		was_seen |= *find_with(state, with) != 0;
		if (was_seen && with <= races)
			return true;
	}
	*find_with(state, races) = hash_add(state, races) | 1;
	states.count++;
	states.distinct += !was_seen;
	return false;
}

size_t states_count(void)
{
	return states.count;
}

size_t states_distinct(void)
{
	return states.distinct;
}

void states_forget(void)
{
	free(states.at);
	states.at = NULL;
	states.count = states.room = states.distinct = 0;
}
