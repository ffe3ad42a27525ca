/* SPDX-License-Identifier: MIT */
/* What is said about a connection: one record, at its end. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdint.h>

#include "../address.h"
#include "result.h"

struct record {
	enum result result;
	const char *client;     /* an address, or what else is known; NULL */
	const char *peer;       /* who named the client; NULL: itself */
	int byte;               /* -1: none came */
	const char *target;     /* as configured; NULL: none was chosen */
	struct address address; /* connected to; length 0: none */
	uint64_t bytes_up;      /* delivered to the target */
	uint64_t bytes_down;    /* delivered to the client */
	int64_t start_us;       /* when serving began (deadline.h) */
	int64_t connect_us;     /* a duration; -1: not connected */
	const char *error;      /* what failed, in words; NULL */
};

/* Shows in the process's title (title_set_last()) whose connection it is. */
void record_show(const struct record *record);

/* Writes the record to the log, with the duration up to now. */
void record_write(const struct record *record);

#endif
