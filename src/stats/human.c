/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <time.h>

#include "human.h"

#define SECOND_US ((uint64_t)1000000)

/* number / unit, with one decimal below ten. */
static void add_scaled(struct text *text, uint64_t number, uint64_t unit)
{
	/* Of a tenth of the unit, rounded. */
	uint64_t tenths =
	    number / unit * 10 + (number % unit * 10 + unit / 2) / unit;

	if (tenths < 100) {
		text_add_number(text, tenths / 10);
		text_add_char(text, '.');
		text_add_number(text, tenths % 10);
	} else {
		text_add_grouped(text, (tenths + 5) / 10);
	}
}

void human_add_bytes(struct text *text, uint64_t bytes)
{
	static const char names[][4] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	uint64_t unit = 1024;
	size_t i = 0;

	if (bytes < 1024) {
		text_add_number(text, bytes);
		text_add(text, " B");
		return;
	}
	while (i < sizeof(names) / sizeof(*names) - 1 && bytes / 1024 >= unit) {
		unit *= 1024;
		i++;
	}
	add_scaled(text, bytes, unit);
	text_add_all(text, " ", names[i], NULL);
}

void human_add_duration(struct text *text, uint64_t us, bool utf8)
{
	static const struct {
		uint64_t up_to_us, unit_us;
		char name[4];
	} units[] = {
	    {SECOND_US, 1000, "ms"},
	    {120 * SECOND_US, SECOND_US, "s"},
	    {7200 * SECOND_US, 60 * SECOND_US, "min"},
	    {UINT64_MAX, 3600 * SECOND_US, "h"},
	};
	size_t i = 0;

	if (us < 1000) {
		text_add_number(text, us);
		text_add(text, utf8 ? " \u00b5s" : " us");
		return;
	}
	while (
	    i < sizeof(units) / sizeof(*units) - 1 && us >= units[i].up_to_us)
		i++;
	add_scaled(text, us, units[i].unit_us);
	text_add_all(text, " ", units[i].name, NULL);
}

void human_add_time(struct text *text, uint64_t us)
{
	time_t seconds = (time_t)(us / SECOND_US);
	char string[32];
	struct tm local;

	if (localtime_r(&seconds, &local) &&
	    strftime(string, sizeof(string), "%Y-%m-%d %H:%M:%S", &local))
		text_add(text, string);
}

/* "90", "5min": a span up to now. */
static int parse_span(const char *string, size_t length, uint64_t *ret_us)
{
	static const struct {
		char name[8];
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"sec", 1}, {"m", 60}, {"min", 60},
	    {"h", 3600}, {"hour", 3600}, {"hours", 3600}, {"d", 86400},
	    {"day", 86400}, {"days", 86400}};
	size_t digits = strspn(string, "0123456789");
	char number[12];
	uint64_t count;

	if (digits > length || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, string, digits);
	number[digits] = '\0';
	if (text_parse_number(number, UINT32_MAX, &count) < 0)
		return -EINVAL;
	string += digits;
	length -= digits;
	for (; length && *string == ' '; length--)
		string++;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].name) != length ||
		    strncmp(string, units[i].name, length) != 0)
			continue;
		if (count > UINT32_MAX / units[i].seconds)
			return -EINVAL;
		*ret_us = count * units[i].seconds * SECOND_US;
		return 0;
	}
	return -EINVAL;
}

static int parse_relative(const char *string, uint64_t now_us, uint64_t *ret_us)
{
	size_t length = strlen(string);
	bool ago = length > 4 && strcmp(string + length - 4, " ago") == 0;
	uint64_t span_us;

	if (*string == '-') {
		string++;
		length--;
	} else if (ago) {
		length -= 4;
	} else {
		return -EINVAL;
	}
	if (parse_span(string, length, &span_us) < 0 || span_us > now_us)
		return -EINVAL;
	*ret_us = now_us - span_us;
	return 0;
}

/* A day and a time of it, of which either may be missing. */
static int parse_date(const char *string, uint64_t now_us, uint64_t *ret_us)
{
	static const char formats[][20] = {"%Y-%m-%d %H:%M:%S",
	    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S",
	    "%H:%M"};
	time_t now = (time_t)(now_us / SECOND_US);

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct tm local;
		const char *end;
		time_t seconds;
		int day;

		if (!localtime_r(&now, &local))
			return -EINVAL;
		local.tm_hour = local.tm_min = local.tm_sec = 0;
		local.tm_isdst = -1;
		end = strptime(string, formats[i], &local);
		if (!end || *end)
			continue;
		day = local.tm_mday;
		seconds = mktime(&local);
		/* There is no 31st of every month. */
		if (seconds < 0 || local.tm_mday != day)
			return -EINVAL;
		*ret_us = (uint64_t)seconds * SECOND_US;
		return 0;
	}
	return -EINVAL;
}

static int midnight(uint64_t now_us, int days_before, uint64_t *ret_us)
{
	time_t now = (time_t)(now_us / SECOND_US);
	struct tm local;

	if (!localtime_r(&now, &local))
		return -EINVAL;
	local.tm_mday -= days_before;
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_isdst = -1;
	now = mktime(&local);
	*ret_us = (uint64_t)now * SECOND_US;
	return now < 0 ? -EINVAL : 0;
}

int human_parse_time(const char *string, uint64_t now_us, uint64_t *ret_us)
{
	uint64_t seconds;

	if (strcmp(string, "now") == 0) {
		*ret_us = now_us;
		return 0;
	}
	if (strcmp(string, "today") == 0)
		return midnight(now_us, 0, ret_us);
	if (strcmp(string, "yesterday") == 0)
		return midnight(now_us, 1, ret_us);
	if (*string == '@') {
		if (text_parse_number(string + 1, UINT32_MAX, &seconds) < 0)
			return -EINVAL;
		*ret_us = seconds * SECOND_US;
		return 0;
	}
	if (parse_relative(string, now_us, ret_us) == 0)
		return 0;
	return parse_date(string, now_us, ret_us);
}
