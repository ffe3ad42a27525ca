/* SPDX-License-Identifier: MIT */
/*
 * Points in time, in microseconds of CLOCK_MONOTONIC. Everything that waits
 * takes one of these and not a duration: several steps then share one limit,
 * and being interrupted does not start it anew.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdint.h>
#include <time.h>

#define DEADLINE_NEVER INT64_MAX

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t deadline_in_ms(uint32_t ms)
{
	return deadline_now() + (int64_t)ms * 1000;
}

/* The same for a setting in which 0 stands for "no limit". */
static inline int64_t deadline_of_setting_ms(uint32_t ms)
{
	return ms ? deadline_in_ms(ms) : DEADLINE_NEVER;
}

static inline int64_t deadline_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
