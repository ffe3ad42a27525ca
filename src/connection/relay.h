/* SPDX-License-Identifier: MIT */
/* The two directions of a connection, until both are done. */
#ifndef CONNECTION_RELAY_H
#define CONNECTION_RELAY_H

#include "../config/options.h"
#include "../record/record.h"
#include "client.h"
#include "pump.h"

/* What the client sent first and was not forwarded yet, and a target's haste.
 */
struct relay_start {
	char *buffers[2];      /* PUMP_BUFFER_BYTES each */
	size_t offset, length; /* of it in the first */
	int target_reset;      /* errno: the target has reset it already; 0 */
};

/*
 * Relays between client and target until both directions are done, one end
 * has been reset, or a timeout or a signal ends it; then the ends have been
 * told. The descriptors stay the caller's, and are of no use any more. Of
 * `record`, result, error and the byte counts are set.
 */
void relay(const struct client *client, int target,
    const struct relay_start *start, const struct settings *settings,
    struct record *record);

#endif
