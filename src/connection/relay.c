/* SPDX-License-Identifier: MIT */
/*
 * Theory of Operation
 *
 * Two pumps, up from the client to the target and down the other way, each
 * with a state of its own:
 *
 *	FLOWING --source ended--> DRAINING --all delivered--> DONE
 *	   |                                                   ^
 *	   +-------------------- sink failed ------------------+
 *
 * A pump that holds data waits for its sink and for nothing else; one that
 * holds none waits for its source. (Waiting for the source as well would
 * spin: splice() has one EAGAIN for "nothing to read" and for "no free slot
 * in the pipe".) What to poll for is derived from the states before every
 * wait and kept nowhere.
 *
 * Half-close: a source's EOF is passed on, by shutdown(SHUT_WR) and never by
 * close() alone (PID 1 may hold a duplicate of the client's socket, with which
 * a close() says nothing), once all that came before it has been delivered.
 * The connection is over when both pumps are DONE.
 *
 * Reset: seen as an error of a read or a write, or by poll() at an end from
 * which nothing is wanted at that moment. The pump towards that end stops.
 * The pump from it goes on until it has delivered what the end sent before,
 * as a network would, but not longer than RESET_GRACE_MS, and without passing
 * on an EOF; then the other end is reset too.
 *
 * Time: while just one of the pumps is DONE there may be a limit of its own for
 * silence, from when it became so. This and the idle timeout are put off by all
 * that moves, and count no more after a reset.
 *
 * An end at which poll() reports a hang-up without an error, and from which
 * nothing is wanted, is muted: poll() cannot be told to leave it out else, and
 * would return at once for ever. It counts again when something is wanted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../deadline.h"
#include "../wait.h"
#include "confine.h"
#include "end.h"
#include "relay.h"
#include "tune.h"

#define RESET_GRACE_MS 500

/* The places of struct relay's fds. */
enum place {
	CLIENT_IN, /* and out, where both are one socket */
	TARGET,
	CLIENT_OUT, /* -1 there */
	PLACES
};

struct relay {
	const struct client *client;
	int target;
	const struct settings *settings;
	struct record *record;
	struct pump up, down;
	struct pollfd fds[PLACES];
	bool muted[PLACES];
	int64_t idle_us;  /* when the idle timeout is over */
	int64_t half_us;  /* when the half-closed timeout is */
	int64_t drain_us; /* when the drain is */
	int64_t grace_us; /* when a reset is passed on at the latest */
	bool over;
};

static void end(struct relay *relay, enum result result, int error)
{
	if (error && !end_may_fail(error))
		result = RESULT_SYSTEM_ERROR;
	relay->record->result = result;
	if (error)
		relay->record->error = strerror(error);
}

static void derive_polls(struct relay *relay)
{
	const struct client *client = relay->client;
	struct pollfd *fds = relay->fds;
	const short from_client = pump_source_events(&relay->up);
	const short to_target = pump_sink_events(&relay->up);
	const short from_target = pump_source_events(&relay->down);
	const short to_client = pump_sink_events(&relay->down);
	const bool both = client->is_socket;

	fds[CLIENT_IN] = (struct pollfd){.fd = client->in,
	    .events = (short)(from_client | (both ? to_client : 0))};
	fds[TARGET] = (struct pollfd){
	    .fd = relay->target, .events = (short)(from_target | to_target)};
	fds[CLIENT_OUT] =
	    (struct pollfd){.fd = both ? -1 : client->out, .events = to_client};
	/* A pump that is done has closed its end of a client's two pipes. */
	if (!both && relay->down.state == PUMP_DONE)
		fds[CLIENT_OUT].fd = -1;
	for (int i = 0; i < PLACES; i++)
		if (relay->muted[i] && !fds[i].events)
			fds[i].fd = -1;
}

/* The end that `from` reads and `to` writes was reset, or is gone. */
static void note_reset(struct relay *relay, struct pump *from, struct pump *to,
    enum result result, int error)
{
	from->source_reset = true;
	pump_stop(to);
	if (relay->grace_us != DEADLINE_NEVER)
		return;
	relay->grace_us = deadline_in_ms(RESET_GRACE_MS);
	relay->idle_us = relay->half_us = DEADLINE_NEVER;
	end(relay, result, error);
}

static void note_resets(struct relay *relay)
{
	struct pump *up = &relay->up, *down = &relay->down;

	if (up->source_reset || down->sink_failed)
		note_reset(relay, up, down, RESULT_CLIENT_RESET,
		    up->source_reset ? up->error : down->error);
	if (down->source_reset || up->sink_failed)
		note_reset(relay, down, up, RESULT_TARGET_RESET,
		    down->source_reset ? down->error : up->error);
}

/* poll() reported an error, or a hang-up where nothing was asked. */
static void look_at_end(struct relay *relay, enum place place)
{
	const struct pollfd *polled = &relay->fds[place];
	struct pump *from = place == TARGET ? &relay->down : &relay->up;
	struct pump *to = place == TARGET ? &relay->up : &relay->down;
	bool failed = polled->revents & POLLERR;
	int error = failed ? end_error(polled->fd) : 0;

	if (error)
		note_reset(relay, from, to,
		    place == TARGET ? RESULT_TARGET_RESET : RESULT_CLIENT_RESET,
		    error);
	else if (failed)
		end_empty_error_queue(polled->fd);
	else if (polled->revents & POLLHUP && to->discards)
		pump_stop(to); /* nobody is left who might send either */
	relay->muted[place] |= !error && !polled->events;
}

