/* SPDX-License-Identifier: MIT */
/* From a target to a connected descriptor. */
#ifndef CONNECTION_DIAL_H
#define CONNECTION_DIAL_H

#include "../config/options.h"
#include "../config/target.h"

/* How it went. */
struct dialed {
	struct address address; /* that took the connection */
	int reset;              /* errno: and has reset it already; 0 */
	const char *error;      /* what failed, in words */
};

/*
 * Connects to the target: a literal or a unix socket directly, a name by all
 * of its addresses as RFC 8305, section 5 says: one attempt after another,
 * the next 250 ms later or as soon as one fails; the first that is connected
 * wins. The deadline is one for all of it. Meanwhile watch_fd, the client's
 * socket or -1, is watched for an error. `confine` is for whoever looks the
 * name up.
 *
 * Returns the descriptor, which is non-blocking and the caller's; of a
 * connection that was reset again there may be something to read. Or: -ETIME
 * after the deadline, -ECANCELED after SIGTERM, -ENOTCONN when the client is
 * gone, any other negative errno of the last attempt; then ret_dialed->error
 * says it.
 */
int dial(const struct target *target, enum confine_how confine,
    int64_t deadline, int watch_fd, struct dialed *ret_dialed);

#endif
