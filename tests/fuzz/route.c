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

#define LINES_MAX 150

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

static void check_target(const struct target *target)
{
	RULE(target->host
		 ? *target->host && target->port
		 : target->address.length >= sizeof(sa_family_t) &&
		       target->address.length <= sizeof(target->address.local),
	    "\"%s\"", target->text);
}

static bool is_setting(const char *part)
{
	return strncmp(part, "balance=", 8) == 0 ||
	       strncmp(part, "proxy-protocol=", 15) == 0;
}

/* The targets are the parts of the list that are no settings, in order. */
static void check_targets(const struct route *route, const char *item)
{
	char *list = strdup(strchr(item, '=') + 1), *rest = list, *part;
	unsigned count = 0;

	while ((part = strsep(&rest, ","))) {
		if (is_setting(part))
			continue;
		RULE(count < route->count, "too few of \"%s\"", item);
		RULE(strcmp(route->targets[count].text, part) == 0,
		    "\"%s\" of \"%s\"", route->targets[count].text, item);
		check_target(&route->targets[count++]);
	}
	RULE(count == route->count && count > 0, "too many of \"%s\"", item);
	free(list);
}

static void check_accepted(
    const struct routes *routes, const char *item, bool keep)
{
	const struct route *route;
	unsigned first, last;

	if (!read_bytes(item, &first, &last)) {
		check_targets(routes_at(routes, routes->other - 1U), item);
		return;
	}
	for (unsigned byte = first; byte <= last; byte++) {
		route = routes_find(routes, (uint8_t)byte);
		RULE(route && route->keep == keep, "no route of %u", byte);
		check_targets(route, item);
	}
}

/* What a line's route lies in, and the text that it points to. */
struct place {
	_Alignas(ROUTE_UNIT) char route[sizeof(struct route) +
					(ROUTE_TARGETS_MAX + 1) *
					    sizeof(struct target)];
};

/* It names what is wrong: all of it, or one of several targets. */
static void check_refused(const char *item, const char *now)
{
	size_t bytes = strcspn(item, "=");
	const char *part = now + bytes;

	RULE(strncmp(item, now, bytes) == 0 &&
		 (strcmp(item + bytes, part) == 0 ||
		     (*part == '=' && part[1] && !strchr(part, ',') &&
			 strstr(item + bytes, part + 1))),
	    "\"%s\" is now \"%s\"", item, now);
}

static void add(
    struct routes *routes, const char *at, char *copies[2], struct place *place)
{
	struct routes before = *routes;
	bool keep = routes->count & 1;
	const char *why;

	copies[0] = strdup(at);
	copies[1] = strdup(at);
	RULE(route_bytes(at, strlen(at)) <= sizeof(*place), "\"%s\"", at);
	why = routes_add(
	    routes, copies[0], copies[1], keep, (struct route *)place);
	if (!why) {
		check_accepted(routes, at, keep);
		return;
	}
	RULE(before.count == routes->count && before.other == routes->other &&
		 memcmp(before.by_byte, routes->by_byte,
		     sizeof(before.by_byte)) == 0,
	    "\"%s\" was refused", at);
	check_refused(at, copies[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct place places[LINES_MAX];
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
