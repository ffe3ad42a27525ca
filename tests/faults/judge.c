/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "calls.h"
#include "judge.h"

#define LINE_BYTES 2048

/* Copies a field of a line; "" if it has none. */
static void field(const char *line, const char *key, char *ret, size_t size)
{
	char start[32];
	const char *at;
	size_t length;

	snprintf(start, sizeof(start), " %s=", key);
	at = strstr(line, start);
	at = at ? at + strlen(start) : "";
	length = *at == '"' ? strcspn(++at, "\"") : strcspn(at, " ");
	if (length >= size)
		length = size - 1;
	memcpy(ret, at, length);
	ret[length] = '\0';
}

/* The next line of *at, without its end; false: there is none. */
static bool next_line(const char **at, char ret_line[LINE_BYTES])
{
	size_t length = strcspn(*at, "\n");

	if (!**at)
		return false;
	snprintf(ret_line, LINE_BYTES, "%.*s", (int)length, *at);
	*at += length + ((*at)[length] == '\n');
	return true;
}

static bool is_record(const char *line)
{
	return strstr(line, " msg=connection ") != NULL;
}

/* The record of a client, by its port where there may be several. */
static int find_records(
    const struct stage *stage, int client, char ret_record[LINE_BYTES])
{
	const char *at = stage->said;
	char line[LINE_BYTES], name[64], wanted[64];
	int count = 0;

	snprintf(wanted, sizeof(wanted), "127.0.0.1:%d",
	    stage->client_ports[client]);
	while (next_line(&at, line)) {
		field(line, "client", name, sizeof(name));
		if (!is_record(line) || (stage->scenario->way == WAY_LISTEN &&
					    strcmp(name, wanted) != 0))
			continue;
		strcpy(ret_record, line);
		count++;
	}
	return count;
}

/* "byte-proxy: why", or a message of the listener's that something failed. */
static int find_refusals(
    const struct stage *stage, char *ret_error, size_t size)
{
	const char *at = stage->said;
	char line[LINE_BYTES];
	int count = 0;

	while (next_line(&at, line)) {
		if (strncmp(line, "byte-proxy: ", 12) == 0)
			snprintf(
			    ret_error, size, "%.*s", (int)size - 1, line + 12);
		else if (!is_record(line) && strstr(line, " error="))
			field(line, "error", ret_error, size);
		else
			continue;
		count++;
	}
	return count;
}

static int status_of(const char *result)
{
	if (strcmp(result, "connect-failed") == 0 ||
	    strcmp(result, "connect-timeout") == 0)
		return EX_UNAVAILABLE;
	return strcmp(result, "system-error") == 0 ? EX_OSERR : EX_OK;
}

/* Results that say all by themselves. */
static bool needs_no_error(const char *result)
{
	static const char names[][20] = {"closed", "no-byte",
	    "first-byte-timeout", "no-route", "idle-timeout", "drained",
	    "terminated", "half-closed-timeout", "source-limit"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], result) == 0)
			return true;
	return false;
}

/*
 * Whether it was the write of what is to be said that failed; or the question
 * whether standard error is the client: unless that is known not to be so,
 * what is said goes to syslog.
 */
static bool is_mute(const struct tracer *tracer)
{
	const long number = tracer->fault.place.number;

	if (!tracer->came || tracer->failed != STDERR_FILENO)
		return false;
	return number == SYS_fstat || number == SYS_newfstatat ||
	       (number == SYS_write && tracer->fault.kind != EINTR &&
		   tracer->fault.kind != FAULT_SHORT);
}

static const struct peer *target_of(const struct stage *stage, int client)
{
	int first = stage->first_target[client];

	return first < stage->first_target[client + 1] ? &stage->targets[first]
						       : NULL;
}

/* A connection that was made and given up before a byte went there. */
static bool is_before_relay(const char *result)
{
	return strcmp(result, "system-error") == 0 ||
	       strcmp(result, "connect-failed") == 0 ||
	       strcmp(result, "connect-timeout") == 0;
}

static bool has_less(const struct peer *peer)
{
	return peer->end == END_EOF && peer->got < peer->expected_length;
}

/* What no fault excuses: of the bytes, and of how their end looks. */
static const char *judge_bytes(
    const struct stage *stage, int i, const struct verdict *verdict)
{
	const struct peer *client = &stage->clients[i];
	const struct peer *target = target_of(stage, i);

	if (client->is_wrong)
		return "the client got what the target did not send";
	if (!target)
		return client->got ? "bytes from nowhere" : NULL;
	if (target->is_wrong)
		return "the target got what the client did not send";
	if (stage->first_target[i + 1] - stage->first_target[i] > 1)
		return "two connections to the target";
	if (!client->got && !target->got && !target->header_got &&
	    is_before_relay(verdict->ended))
		return NULL;
	if ((target->end == END_MINE && client->end == END_EOF &&
		client->is_socket) ||
	    (client->end == END_MINE && target->end == END_EOF))
		return "a reset became an end";
	if (has_less(target))
		return "the target saw an end that looks complete";
	/* A pipe has no other end than that. */
	if (client->is_socket && has_less(client))
		return "the client saw an end that looks complete";
	return NULL;
}

