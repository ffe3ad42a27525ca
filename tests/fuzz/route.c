/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes routes: each line of the input is one. What is accepted is compared
 * with a second, simple reading of the byte, and what is refused must change
 * nothing.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>

#include "../../src/config/route.h"
#include "fuzz.h"

#define LINES_MAX 300

/* The bytes that "BYTE=" stands for; false for "*". */
static bool read_bytes(
    const char *item, unsigned *ret_first, unsigned *ret_last)
{
	char *end;

	if (*item == '*')
		return false;
	*ret_first = *ret_last = (unsigned)strtoul(item, &end, 16);
	if (*end == '-')
		*ret_last = (unsigned)strtoul(end + 1, &end, 16);
	RULE(*end == '=' && *ret_first <= *ret_last && *ret_last < 256,
	    "accepted \"%s\"", item);
	return true;
}

static void check_target(const struct target *target, const char *item)
{
	RULE(strcmp(target->text, strchr(item, '=') + 1) == 0,
	    "\"%s\" of \"%s\"", target->text, item);
	RULE(target->host
		 ? *target->host && target->port
		 : target->address.length >= sizeof(sa_family_t) &&
		       target->address.length <= sizeof(target->address.local),
	    "\"%s\"", item);
}

static void check_accepted(
    const struct routes *routes, const char *item, bool keep)
{
	const struct route *route;
	unsigned first, last;

	if (!read_bytes(item, &first, &last)) {
		check_target(
		    &routes_at(routes, routes->other - 1u)->target, item);
		return;
	}
	for (unsigned byte = first; byte <= last; byte++) {
		route = routes_find(routes, (uint8_t)byte);
		RULE(route && route->keep == keep, "no route of %u", byte);
		check_target(&route->target, item);
	}
}

/* One line at `at`, which ends with a NUL; its two copies are freed by nobody
 * before the routes are. */
static void add(
    struct routes *routes, const char *at, char *copies[2], struct route *place)
{
	struct routes before = *routes;
	bool keep = routes->count & 1;
	const char *why;

	copies[0] = strdup(at);
	copies[1] = strdup(at);
	why = routes_add(routes, copies[0], copies[1], keep, place);
	if (why)
		RULE(memcmp(&before, routes, sizeof(before)) == 0,
		    "\"%s\" was refused", at);
	else
		check_accepted(routes, copies[0], keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct route places[LINES_MAX];
	static char *copies[LINES_MAX][2];
	struct routes routes;
	char *text = strndup((const char *)bytes, size), *rest = text, *line;
	size_t lines = 0;

	memset(&routes, 0, sizeof(routes));
	routes.memory = (const char *)places;
	while (lines < LINES_MAX && (line = strsep(&rest, "\n"))) {
		add(&routes, line, copies[lines], &places[lines]);
		lines++;
	}
	while (lines--) {
		free(copies[lines][0]);
		free(copies[lines][1]);
	}
	free(text);
	return 0;
}
