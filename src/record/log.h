/* SPDX-License-Identifier: MIT */
/*
 * Where messages go: to standard error as logfmt lines, to the journal in its
 * native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), or to syslog
 * (RFC 3164, without the timestamp, which every receiver adds).
 *
 * A message is a constant text and fields. Nothing is ever written to a
 * standard error that is the client: see log_allow_stderr().
 */
#ifndef RECORD_LOG_H
#define RECORD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h> /* the levels: LOG_ERR, LOG_WARNING, LOG_INFO ... */

#include "../config/options.h"

struct log_field {
	const char *key; /* lower case; the journal's has BYTE_PROXY_ before */
	const char *value; /* NULL: this field is left out */
};

/*
 * Tells whether standard error may be written to. With `usable` false it never
 * is, whatever log_choose() says. Until this is called, it is not.
 */
void log_allow_stderr(bool usable);

/*
 * Chooses the destination, now or anew. LOG_TO_AUTO is the journal when
 * $JOURNAL_STREAM (systemd.exec(5)) says that standard error is connected to
 * it, else standard error, else syslog. Until it is called, all is dropped.
 */
void log_choose(enum log_to to, bool debug);

/*
 * Connects to the journal or syslog for good, where that is the destination: a
 * process that confines itself after this needs neither a new descriptor nor a
 * path for its messages. Should whoever receives them close the socket (systemd
 * keeps it for the journal and syslog, whatever is restarted), they are lost;
 * so they are if nobody receives them now.
 */
void log_prepare(void);

/*
 * Writes a message; message_id may be NULL, and is for the journal only. Where
 * the queue of the journal or of syslog is full it waits for room, for some
 * seconds at most, or else is dropped.
 */
void log_fields(int level, const char *message_id, bool waits,
    const char *message, const struct log_field *fields, size_t count);

/* The same for a few fields, given as key, value, ... and a NULL. */
void log_say(int level, const char *message, ...) __attribute__((sentinel));

/* Of a program that cannot start: one plain line, to whoever called it. */
void log_refusal(const char *why);

extern bool log_debugging;

#define log_debug(...)                                   \
	do {                                             \
		if (log_debugging)                       \
			log_say(LOG_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
