/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../deadline.h"
#include "../fd.h"
#include "../large.h"
#include "../record/log.h"
#include "confine.h"
#include "dial.h"
#include "origin.h"
#include "relay.h"
#include "serve.h"
#include "targets.h"

/*
 * One recv of this size: enough for what most clients send first, so that it
 * reaches the target in one segment with the first byte stripped.
 */
#define FIRST_CHUNK_BYTES ((size_t)16 * 1024)

/* Of the process's one connection; untouched pages of them cost nothing. */
static char buffer[PUMP_BUFFER_BYTES] LARGE;
static char second_buffer[PUMP_BUFFER_BYTES] LARGE;

static enum result no_first_byte(ssize_t n, struct record *record)
{
	switch (n) {
	case 0:
		return RESULT_NO_BYTE;
	case -ETIME:
		return RESULT_FIRST_BYTE_TIMEOUT;
	case -ECANCELED:
		return RESULT_TERMINATED;
	case -ECONNRESET:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EPIPE:
	case -ETIMEDOUT:
		record->error = strerror((int)-n);
		return RESULT_CLIENT_RESET;
	default:
		record->error = strerror((int)-n);
		return RESULT_SYSTEM_ERROR;
	}
}

static enum result not_connected(int r)
{
	switch (r) {
	case -ETIME:
		return RESULT_CONNECT_TIMEOUT;
	case -ECANCELED:
		return RESULT_TERMINATED;
	case -ENOTCONN:
		return RESULT_CLIENT_RESET;
	case -EAGAIN: /* of fork(2) */
	case -ECHILD: /* that was killed */
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
	case -ENOMEM:
		return RESULT_SYSTEM_ERROR;
	default:
		return RESULT_CONNECT_FAILED;
	}
}

/* Who is at the other end, where that decides what a target sees. */
static void find_origin(const struct settings *settings,
    const struct client *client, struct origin *ret_origin)
{
	struct address peer = {0};

	if (settings->transparent && client->is_inet) {
		peer.length = sizeof(peer.local);
		getpeername(client->in, &peer.any, &peer.length);
	}
	origin_choose(settings, &peer, ret_origin);
}

/* Connects to the route's target. Returns its descriptor or a result < 0. */
static int connect_target(const struct settings *settings,
    const struct route *route, const struct client *client, int64_t start_us,
    struct record *record, int *ret_reset)
{
	struct dialer dialer = {.settings = settings,
	    .watch_fd = client->is_socket ? client->in : -1};
	struct dialed dialed = {0};
	const struct target *target = &route->targets[0];
	int fd;

	find_origin(settings, client, &dialer.origin);
	fd = targets_dial(&dialer, route,
	    deadline_after(start_us, settings->connect_timeout_ms), &dialed,
	    &target);
	record->target = target->text;
	record->error = dialed.error;
	if (fd < 0) {
		record->result = not_connected(fd);
		return fd;
	}
	record->error = NULL;
	record->address = dialed.address;
	*ret_reset = dialed.reset;
	record->connect_us = deadline_now() - start_us;
	log_debug("connected", "client", client_name(client), "target",
	    target->text, NULL);
	return fd;
}

/* Returns whether the connection reached the relay, which has ended it. */
static bool serve_until_end(const struct config *config,
    const struct client *client, struct record *record)
{
	const struct settings *settings = &config->settings;
	struct relay_start start = {.buffers = {buffer, second_buffer}};
	const struct route *route;
	bool waited;
	ssize_t n;

	log_debug(
	    "waiting for the first byte", "client", client_name(client), NULL);
	n = client_first_chunk(client, buffer, FIRST_CHUNK_BYTES,
	    deadline_after(record->start_us, settings->first_byte_timeout_ms),
	    &waited);
	if (n <= 0) {
		record->result = no_first_byte(n, record);
		return false;
	}
	record->byte = (unsigned char)buffer[0];
	route = routes_find(&config->routes, (uint8_t)record->byte);
	if (!route) {
		record->result = RESULT_NO_ROUTE;
		return false;
	}
	int target CLEANUP_FD = connect_target(settings, route, client,
	    waited ? deadline_now() : record->start_us, record,
	    &start.target_reset);
	if (target < 0)
		return false;
	/* Else it is the relay that does it, after the first bytes. */
	if (settings->confine == CONFINE_REQUIRE)
		record->error = confine_relay(CONFINE_REQUIRE);
	if (record->error) {
		record->result = RESULT_SYSTEM_ERROR;
		return false;
	}
	start.offset = route->keep ? 0 : 1;
	start.length = (size_t)n - start.offset;
	relay(client, target, &start, settings, record);
	return true;
}

enum result serve(const struct config *config, const struct client *client)
{
	struct record record = {.client = client_name(client),
	    .byte = -1,
	    .connect_us = -1,
	    .start_us = deadline_now()};

	if (!serve_until_end(config, client, &record))
		client_finish(client, buffer, sizeof(buffer));
	record_write(&record);
	return record.result;
}

enum result serve_refused(const struct client *client)
{
	struct record record = {.result = RESULT_SOURCE_LIMIT,
	    .client = client_name(client),
	    .byte = -1,
	    .connect_us = -1,
	    .start_us = deadline_now()};

	client_refuse(client, buffer, sizeof(buffer));
	record_write(&record);
	return record.result;
}

enum result serve_nobody(const struct client *client)
{
	struct record record = {.result = RESULT_CLIENT_RESET,
	    .client = client_name(client),
	    .byte = -1,
	    .connect_us = -1,
	    .start_us = deadline_now(),
	    .error = strerror(ENOTCONN)};

	record_write(&record);
	return record.result;
}
