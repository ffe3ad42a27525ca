/* SPDX-License-Identifier: MIT */
/* A spare: a process that was forked ahead and waits for its connection. */
#ifndef LISTEN_SPARE_H
#define LISTEN_SPARE_H

#include <stdbool.h>

#include "../connection/client.h"
#include "children.h"
#include "sockets.h"

/* What it needs to know; the descriptors stay the listener's. */
struct spare {
	const struct sockets *sockets;
	int socket; /* it accepts from this one */
	const struct children *children;
	uint32_t serial;
	pid_t listener;
	uint32_t drain_timeout_ms;
	enum log_address log_address;
	unsigned per_source; /* so many of one source; 0: no limit */
	bool is_tuned;       /* what it accepts has the socket's options */
};

/*
 * Waits in accept(2), of which the kernel ends but one for a connection, and
 * reports the outcome. Returns 0 when this process has a connection and no
 * other descriptor above the standard three; -ECANCELED when it has been told
 * to end, or the listener is no more; -EDQUOT when it has one as before, but
 * its source has as many as it may; another negative errno when nothing can be
 * accepted.
 */
int spare_wait(const struct spare *spare, struct client *ret_client);

#endif
