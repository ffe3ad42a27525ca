/* SPDX-License-Identifier: MIT */
/* One target: where a connection goes. */
#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include <stdint.h>

#include "../address.h"

struct target {
	const char *text;       /* as it was configured */
	const char *host;       /* a name to resolve; NULL: address is whole */
	uint16_t port;          /* host byte order; 0 for unix sockets */
	struct address address; /* of a literal or a unix socket */
};

/*
 * Parses "host:port", "[v6]:port", "unix:/path" or "unix:@abstract"; the port
 * is a number or the name of a TCP service (services(5)). An IP literal is
 * recognised here, so that it never reaches a resolver; a name is not looked
 * up yet.
 *
 * `copy` is a second copy of the same text, which is cut up; text and copy
 * have to live as long as the target.
 *
 * Returns NULL, or what was expected instead.
 */
const char *target_parse(
    const char *text, char *copy, struct target *ret_target);

#endif
