/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"
#include "../deadline.h"
#include "../fd.h"
#include "../text.h"
#include "journal.h"
#include "log.h"

/*
 * Under PIPE_BUF, so that lines never mix; over what any line needs; and small,
 * since it is on the stack.
 */
#define LINE_BYTES    1280
#define REFUSAL_BYTES 2048
#define SYSLOG_SOCKET "/dev/log"
#define FIELDS_MAX    16

/* For a record, where the queue of who receives it is full. */
#define RECORD_WAIT_MS 5000

bool log_debugging;
static bool stderr_usable;
static int prepared = -1; /* log_prepare()'s socket */

static enum {
	DROP,
	STDERR,
	SYSLOG,
	JOURNAL
} destination;

void log_allow_stderr(bool usable)
{
	stderr_usable = usable;
}

void log_choose(enum log_to to, bool debug)
{
	log_debugging = debug;
	if (to == LOG_TO_AUTO && stderr_usable &&
	    journal_is_behind(STDERR_FILENO))
		to = LOG_TO_JOURNAL;
	if (to == LOG_TO_JOURNAL)
		destination = JOURNAL;
	else if (to == LOG_TO_SYSLOG || !stderr_usable)
		destination = SYSLOG;
	else
		destination = STDERR;
}

void log_prepare(void)
{
	if (destination != SYSLOG && destination != JOURNAL)
		return;
	prepared = journal_connect(
	    destination == JOURNAL ? JOURNAL_SOCKET : SYSLOG_SOCKET);
	if (prepared < 0)
		destination = DROP;
}

/*
 * When many connections end at once the queue of who receives their records is
 * full for a while. Nobody waits for a process that has served; other messages
 * may be a listener's, and are not worth that.
 */
static void send_when_there_is_room(int fd, const struct text *message)
{
	struct pollfd queue = {.fd = fd, .events = POLLOUT};
	const int64_t deadline = deadline_in_ms(RECORD_WAIT_MS);
	int64_t left;

	do {
		left = deadline - deadline_now();
		if (left <= 0 || poll(&queue, 1, (int)(left / 1000) + 1) <= 0)
			return;
	} while (send(fd, message->start, message->length,
		     MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		 errno == EAGAIN);
}

static void send_away(const char *path, const struct text *message, bool waits)
{
	int own CLEANUP_FD = -1;
	int r = 0;

	if (prepared < 0)
		r = journal_send(path, message->start, message->length);
	else if (send(prepared, message->start, message->length,
		     MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r != -EAGAIN || !waits)
		return;
	if (prepared < 0 && (own = journal_connect(path)) < 0)
		return;
	send_when_there_is_room(prepared < 0 ? own : prepared, message);
}

/* logfmt: a value is quoted when it is empty or has a blank, '"' or '='. */
static void add_value(struct text *line, const char *value)
{
	if (*value && !strpbrk(value, " \"=\\")) {
		text_add_printable(line, value);
		return;
	}
	text_add_char(line, '"');
	for (; *value; value++) {
		char c[2] = {*value, '\0'};

		if (*c == '"' || *c == '\\')
			text_add_char(line, '\\');
		text_add_printable(line, c);
	}
	text_add_char(line, '"');
}

/*
 * The time of day in UTC as RFC 3339 writes it. The C library's functions
 * would read the time zone's file, to which a confined process has no access.
 * Days are counted from 0000-03-01, so that a leap day ends a year.
 */
static void add_time(struct text *line)
{
	const struct timespec now = clock_read(CLOCK_REALTIME);
	unsigned days, era, day, year, month, seconds;

	seconds = (unsigned)(now.tv_sec % 86400);
	days = (unsigned)(now.tv_sec / 86400) + 719468;
	era = days / 146097;
	day = days % 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += era * 400 + (month >= 10);
	month = month >= 10 ? month - 9 : month + 3;

	text_add_padded(line, year, 4);
	text_add_char(line, '-');
	text_add_padded(line, month, 2);
	text_add_char(line, '-');
	text_add_padded(line, day + 1, 2);
	text_add_char(line, 'T');
	text_add_padded(line, seconds / 3600, 2);
	text_add_char(line, ':');
	text_add_padded(line, seconds / 60 % 60, 2);
	text_add_char(line, ':');
	text_add_padded(line, seconds % 60, 2);
	text_add_char(line, '.');
	text_add_padded(line, (uint64_t)now.tv_nsec / 1000000, 3);
	text_add_char(line, 'Z');
}

static const char *level_name(int level)
{
	static const char names[][8] = {[LOG_ERR] = "error",
	    [LOG_WARNING] = "warning",
	    [LOG_NOTICE] = "notice",
	    [LOG_INFO] = "info",
	    [LOG_DEBUG] = "debug"};

	return names[level];
}

/* " result=closed client=..." */
static void add_fields(
    struct text *line, const struct log_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].value)
			continue;
		text_add_all(line, " ", fields[i].key, "=", NULL);
		add_value(line, fields[i].value);
	}
}

