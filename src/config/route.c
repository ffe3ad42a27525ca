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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns what follows the byte, or NULL when there is none. */
static const char *parse_byte(const char *text, uint8_t *ret_byte)
{
	int value;

	if (text[0] != '0' || text[1] != 'x')
		return NULL;
	value = hex_digit(text[2]);
	if (value < 0)
		return NULL;
	text += 3;
	if (hex_digit(*text) >= 0)
		value = value * 16 + hex_digit(*text++);
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

const char *routes_add(struct routes *routes, const char *item, char *copy,
    bool keep, struct route *place)
{
	struct route route = {.keep = keep};
	uint8_t first = 0, last = 0;
	size_t length = strcspn(item, "=");
	const char *why;
	bool other;

	why = parse_bytes(item, length, &first, &last, &other);
	if (why)
		return why;
	if (!item[length])
		return "expected BYTE=TARGET";
	if (other && routes->other)
		return "* has a route already";
	for (unsigned byte = first; !other && byte <= last; byte++)
		if (routes->by_byte[byte])
			return first == last
				   ? "this byte has a route already"
				   : "a byte of this range has a route already";

	why = target_parse(item + length + 1, copy + length + 1, &route.target);
	if (why)
		return why;
	/* Each route takes a byte of its own or "*": the list cannot fill. */
	*place = route;
	routes->places[routes->count++] =
	    (uint16_t)((size_t)((const char *)place - routes->memory) /
		       ROUTE_UNIT);
	if (other)
		routes->other = routes->count;
	for (unsigned byte = first; !other && byte <= last; byte++)
		routes->by_byte[byte] = routes->count;
	return NULL;
}
