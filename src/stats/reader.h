/* SPDX-License-Identifier: MIT */
/* byte-proxy's records, read back from the journal (sd-journal(3)). */
#ifndef STATS_READER_H
#define STATS_READER_H

#include <stdint.h>

#define READER_NO_LIMIT UINT64_MAX

/* Where to read from, and which part. Neither of two: the local journal. */
struct reader_source {
	const char *directory; /* of journal files; or */
	const char **files;    /* some files, ended by a NULL */
	uint64_t since_us;     /* CLOCK_REALTIME; 0: from the beginning */
	uint64_t until_us;     /* the first left out; READER_NO_LIMIT: none */
};

/* One record, of one connection. Texts are "" where the record has no such
 * field. */
struct connection {
	uint64_t time_us;    /* when the journal got it, CLOCK_REALTIME */
	char result[32];     /* see record/result.h */
	char client[160];    /* an address, or what else is known */
	char target[512];    /* as configured */
	char error[256];     /* in words */
	int byte;            /* -1: none came */
	uint64_t bytes_up;   /* delivered to the target */
	uint64_t bytes_down; /* delivered to the client */
	int64_t connect_us;  /* -1: not connected */
	int64_t duration_us; /* -1: unknown */
};

struct reader;

/*
 * Opens the journal. Returns 0 or a negative errno; the reader is the
 * caller's, to be closed.
 */
int reader_open(const struct reader_source *source, struct reader **ret_reader);
void reader_close(struct reader *reader);

/*
 * Reads the next record. Returns 1, 0 when there is none for now, or a
 * negative errno. What in the journal is no record of a connection is passed
 * over, and texts are made harmless (utf8.h): anybody on this machine may write
 * there. What is damaged is passed over and counted.
 */
int reader_next(struct reader *reader, struct connection *ret_connection);

/* How many records could not be read so far. */
uint64_t reader_damaged(const struct reader *reader);

/*
 * Waits until something was added to the journal, at most timeout_us. Returns
 * 0 or a negative errno.
 */
int reader_wait(struct reader *reader, uint64_t timeout_us);

#endif