static void write_line(struct text *line)
{
	size_t at = 0;

	/* A line that was cut off still ends. */
	if (line->length == line->size - 1)
		line->length--;
	text_add_char(line, '\n');
	while (at < line->length) {
		ssize_t n =
		    write(STDERR_FILENO, line->start + at, line->length - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return; /* there is nobody left to tell */
	}
}

static void write_stderr(int level, const char *message,
    const struct log_field *fields, size_t count)
{
	TEXT(line, LINE_BYTES);

	text_add(&line, "time=");
	add_time(&line);
	text_add_all(&line, " level=", level_name(level), " pid=", NULL);
	text_add_number(&line, (uint64_t)getpid());
	text_add(&line, " msg=");
	add_value(&line, message);
	add_fields(&line, fields, count);
	write_line(&line);
}

static void write_syslog(int level, bool waits, const char *message,
    const struct log_field *fields, size_t count)
{
	TEXT(line, LINE_BYTES);

	text_add_char(&line, '<');
	text_add_number(&line, (unsigned)(LOG_DAEMON | level));
	text_add(&line, ">byte-proxy[");
	text_add_number(&line, (uint64_t)getpid());
	text_add(&line, "]: ");
	text_add_printable(&line, message);
	add_fields(&line, fields, count);
	send_away(SYSLOG_SOCKET, &line, waits);
}

static void write_journal(int level, const char *message_id, bool waits,
    const char *message, const struct log_field *fields, size_t count)
{
	TEXT(body, LINE_BYTES);
	TEXT(entry, 2 * LINE_BYTES);

	text_add_printable(&body, message);
	add_fields(&body, fields, count);
	journal_add(&entry, "", "message", body.start);
	journal_add(&entry, "", "syslog_identifier", "byte-proxy");
	if (message_id)
		journal_add(&entry, "", "message_id", message_id);
	text_add(&entry, "PRIORITY=");
	text_add_number(&entry, (uint64_t)level);
	text_add_char(&entry, '\n');
	for (size_t i = 0; i < count; i++)
		if (fields[i].value)
			journal_add(&entry, OPTION_VARIABLE_PREFIX,
			    fields[i].key, fields[i].value);
	send_away(JOURNAL_SOCKET, &entry, waits);
}

void log_fields(int level, const char *message_id, bool waits,
    const char *message, const struct log_field *fields, size_t count)
{
	if (destination == STDERR)
		write_stderr(level, message, fields, count);
	else if (destination == SYSLOG)
		write_syslog(level, waits, message, fields, count);
	else if (destination == JOURNAL)
		write_journal(level, message_id, waits, message, fields, count);
}

void log_say(int level, const char *message, ...)
{
	struct log_field fields[FIELDS_MAX];
	const char *key;
	size_t count = 0;
	va_list rest;

	va_start(rest, message);
	while (count < FIELDS_MAX && (key = va_arg(rest, const char *))) {
		fields[count].key = key;
		fields[count++].value = va_arg(rest, const char *);
	}
	va_end(rest);
	log_fields(level, NULL, false, message, fields, count);
}

void log_refusal(const char *why)
{
	TEXT(line, REFUSAL_BYTES);

	if (destination != STDERR) {
		log_fields(LOG_ERR, NULL, false, why, NULL, 0);
		return;
	}
	text_add(&line, "byte-proxy: ");
	text_add_printable(&line, why);
	write_line(&line);
}
