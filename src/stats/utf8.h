/* SPDX-License-Identifier: MIT */
/* Text from strangers (RFC 3629). */
#ifndef STATS_UTF8_H
#define STATS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "../text.h"

/*
 * Adds the bytes as valid UTF-8 that is harmless to a terminal: '?' stands for
 * what is no UTF-8, for control characters (C0, DEL, C1) and for those that
 * change the direction of writing. Cuts at a character when the text is full.
 */
void utf8_add_harmless(struct text *text, const char *bytes, size_t length);

/*
 * Adds valid UTF-8 of at most `columns` columns, in the current locale, and
 * marks where it was cut off.
 */
void utf8_add_cut(
    struct text *text, const char *string, unsigned columns, bool utf8);

/* The columns that valid UTF-8 takes on a terminal. */
unsigned utf8_width(const char *string);

#endif
