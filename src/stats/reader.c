/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-journal.h>

#include "../record/result.h"
#include "../text.h"
#include "reader.h"
#include "utf8.h"

struct reader {
	sd_journal *journal;
	uint64_t until_us;
	uint64_t damaged;
};

static int open_journal(
    const struct reader_source *source, sd_journal **ret_journal)
{
	if (source->directory)
		return sd_journal_open_directory(
		    ret_journal, source->directory, 0);
	if (source->files)
		return sd_journal_open_files(ret_journal, source->files, 0);
	return sd_journal_open(ret_journal, SD_JOURNAL_LOCAL_ONLY);
}

/* Values of one field are alternatives (sd_journal_add_match(3)). */
static int match_records(sd_journal *journal)
{
	for (unsigned i = 0; i < RESULTS_COUNT; i++) {
		TEXT(match, 64);
		int r;

		text_add_all(
		    &match, "MESSAGE_ID=", result_kinds[i].message_id, NULL);
		r = sd_journal_add_match(journal, match.start, match.length);
		if (r < 0)
			return r;
	}
	return 0;
}

int reader_open(const struct reader_source *source, struct reader **ret_reader)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->until_us = source->until_us;
	r = open_journal(source, &reader->journal);
	if (r >= 0)
		r = match_records(reader->journal);
	if (r >= 0 && source->since_us)
		r = sd_journal_seek_realtime_usec(
		    reader->journal, source->since_us);
	else if (r >= 0)
		r = sd_journal_seek_head(reader->journal);
	if (r < 0) {
		reader_close(reader);
		return r;
	}
	*ret_reader = reader;
	return 0;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	sd_journal_close(reader->journal);
	free(reader);
}

/*
 * Takes one field into a text; "" where there is none. What is damaged is
 * noted in *damaged.
 */
static void take_text(sd_journal *journal, const char *name, char *ret_value,
    size_t size, bool *damaged)
{
	struct text value = {0, size, ret_value};
	size_t prefix = strlen(name) + 1; /* with "=" */
	const void *data;
	size_t length;
	int r;

	*ret_value = '\0';
	r = sd_journal_get_data(journal, name, &data, &length);
	if (r < 0)
		*damaged |= r != -ENOENT;
	else
		utf8_add_harmless(
		    &value, (const char *)data + prefix, length - prefix);
}

/* Takes one field as a number; `otherwise` where there is none. */
static int64_t take_number(
    sd_journal *journal, const char *name, int64_t otherwise, bool *damaged)
{
	char value[32];
	uint64_t number;

	take_text(journal, name, value, sizeof(value), damaged);
	if (text_parse_number(value, INT64_MAX, &number) < 0)
		return otherwise;
	return (int64_t)number;
}

static int take_byte(sd_journal *journal, bool *damaged)
{
	char value[32], *end;
	unsigned long byte;

	take_text(journal, "BYTE_PROXY_BYTE", value, sizeof(value), damaged);
	if (strncmp(value, "0x", 2) != 0)
		return -1;
	byte = strtoul(value + 2, &end, 16);
	return *end || end == value + 2 || byte > 255 ? -1 : (int)byte;
}

/* Returns whether all of it could be read. */
static bool take_connection(sd_journal *journal, struct connection *connection)
{
	bool damaged = false;

	take_text(journal, "BYTE_PROXY_RESULT", connection->result,
	    sizeof(connection->result), &damaged);
	take_text(journal, "BYTE_PROXY_CLIENT", connection->client,
	    sizeof(connection->client), &damaged);
	take_text(journal, "BYTE_PROXY_TARGET", connection->target,
	    sizeof(connection->target), &damaged);
	take_text(journal, "BYTE_PROXY_ERROR", connection->error,
	    sizeof(connection->error), &damaged);
	connection->byte = take_byte(journal, &damaged);
	connection->bytes_up =
	    (uint64_t)take_number(journal, "BYTE_PROXY_BYTES_UP", 0, &damaged);
	connection->bytes_down = (uint64_t)take_number(
	    journal, "BYTE_PROXY_BYTES_DOWN", 0, &damaged);
	connection->connect_us =
	    take_number(journal, "BYTE_PROXY_CONNECT_US", -1, &damaged);
	connection->duration_us =
	    take_number(journal, "BYTE_PROXY_DURATION_US", -1, &damaged);
	return !damaged;
}

int reader_next(struct reader *reader, struct connection *ret_connection)
{
	for (;;) {
		int r = sd_journal_next(reader->journal);

		if (r <= 0)
			return r;
		r = sd_journal_get_realtime_usec(
		    reader->journal, &ret_connection->time_us);
		if (r < 0)
			return r;
		/* Entries of several files are not quite in order. */
		if (ret_connection->time_us >= reader->until_us)
			continue;
		if (!take_connection(reader->journal, ret_connection))
			reader->damaged++;
		else if (*ret_connection->result)
			return 1;
	}
}

uint64_t reader_damaged(const struct reader *reader)
{
	return reader->damaged;
}

int reader_wait(struct reader *reader, uint64_t timeout_us)
{
	int r = sd_journal_wait(reader->journal, timeout_us);

	return r < 0 ? r : 0;
}
