/* SPDX-License-Identifier: MIT */
/* One direction of a connection; relay.c has the Theory of Operation. */
#ifndef CONNECTION_PUMP_H
#define CONNECTION_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "pipe.h"

#define PUMP_BUFFER_BYTES ((size_t)64 * 1024)

enum pump_state {
	PUMP_FLOWING,  /* the source may still send */
	PUMP_DRAINING, /* it has ended; what is held is still to be delivered */
	PUMP_DONE      /* all was delivered and the end was passed on */
};

struct pump {
	int source, sink;
	bool source_is_socket, sink_is_socket;
	bool sink_is_inet; /* whose other end reads on, or is gone */
	enum pump_state state;
	bool source_reset;  /* the source ended, or will, without an EOF */
	bool sink_failed;   /* nothing can be delivered any more */
	bool discards;      /* nothing is, and the source need not know */
	int error;          /* errno of what was reset or failed; 0: none */
	uint64_t read;      /* bytes taken from the source */
	uint64_t delivered; /* bytes given to the sink */

	/* Held: taken and not yet delivered; in the pipe, if there is one. */
	size_t held;
	char *buffer;         /* one of buffers */
	char *at;             /* the first byte held in it */
	bool urgent;          /* what is held is one byte of urgent data */
	bool urgent_is_ahead; /* there is some, behind what has not come yet */
	bool can_splice;
	struct pipe pipe; /* not open: copying */
	bool unblocked;   /* an end that was not non-blocking is now */
	unsigned streak;  /* full reads, or short splices, in a row */
	bool sink_is_tuned;
	char *buffers[2];
	const struct pump *other; /* with the same two */
};

/*
 * Two pumps, one for each direction, between `client` and `target`. They own
 * neither of these, and never block on a socket whether or not that is
 * non-blocking. Sockets become non-blocking when the first pipe is made.
 *
 * The buffers, PUMP_BUFFER_BYTES each, are the caller's. Both pumps use the
 * first, but for what the other one still holds there: most connections touch
 * no other page. In the first lie the `length` bytes that begin at `offset`,
 * which `up` holds.
 */
void pump_init_both(struct pump *up, struct pump *down,
    const struct client *client, int target, char *const buffers[2],
    size_t offset, size_t length);

/* What to wait for at the source and at the sink: poll()'s events, or 0. */
short pump_source_events(const struct pump *pump);
short pump_sink_events(const struct pump *pump);

/*
 * Moves what can be moved now. `source_events` is what poll() reported at the
 * source: without any nothing is read, and with POLLPRI there is urgent data
 * (tcp(7)), which is forwarded as such in its place between the other bytes.
 */
void pump_step(struct pump *pump, short source_events);

/* Gives up what is held; for a sink that is gone. */
void pump_stop(struct pump *pump);

/* Closes the pipe, if there is one. */
void pump_close(struct pump *pump);

#endif
