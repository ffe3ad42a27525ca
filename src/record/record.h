/* SPDX-License-Identifier: MIT */
/* What is said about a connection: one record, at its end. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdint.h>

#include "../address.h"

/* How a connection ended; record.c has the names, levels and message ids. */
enum result {
	RESULT_CLOSED,             /* both ends finished */
	RESULT_NO_BYTE,            /* the client closed without a byte */
	RESULT_FIRST_BYTE_TIMEOUT, /* the client stayed silent */
	RESULT_NO_ROUTE,           /* a byte that no route has */
	RESULT_CONNECT_FAILED,     /* no address of the target took it */
	RESULT_CONNECT_TIMEOUT,    /* none did in time */
	RESULT_CLIENT_RESET,       /* the client reset it, or vanished */
	RESULT_TARGET_RESET,       /* the target did */
	RESULT_IDLE_TIMEOUT,       /* nothing moved for too long */
	RESULT_DRAINED,            /* cut off at the end of a drain */
	RESULT_TERMINATED,         /* ended at once by a signal */
	RESULT_SYSTEM_ERROR,       /* this machine refused something */
	RESULTS_COUNT
};

struct record {
	enum result result;
	const char *client;     /* an address, or what else is known */
	int byte;               /* -1: none came */
	const char *target;     /* as configured; NULL: none was chosen */
	struct address address; /* connected to; length 0: none */
	uint64_t bytes_up;      /* delivered to the target */
	uint64_t bytes_down;    /* delivered to the client */
	int64_t start_us;       /* when serving began (deadline.h) */
	int64_t connect_us;     /* a duration; -1: not connected */
	const char *error;      /* what failed, in words; NULL */
};

/* Writes the record to the log, with the duration up to now. */
void record_write(const struct record *record);

#endif
