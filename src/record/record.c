/* SPDX-License-Identifier: MIT */
#include "record.h"
#include "../deadline.h"
#include "log.h"

/*
 * What the client did is no error of ours; what the operator can mend is a
 * warning. The ids (systemd.journal-fields(7), MESSAGE_ID=) never change.
 */
static const struct {
	char name[24];
	char message_id[33];
	int level;
} kinds[RESULTS_COUNT] = {
    [RESULT_CLOSED] = {"closed", "67364eb3212547eaa02b836384d797b1", LOG_INFO},
    [RESULT_NO_BYTE] = {"no-byte", "1baba60e93874daf9ea595f6b7ee586d",
	LOG_INFO},
    [RESULT_FIRST_BYTE_TIMEOUT] = {"first-byte-timeout",
	"3b1985c04d3d48a7afdba8df77b1383f", LOG_INFO},
    [RESULT_NO_ROUTE] = {"no-route", "ec61336d1b1f4436a963c7f45f9e2b12",
	LOG_INFO},
    [RESULT_CONNECT_FAILED] = {"connect-failed",
	"9bf56815965c4b868262977df667d436", LOG_WARNING},
    [RESULT_CONNECT_TIMEOUT] = {"connect-timeout",
	"9768e6610c4441578233b07ba2b61079", LOG_WARNING},
    [RESULT_CLIENT_RESET] = {"client-reset", "35887226236449538823aea78f0318fa",
	LOG_INFO},
    [RESULT_TARGET_RESET] = {"target-reset", "fc37ff3384bb44cfb11b29fed7a8c0a6",
	LOG_INFO},
    [RESULT_IDLE_TIMEOUT] = {"idle-timeout", "87f3d8a9914449fc9768cc2c0d0bba29",
	LOG_INFO},
    [RESULT_DRAINED] = {"drained", "976ee31bc1264c89a5b3639ee7cfb029",
	LOG_INFO},
    [RESULT_TERMINATED] = {"terminated", "daf0f8fea571438bab327e14922d0d6d",
	LOG_INFO},
    [RESULT_SYSTEM_ERROR] = {"system-error", "893d4164c21e47fb8f4d7fdcea6b7cc5",
	LOG_ERR},
};

#define NUMBER_BYTES 24

static const char *number(struct text *text, int64_t value)
{
	text_add_number(text, (uint64_t)value);
	return text->start;
}

void record_write(const struct record *record)
{
	TEXT(byte, NUMBER_BYTES);
	TEXT(address, 160);
	TEXT(bytes_up, NUMBER_BYTES);
	TEXT(bytes_down, NUMBER_BYTES);
	TEXT(connect, NUMBER_BYTES);
	TEXT(duration, NUMBER_BYTES);
	const bool routed = record->target != NULL;
	const bool connected = record->connect_us >= 0;

	if (record->byte >= 0)
		text_add_byte(&byte, (uint8_t)record->byte);
	if (record->address.length)
		address_add_to(&record->address, &address);
	const struct log_field fields[] = {
	    {"result", kinds[record->result].name},
	    {"client", record->client},
	    {"byte", record->byte >= 0 ? byte.start : NULL},
	    {"target", routed ? record->target : NULL},
	    {"address", record->address.length ? address.start : NULL},
	    {"bytes_up", number(&bytes_up, (int64_t)record->bytes_up)},
	    {"bytes_down", number(&bytes_down, (int64_t)record->bytes_down)},
	    {"connect_us",
		connected ? number(&connect, record->connect_us) : NULL},
	    {"duration_us",
		number(&duration, deadline_now() - record->start_us)},
	    {"error", record->error},
	};
	log_fields(kinds[record->result].level,
	    kinds[record->result].message_id, "connection", fields,
	    sizeof(fields) / sizeof(*fields));
}
