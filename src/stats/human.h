/* SPDX-License-Identifier: MIT */
/* Numbers and times as people read and write them. */
#ifndef STATS_HUMAN_H
#define STATS_HUMAN_H

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"

/* "512 B", "1.2 KiB", "34 MiB": two digits or more that say something. */
void human_add_bytes(struct text *text, uint64_t bytes);

/* "431 us", "8.7 ms", "1.2 s", "2.0 min", "3.5 h"; with utf8 a real micro. */
void human_add_duration(struct text *text, uint64_t us, bool utf8);

/* "2026-11-24 10:00:03", local time. */
void human_add_time(struct text *text, uint64_t us);

/*
 * Parses a time in one of the ways that journalctl(1) takes: "2026-11-24",
 * "2026-11-24 10:00[:03]", "10:00[:03]" (of today), "today", "yesterday",
 * "now", "-90", "-5min", "5min ago" (s, min, h, d), "@SECONDS". Local time.
 * Returns microseconds of CLOCK_REALTIME in *ret_us and 0, or -EINVAL.
 */
int human_parse_time(const char *string, uint64_t now_us, uint64_t *ret_us);

#endif
