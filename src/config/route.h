/* SPDX-License-Identifier: MIT */
/* The routing table: for each first byte one target or more, or none. */
#ifndef CONFIG_ROUTE_H
#define CONFIG_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "target.h"

#define ROUTES_MAX 257 /* one for each byte, and one for "*" */

#define ROUTE_TARGETS_MAX 16

struct route {
	bool keep;              /* the byte is forwarded too */
	uint8_t balance;        /* enum balance + 1; 0: as the settings say */
	uint8_t proxy_protocol; /* likewise */
	uint8_t count;          /* of targets, at least 1 */
	struct target targets[];
};

/*
 * The routes themselves lie in the caller's memory, beside the text that they
 * point to: for few of them all of it is one page.
 */
struct routes {
	uint16_t by_byte[256]; /* the number of a route + 1; 0: no route */
	uint16_t other;        /* the same, for "*" */
	uint16_t count;
	uint16_t places[ROUTES_MAX]; /* in units of ROUTE_UNIT from memory */
	const char *memory;
};

/* A multiple of struct route's alignment. */
#define ROUTE_UNIT ((size_t)8)

/* What a route takes of as many targets as the text could have. */
size_t route_bytes(const char *item, size_t length);

/* The route of a number below count. */
const struct route *routes_at(const struct routes *routes, unsigned number);

/* Returns the route of a byte, that of "*", or NULL. */
const struct route *routes_find(const struct routes *routes, uint8_t byte);

/*
 * Adds "BYTE=TARGET[,TARGET]..."; BYTE is 0xX or 0xXX, a range 0xXX-0xXX, or *.
 * Among the targets may be "balance=HOW" and "proxy-protocol=VERSION", as the
 * options of that name. `item`
 * and `copy` are two copies of it, with the lifetime that target_parse() asks
 * for, and both are cut up; the route is written to `place`, of route_bytes(),
 * a multiple of ROUTE_UNIT behind routes->memory and below UINT16_MAX of them.
 * Returns NULL, or what was expected instead; the table is unchanged then, and
 * so is item, but that of several targets only the wrong one is left.
 */
const char *routes_add(struct routes *routes, char *item, char *copy, bool keep,
    struct route *place);

#endif
