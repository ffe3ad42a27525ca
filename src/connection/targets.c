/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "../deadline.h"
#include "../record/log.h"
#include "targets.h"

#define RETRY_MS 100

/*
 * Each order is as likely as any other, but for the remainder of a byte, which
 * favours the first of three by 0.4 %.
 */
static void shuffle(uint8_t *order, unsigned count)
{
	uint8_t random[ROUTE_TARGETS_MAX] = {0};

	/* Without any it is an order all the same. */
	(void)!getrandom(random, sizeof(random), GRND_NONBLOCK);
	for (unsigned i = count - 1; i > 0; i--) {
		unsigned other = random[i] % (i + 1);
		uint8_t swapped = order[i];

		order[i] = order[other];
		order[other] = swapped;
	}
}

static void find_order(
    const struct dialer *dialer, const struct route *route, uint8_t *ret_order)
{
	unsigned balance =
	    route->balance ? route->balance - 1U : dialer->settings->balance;

	for (unsigned i = 0; i < route->count; i++)
		ret_order[i] = (uint8_t)i;
	if (balance == BALANCE_RANDOM && route->count > 1)
		shuffle(ret_order, route->count);
}

/* When the first of so many targets has used up its part of the time. */
static int64_t share_of(int64_t deadline, unsigned left)
{
	int64_t now;

	if (left == 1 || deadline == DEADLINE_NEVER)
		return deadline;
	now = deadline_now();
	return now + (deadline - now) / left;
}

/* Whether no other target would do better. */
static bool is_final(int r)
{
	return r == -ECANCELED || r == -ENOTCONN;
}

/* Tries each once. *ret_refused: one of them did. */
static int try_all(struct dialer *dialer, const struct route *route,
    int64_t deadline, struct dialed *dialed, const struct target **ret_target,
    bool *ret_refused)
{
	uint8_t order[ROUTE_TARGETS_MAX];
	int r = 0;

	find_order(dialer, route, order);
	*ret_refused = false;
	for (unsigned i = 0; i < route->count; i++) {
		const struct target *target = &route->targets[order[i]];

		*ret_target = target;
		r = dial(dialer, target, share_of(deadline, route->count - i),
		    dialed);
		if (r >= 0 || is_final(r))
			return r;
		log_debug("target failed", "target", target->text, "error",
		    dialed->error, NULL);
		*ret_refused |= dialed->refused;
	}
	return r;
}

int targets_dial(struct dialer *dialer, const struct route *route,
    int64_t deadline, struct dialed *ret_dialed,
    const struct target **ret_target)
{
	for (;;) {
		bool refused;
		int64_t again;
		int paused, r = try_all(dialer, route, deadline, ret_dialed,
				ret_target, &refused);

		if (r >= 0 || is_final(r) || !refused ||
		    !dialer->settings->connect_retry)
			return r;
		again = deadline_in_ms(RETRY_MS);
		/* What the last one failed of says more than the time. */
		if (again >= deadline)
			return r;
		paused = dial_pause(dialer, again);
		if (paused < 0) {
			ret_dialed->error = strerror(-paused);
			return paused;
		}
	}
}
