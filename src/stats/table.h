/* SPDX-License-Identifier: MIT */
/* The tally as tables for people. */
#ifndef STATS_TABLE_H
#define STATS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "tally.h"

struct table_style {
	bool utf8;   /* characters beyond ASCII may be used */
	bool colour; /* and escape sequences of a terminal */
};

/* Prints the tally, which has to be sorted. */
void table_print(
    FILE *out, const struct tally *tally, const struct table_style *style);

#endif
