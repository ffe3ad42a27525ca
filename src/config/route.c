/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "route.h"

const struct route *routes_at(const struct routes *routes, unsigned number)
{
	size_t offset = routes->places[number] * ROUTE_UNIT;

	return (const struct route *)(const void *)(routes->memory + offset);
}

const struct route *routes_find(const struct routes *routes, uint8_t byte)
{
	unsigned index = routes->by_byte[byte];

	if (!index)
		index = routes->other;
	return index ? routes_at(routes, index - 1) : NULL;
}

/* Returns what follows the byte, or NULL when there is none. */
static const char *parse_byte(const char *text, uint8_t *ret_byte)
{
	int value;

	if (text[0] != '0' || text[1] != 'x')
		return NULL;
	value = text_hex_digit(text[2]);
	if (value < 0)
		return NULL;
	text += 3;
	if (text_hex_digit(*text) >= 0)
		value = value * 16 + text_hex_digit(*text++);
	*ret_byte = (uint8_t)value;
	return text;
}

/* The part before "=": a byte, a range, or "*", which sets *ret_other. */
static const char *parse_bytes(const char *text, size_t length,
    uint8_t *ret_first, uint8_t *ret_last, bool *ret_other)
{
	static const char expected[] = "expected BYTE=TARGET with BYTE as "
				       "0x00 to 0xff, 0x00-0x1f or *";
	const char *end = text + length;
	const char *at;

	*ret_other = length == 1 && *text == '*';
	if (*ret_other)
		return NULL;
	at = parse_byte(text, ret_first);
	if (!at)
		return expected;
	*ret_last = *ret_first;
	if (*at == '-') {
		at = parse_byte(at + 1, ret_last);
		if (!at)
			return expected;
		if (*ret_last < *ret_first)
			return "expected a range whose first byte is not over "
			       "its last";
	}
	return at == end ? NULL : expected;
}

size_t route_bytes(const char *item, size_t length)
{
	size_t count = 1;

	for (size_t i = 0; i < length; i++)
		count += item[i] == ',';
	if (count > ROUTE_TARGETS_MAX)
		count = ROUTE_TARGETS_MAX;
	return sizeof(struct route) + count * sizeof(struct target);
}

/*
 * "NAME=WORD" of one of the options that a route can have for itself. Returns
 * whether it is one; *ret_why is NULL if it is good.
 */
static bool parse_setting(
    const char *part, enum option_id id, uint8_t *setting, const char **ret_why)
{
	const struct option *option = &options[id];
	size_t length = strlen(option->name);
	uint32_t word = 0;

	if (strncmp(part, option->name, length) != 0 || part[length] != '=')
		return false;
	*ret_why = option_parse_word(option, part + length + 1, &word);
	*setting = (uint8_t)(word + 1);
	return true;
}

/* What stands between two commas. */
static const char *parse_part(
    const char *part, char *copy, bool is_list, struct route *route)
{
	const char *why = NULL;

	if (!*part && is_list)
		return "expected a target on both sides of a comma";
	if (parse_setting(part, OPTION_BALANCE, &route->balance, &why) ||
	    parse_setting(
		part, OPTION_PROXY_PROTOCOL, &route->proxy_protocol, &why))
		return why;
	if (route->count == ROUTE_TARGETS_MAX)
		return "expected at most 16 targets";
	why = target_parse(part, copy, &route->targets[route->count]);
	if (!why)
		route->count++;
	return why;
}

/* Leaves of what is refused the part that is at fault, or else the whole. */
static void leave_wrong(
    char *text, size_t length, const char *part, const struct route *route)
{
	if (part && *part && route->count < ROUTE_TARGETS_MAX) {
		memmove(text, part, strlen(part) + 1);
		return;
	}
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = ',';
}

static const char *parse_parts(char *text, char *copy, struct route *route)
{
	size_t length = strlen(text);
	const char *why = NULL, *part = NULL;

	for (size_t at = 0, next; at <= length && !why; at = next + 1) {
		next = at + strcspn(text + at, ",");
		text[next] = copy[next] = '\0';
		part = text + at;
		why =
		    parse_part(part, copy + at, at > 0 || next < length, route);
	}
	if (!why && !route->count) {
		why = "expected a target";
		part = NULL;
	}
	if (why)
		leave_wrong(text, length, part, route);
	return why;
}

static const char *find_taken(
    const struct routes *routes, unsigned first, unsigned last, bool other)
{
	if (other)
		return routes->other ? "* has a route already" : NULL;
	for (unsigned byte = first; byte <= last; byte++)
		if (routes->by_byte[byte])
			return first == last
				   ? "this byte has a route already"
				   : "a byte of this range has a route already";
	return NULL;
}

const char *routes_add(struct routes *routes, char *item, char *copy, bool keep,
    struct route *place)
{
	uint8_t first = 0, last = 0;
	size_t length = strcspn(item, "=");
	const char *why;
	bool other;

	why = parse_bytes(item, length, &first, &last, &other);
	if (!why && !item[length])
		why = "expected BYTE=TARGET";
	if (!why)
		why = find_taken(routes, first, last, other);
	*place = (struct route){.keep = keep};
	if (!why)
		why = parse_parts(item + length + 1, copy + length + 1, place);
	if (why)
		return why;
	/* Each route takes a byte of its own or "*": the list cannot fill. */
	routes->places[routes->count++] =
	    (uint16_t)((size_t)((const char *)place - routes->memory) /
		       ROUTE_UNIT);
	if (other)
		routes->other = routes->count;
	for (unsigned byte = first; !other && byte <= last; byte++)
		routes->by_byte[byte] = routes->count;
	return NULL;
}
