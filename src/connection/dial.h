/* SPDX-License-Identifier: MIT */
/* From a target to a connected descriptor. */
#ifndef CONNECTION_DIAL_H
#define CONNECTION_DIAL_H

#include "../config/options.h"
#include "../config/target.h"
#include "origin.h"

/* What a connection is made with, whatever its target is. */
struct dialer {
	const struct settings *settings;
	struct origin origin;
	int watch_fd; /* the client's socket, or -1 */
};

/* How it went. */
struct dialed {
	struct address address; /* that took the connection */
	int reset;              /* errno: and has reset it already; 0 */
	bool refused;           /* an address of it did: it may yet start */
	const char *error;      /* what failed, in words */
};

/*
 * Connects to the target: a literal or a unix socket directly, a name by all
 * of its addresses as RFC 8305, section 5 says: one attempt after another,
 * the next 250 ms later or as soon as one fails; the first that is connected
 * wins. The deadline is one for all of it. Meanwhile watch_fd is watched for an
 * error, and is -1 once it hangs up without one.
 *
 * Returns the descriptor, which is non-blocking and the caller's; of a
 * connection that was reset again there may be something to read. Or: -ETIME
 * after the deadline, -ECANCELED after SIGTERM, -ENOTCONN when the client is
 * gone, any other negative errno of the last attempt; then ret_dialed->error
 * says it.
 */
int dial(struct dialer *dialer, const struct target *target, int64_t deadline,
    struct dialed *ret_dialed);

/*
 * Waits until then, as dial() does. Returns 0, -ECANCELED after SIGTERM,
 * -ENOTCONN when the client is gone.
 */
int dial_pause(struct dialer *dialer, int64_t until);

#endif
