/* SPDX-License-Identifier: MIT */
/* The tally for programs (RFC 8259). */
#ifndef STATS_JSON_H
#define STATS_JSON_H

#include <stdio.h>

#include "tally.h"

/*
 * Prints the tally, which has to be sorted, as one object in one line. Counts
 * are of connections and bytes, times in microseconds; "since_us" and
 * "until_us" are those of the first and the last record, of the epoch.
 */
void json_print(FILE *out, const struct tally *tally);

#endif
