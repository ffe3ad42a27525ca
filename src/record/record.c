/* SPDX-License-Identifier: MIT */
#include "record.h"
#include "../deadline.h"
#include "../title.h"
#include "log.h"

#define NUMBER_BYTES 24
#define TITLE_BYTES  512

void record_show(const struct record *record)
{
	TEXT(title, TITLE_BYTES);

	text_add(&title, "byte-proxy: ");
	text_add_byte(&title, (uint8_t)record->byte);
	if (record->client)
		text_add_all(&title, " from ", record->client, NULL);
	text_add_all(&title, " to ", record->target, NULL);
	title_set_last(&title);
}

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
	    {"result", result_kinds[record->result].name},
	    {"client", record->client},
	    {"peer", record->peer},
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
	/* In a flood of refusals those that wait would have all the places. */
	log_fields(result_kinds[record->result].level,
	    result_kinds[record->result].message_id,
	    record->result != RESULT_SOURCE_LIMIT, "connection", fields,
	    sizeof(fields) / sizeof(*fields));
}