/* Whether it went as without a fault. */
static bool is_as_planned(const struct stage *stage, int i)
{
	const struct peer *client = &stage->clients[i];
	const struct peer *target = target_of(stage, i);
	const bool resets = stage->scenario->target_last == LAST_RESET ||
			    stage->scenario->client_last == LAST_RESET;

	if (client->is_wrong || client->got != client->expected_length)
		return false;
	if (target && target->got != target->expected_length)
		return false;
	if (!resets &&
	    (client->end != END_EOF || (target && target->end != END_EOF)))
		return false;
	return !resets ||
	       (client->end != END_EOF && (!target || target->end != END_EOF));
}

static const char *judge_record(const struct stage *stage, int i,
    const char *record, struct verdict *verdict)
{
	const char *planned = stage->scenario->result;

	field(record, "result", verdict->ended, sizeof(verdict->ended));
	field(record, "error", verdict->error, sizeof(verdict->error));
	if (strcmp(verdict->ended, planned) == 0) {
		verdict->survived = is_as_planned(stage, i);
		if (!verdict->survived && strcmp(planned, "closed") == 0)
			return "it says closed, and not all bytes came";
	} else if (strcmp(verdict->ended, "closed") == 0) {
		return "it says closed, and that cannot be";
	}
	if (!needs_no_error(verdict->ended) && !verdict->error[0])
		return "the record does not say what failed";
	return NULL;
}

static const char *judge_client(
    const struct stage *stage, int i, struct verdict *verdict)
{
	char record[LINE_BYTES] = "";
	int records = find_records(stage, i, record);
	const char *why;

	if (records > 1)
		return "two records";
	if (records == 1) {
		why = judge_record(stage, i, record, verdict);
	} else if (is_mute(&stage->tracer)) {
		strcpy(verdict->ended, "unsaid");
		return judge_bytes(stage, i, verdict);
	} else {
		if (!find_refusals(
			stage, verdict->error, sizeof(verdict->error)))
			return "nothing was said";
		strcpy(verdict->ended, "refused");
		why = target_of(stage, i) ? "no record of a connection" : NULL;
	}
	return why ? why : judge_bytes(stage, i, verdict);
}

static const char *judge_status(
    const struct stage *stage, const struct verdict *verdict)
{
	const int status = stage->tracer.status;
	int code;

	if (!WIFEXITED(status))
		return "it was killed";
	code = WEXITSTATUS(status);
	if (strcmp(verdict->ended, "refused") == 0)
		return code == EX_OSERR || code == EX_USAGE || code == EX_CONFIG
			   ? NULL
			   : "a refusal has another status";
	if (strcmp(verdict->ended, "unsaid") == 0)
		return NULL;
	if (stage->scenario->way == WAY_LISTEN)
		return code == EX_OK ? NULL : "the listener failed";
	return code == status_of(verdict->ended)
		   ? NULL
		   : "the record's result has another status";
}

/* Whatever became of the first, the second client is served. */
static const char *judge_second(const struct stage *stage)
{
	struct verdict second = {0};
	const char *why;

	if (stage->clients_count < 2)
		return "the listener served no second client";
	why = judge_client(stage, 1, &second);
	if (why)
		return why;
	return second.survived ? NULL : "the second client was not served";
}

struct verdict judge(const struct stage *stage)
{
	struct verdict verdict = {0};
	const int status = stage->tracer.status;
	const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool listens = stage->scenario->way == WAY_LISTEN;

	if (stage->is_hung) {
		verdict.why = "it hung";
		return verdict;
	}
	/* It may have given up before, or as soon as, it listened. */
	if (listens && (!stage->clients_count || failed)) {
		strcpy(verdict.ended, "refused");
		if (!find_refusals(
			stage, verdict.error, sizeof(verdict.error)) &&
		    !is_mute(&stage->tracer))
			verdict.why = "nothing was said";
		for (int i = 0; i < stage->clients_count && !verdict.why; i++)
			verdict.why = judge_bytes(stage, i, &verdict);
	} else {
		verdict.why = judge_client(stage, 0, &verdict);
		if (!verdict.why && listens)
			verdict.why = judge_second(stage);
	}
	if (!verdict.why)
		verdict.why = judge_status(stage, &verdict);
	return verdict;
}
