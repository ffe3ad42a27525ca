/* SPDX-License-Identifier: MIT */
/*
 * What a service manager is told about the listener: sd_notify(3), spoken
 * directly, one datagram to $NOTIFY_SOCKET each. Without that variable nothing
 * is done here.
 */
#ifndef LISTEN_NOTIFY_H
#define LISTEN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "../address.h"

struct notify_counts {
	unsigned connections; /* now */
	uint64_t served, refused;
};

struct notify {
	struct address manager; /* length 0: there is none */
	int64_t watchdog_us;    /* a duration; 0: no watchdog */
	int64_t next_watchdog_us;
	int64_t next_status_us;
	bool draining;
	struct notify_counts said;
};

/*
 * Takes $NOTIFY_SOCKET, and $WATCHDOG_USEC unless $WATCHDOG_PID is another
 * process (sd_watchdog_enabled(3)), of which half is the time between signs of
 * life.
 */
void notify_init(struct notify *ret_notify);

bool notify_is_on(const struct notify *notify);

/* READY=1: at the start, and again when a reload is done. */
void notify_ready(const struct notify *notify);

/* RELOADING=1 and the time (sd_notify(3), MONOTONIC_USEC=). */
void notify_reloading(const struct notify *notify);

/*
 * STOPPING=1, a status line for that many connections, and
 * EXTEND_TIMEOUT_USEC= for a drain that may take `timeout_ms` and the time to
 * end what is left after it.
 */
void notify_stopping(
    struct notify *notify, unsigned connections, uint32_t timeout_ms);

/*
 * Sends what is due: WATCHDOG=1, and at most once a second a STATUS= line when
 * the counts have changed. Returns when to be called again (deadline.h).
 */
int64_t notify_tick(struct notify *notify, const struct notify_counts *counts);

#endif
