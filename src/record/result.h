/* SPDX-License-Identifier: MIT */
/* The kinds of ends that a connection can have, and what they are called. */
#ifndef RECORD_RESULT_H
#define RECORD_RESULT_H

/* How a connection ended. */
enum result {
	RESULT_CLOSED,             /* both ends finished */
	RESULT_NO_BYTE,            /* the client closed without a byte */
	RESULT_FIRST_BYTE_TIMEOUT, /* the client stayed silent */
	RESULT_BAD_PROXY_HEADER,   /* none, or none that is right */
	RESULT_NO_ROUTE,           /* a byte that no route has */
	RESULT_SOURCE_LIMIT,       /* its source has too many already */
	RESULT_CONNECT_FAILED,     /* no address of the target took it */
	RESULT_CONNECT_TIMEOUT,    /* none did in time */
	RESULT_CLIENT_RESET,       /* the client reset it, or vanished */
	RESULT_TARGET_RESET,       /* the target did */
	RESULT_IDLE_TIMEOUT,       /* nothing moved for too long */
	RESULT_HALF_CLOSED,        /* the same, after one end had finished */
	RESULT_DRAINED,            /* cut off at the end of a drain */
	RESULT_TERMINATED,         /* ended at once by a signal */
	RESULT_SYSTEM_ERROR,       /* this machine refused something */
	RESULTS_COUNT
};

/*
 * The name in records; the journal's id, which never changes and by which the
 * catalog explains it (systemd.journal-fields(7), MESSAGE_ID=); the level.
 */
struct result_kind {
	char name[24];
	char message_id[33];
	int level; /* LOG_INFO ... (syslog(3)) */
};

extern const struct result_kind result_kinds[RESULTS_COUNT];

#endif
