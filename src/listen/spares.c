/* SPDX-License-Identifier: MIT */
#include "spares.h"
#include "../deadline.h"

/*
 * A spare costs memory, and one too few a fork's time to a client. Twice what
 * came since the last look is there for the next one; for a surprise there are
 * always a few.
 */
#define SPARES_MIN 2
#define SPARES_MAX 128
#define SHRINK_MS  1000

void spares_init(struct spares *ret_spares, int sockets)
{
	*ret_spares =
	    (struct spares){.sockets = sockets, .shrink_us = DEADLINE_NEVER};
	for (int i = 0; i < sockets; i++)
		ret_spares->wanted[i] = SPARES_MIN;
}

static void shrink(struct spares *spares, struct children *children)
{
	spares->shrink_us = DEADLINE_NEVER;
	for (int i = 0; i < spares->sockets; i++) {
		unsigned *wanted = &spares->wanted[i];
		unsigned have = children->spares[i];

		*wanted -= (*wanted - SPARES_MIN + 1) / 2;
		if (have > *wanted)
			children_retire_some(
			    children, (unsigned)i, have - *wanted);
		if (*wanted > SPARES_MIN)
			spares->shrink_us = deadline_in_ms(SHRINK_MS);
	}
}

void spares_give_back(struct spares *spares, struct children *children)
{
	for (int i = 0; i < spares->sockets; i++) {
		unsigned have = children->spares[i];

		spares->wanted[i] = SPARES_MIN;
		if (have > SPARES_MIN)
			children_retire_some(
			    children, (unsigned)i, have - SPARES_MIN);
	}
}

void spares_adapt(struct spares *spares, struct children *children)
{
	for (int i = 0; i < spares->sockets; i++) {
		unsigned wanted = SPARES_MIN + 2 * children->taken[i];

		children->taken[i] = 0;
		if (wanted > SPARES_MAX)
			wanted = SPARES_MAX;
		if (wanted <= spares->wanted[i])
			continue;
		spares->wanted[i] = wanted;
		if (spares->shrink_us == DEADLINE_NEVER)
			spares->shrink_us = deadline_in_ms(SHRINK_MS);
	}
	if (spares->shrink_us != DEADLINE_NEVER &&
	    deadline_now() >= spares->shrink_us)
		shrink(spares, children);
}

int spares_missing(const struct spares *spares, const struct children *children)
{
	unsigned most = 0;
	int socket = -1;

	for (int n = 1; n <= spares->sockets; n++) {
		int i = (spares->last + n) % spares->sockets;

		if (!children->spares[i])
			return i;
		if (spares->wanted[i] < children->spares[i] + most + 1)
			continue;
		most = spares->wanted[i] - children->spares[i];
		socket = i;
	}
	return socket;
}

bool spares_are_out(
    const struct spares *spares, const struct children *children)
{
	for (int i = 0; i < spares->sockets; i++)
		if (!children->spares[i])
			return true;
	return false;
}
