/* SPDX-License-Identifier: MIT */
/* From a target to a connected descriptor. */
#ifndef CONNECTION_DIAL_H
#define CONNECTION_DIAL_H

#include "../config/target.h"

/*
 * Connects to the target: a literal or a unix socket directly, a name by all
 * of its addresses as RFC 8305, section 5 says: one attempt after another,
 * the next 250 ms later or as soon as one fails; the first that is connected
 * wins. The deadline is one for all of it. Meanwhile watch_fd, the client's
 * socket or -1, is watched for an error.
 *
 * Returns the descriptor, which is non-blocking, has TCP_NODELAY and keepalive
 * and is the caller's, and the address that took the connection. Or:
 * -ETIME after the deadline, -ECANCELED after SIGTERM, -ECONNABORTED when the
 * client is gone, any other negative errno of the last attempt; then
 * *ret_error says it in words.
 */
int dial(const struct target *target, int64_t deadline, int watch_fd,
    struct address *ret_address, const char **ret_error);

#endif
