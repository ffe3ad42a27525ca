/* SPDX-License-Identifier: MIT */
/* Names to addresses, within a deadline. */
#ifndef CONNECTION_RESOLVE_H
#define CONNECTION_RESOLVE_H

#include <stdint.h>

#include "../address.h"
#include "../config/options.h"

#define RESOLVE_ADDRESSES_MAX 16

struct resolved {
	int error; /* of getaddrinfo(3): 0 or EAI_... */
	unsigned count;
	struct address list[RESOLVE_ADDRESSES_MAX];
};

/*
 * Resolves host to stream addresses, in the order of getaddrinfo(3), which is
 * that of RFC 6724, with the families interleaved as RFC 8305, section 4 says.
 *
 * getaddrinfo() can block for many seconds and cannot be interrupted: it runs
 * in a child, which is ended with the deadline. So the answers of a name
 * server are also never parsed in the process that relays. The child is in the
 * first stage of confine.h.
 *
 * Returns 0 (ret_resolved->error still tells whether the name has addresses),
 * -ETIME after the deadline, -ECANCELED after SIGTERM, -ENOTCONN when the
 * socket watch_fd reports an error (poll(2), POLLERR; -1: none), or another
 * negative errno.
 */
int resolve(const char *host, uint16_t port, const struct settings *settings,
    int64_t deadline, int watch_fd, struct resolved *ret_resolved);

#endif
