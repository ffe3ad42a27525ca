/* SPDX-License-Identifier: MIT */
/*
 * Points in time, in microseconds of CLOCK_MONOTONIC. Everything that waits
 * takes one of these and not a duration: several steps then share one limit,
 * and being interrupted does not start it anew.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdint.h>

#include "clock.h"

#define DEADLINE_NEVER INT64_MAX

static inline int64_t deadline_now(void)
{
	const struct timespec now = clock_read(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t deadline_in_ms(uint32_t ms)
{
	return deadline_now() + (int64_t)ms * 1000;
}

/* So long after a point in time; of a setting 0 stands for "no limit". */
static inline int64_t deadline_after(int64_t start, uint32_t setting_ms)
{
	return setting_ms ? start + (int64_t)setting_ms * 1000 : DEADLINE_NEVER;
}

static inline int64_t deadline_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
