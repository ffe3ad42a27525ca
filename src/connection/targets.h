/* SPDX-License-Identifier: MIT */
/* From a route to a connected descriptor: which of its targets. */
#ifndef CONNECTION_TARGETS_H
#define CONNECTION_TARGETS_H

#include "../config/route.h"
#include "dial.h"

/*
 * Connects to one of the route's targets: in the order that they have, or in a
 * random one, each for its share of the time that is left before the deadline:
 * of three, the first has a third of it. Under --connect-retry it begins anew,
 * 100 ms after all have failed, as long as one of them refuses: that is a
 * target that starts up, and another error does not go away by itself.
 *
 * Returns as dial() does, of the target that took the connection or of the last
 * that was tried; *ret_target is that one.
 */
int targets_dial(struct dialer *dialer, const struct route *route,
    int64_t deadline, struct dialed *ret_dialed,
    const struct target **ret_target);

#endif