/* Grows when anything moves. */
static uint64_t moved(const struct relay *relay)
{
	return relay->up.read + relay->up.delivered + relay->down.read +
	       relay->down.delivered;
}

static bool is_half_closed(const struct relay *relay)
{
	return (relay->up.state == PUMP_DONE) !=
	       (relay->down.state == PUMP_DONE);
}

/* The time is looked at only where there is a limit, and something moved. */
static void derive_deadlines(struct relay *relay, bool has_moved)
{
	const struct settings *settings = relay->settings;

	if (relay->grace_us != DEADLINE_NEVER)
		return;
	if (settings->idle_timeout_ms && has_moved)
		relay->idle_us = deadline_in_ms(settings->idle_timeout_ms);
	if (settings->half_closed_timeout_ms && is_half_closed(relay) &&
	    (has_moved || relay->half_us == DEADLINE_NEVER))
		relay->half_us =
		    deadline_in_ms(settings->half_closed_timeout_ms);
}

static void step(struct relay *relay)
{
	struct pollfd *fds = relay->fds;
	uint64_t before = moved(relay);

	for (int i = 0; i < PLACES; i++)
		if (fds[i].fd >= 0 && (fds[i].revents & (POLLERR | POLLHUP) ||
					  (fds[i].revents && !fds[i].events)))
			look_at_end(relay, i);
	pump_step(&relay->up, fds[CLIENT_IN].revents);
	/* The error of a reset is told but once: down would see an end. */
	note_resets(relay);
	pump_step(&relay->down, fds[TARGET].revents);
	note_resets(relay);
	derive_deadlines(relay, before != moved(relay));
}

static void obey_signal(struct relay *relay)
{
	enum wait_order order = wait_order();

	if (order == WAIT_DRAIN && relay->drain_us == DEADLINE_NEVER) {
		relay->drain_us =
		    deadline_in_ms(relay->settings->drain_timeout_ms);
	} else if (order == WAIT_END || order == WAIT_DRAIN_OVER) {
		end(relay,
		    order == WAIT_END ? RESULT_TERMINATED : RESULT_DRAINED, 0);
		relay->over = true;
	}
}

static int64_t first_deadline(const struct relay *relay)
{
	return deadline_sooner(deadline_sooner(relay->idle_us, relay->half_us),
	    deadline_sooner(relay->drain_us, relay->grace_us));
}

static void obey_time(struct relay *relay)
{
	bool was_reset = relay->grace_us != DEADLINE_NEVER;
	int64_t now;

	if (first_deadline(relay) == DEADLINE_NEVER)
		return;
	now = deadline_now();

	if (now >= relay->drain_us && !was_reset)
		end(relay, RESULT_DRAINED, 0);
	else if (now >= relay->idle_us)
		end(relay, RESULT_IDLE_TIMEOUT, 0);
	else if (now >= relay->half_us)
		end(relay, RESULT_HALF_CLOSED, 0);
	relay->over |= now >= first_deadline(relay);
}

static bool is_done(const struct relay *relay)
{
	return relay->up.state == PUMP_DONE && relay->down.state == PUMP_DONE;
}

static void run(struct relay *relay)
{
	/* What the client sent first goes without a wait, and before all else.
	 */
	pump_step(&relay->up, 0);
	if (relay->settings->confine != CONFINE_REQUIRE) {
		tune_ends(relay->client, relay->target, &relay->record->address,
		    relay->settings);
		confine_relay(relay->settings);
	}
	record_show(relay->record);
	note_resets(relay);
	obey_signal(relay);
	while (!relay->over && !is_done(relay)) {
		int r;

		derive_polls(relay);
		r = wait_for(relay->fds, PLACES, first_deadline(relay));
		if (r > 0) {
			step(relay);
			/* There may be something to do for ever. */
			if (!is_done(relay))
				obey_time(relay);
		} else if (r == -EINTR) {
			obey_signal(relay);
		} else if (r == -ETIME) {
			obey_time(relay);
		} else {
			end(relay, RESULT_SYSTEM_ERROR, -r);
			relay->over = true;
		}
	}
}

/* The client's, which others may have too; a target is always dialled so. */
static void restore_blocking(const struct relay *relay)
{
	int off = 0;

	if (relay->up.unblocked || relay->down.unblocked)
		ioctl(relay->client->in, FIONBIO, &off);
}

void relay(const struct client *client, int target,
    const struct relay_start *start, const struct settings *settings,
    struct record *record)
{
	struct relay relay = {
	    .client = client,
	    .target = target,
	    .settings = settings,
	    .record = record,
	    .idle_us = settings->idle_timeout_ms
			   ? deadline_in_ms(settings->idle_timeout_ms)
			   : DEADLINE_NEVER,
	    .half_us = DEADLINE_NEVER,
	    .drain_us = DEADLINE_NEVER,
	    .grace_us = DEADLINE_NEVER,
	};

	pump_init_both(&relay.up, &relay.down, client, target, start->buffers,
	    start->offset, start->length);
	relay.up.sink_is_inet = address_is_inet(&record->address);
	record->result = RESULT_CLOSED;
	if (start->target_reset)
		note_reset(&relay, &relay.down, &relay.up, RESULT_TARGET_RESET,
		    start->target_reset);
	run(&relay);
	end_tell(client->out, target, record->result,
	    !relay.up.held && !relay.down.held, relay.grace_us);
	restore_blocking(&relay);
	pump_close(&relay.up);
	pump_close(&relay.down);
	record->bytes_up = relay.up.delivered;
	record->bytes_down = relay.down.delivered;
}
