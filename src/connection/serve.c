/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../deadline.h"
#include "../fd.h"
#include "../large.h"
#include "../record/log.h"
#include "confine.h"
#include "dial.h"
#include "end.h"
#include "origin.h"
#include "proxied.h"
#include "relay.h"
#include "serve.h"
#include "targets.h"
#include "tune.h"

/*
 * One recv of this size: enough for what most clients send first, so that it
 * reaches the target in one segment with the first byte stripped.
 */
#define FIRST_CHUNK_BYTES ((size_t)16 * 1024 - HEADROOM_BYTES)

/*
 * In front of it, for a PROXY header, which goes out in one segment with it.
 * Both together have as many pages as the chunk alone would.
 */
#define HEADROOM_BYTES ((size_t)256)

/* Of the process's one connection; untouched pages of them cost nothing. */
static char buffer[PUMP_BUFFER_BYTES] LARGE;
static char second_buffer[PUMP_BUFFER_BYTES] LARGE;
static struct proxied proxied LARGE;

_Static_assert(HEADROOM_BYTES >= PROXY_HEADER_WRITTEN_MAX &&
		   PUMP_BUFFER_BYTES >=
		       HEADROOM_BYTES + PROXIED_BUFFER_BYTES(FIRST_CHUNK_BYTES),
    "no room for a PROXY header");

static enum result no_first_byte(ssize_t n, struct record *record)
{
	switch (n) {
	case 0:
		return RESULT_NO_BYTE;
	case -ETIME:
		return RESULT_FIRST_BYTE_TIMEOUT;
	case -ECANCELED:
		return RESULT_TERMINATED;
	case -EBADMSG:
		record->error = proxied.why;
		return RESULT_BAD_PROXY_HEADER;
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

/* Whose address that is, where a target is to see it. */
static void find_origin(const struct settings *settings,
    const struct client *client, struct origin *ret_origin)
{
	struct address from = {0}, dialled;

	/* Else its page is not touched. */
	if (settings->transparent)
		from = proxied.ends.client;
	if (settings->transparent && !from.length)
		client_ends(client, &from, &dialled);
	origin_choose(settings, &from, ret_origin);
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
	int fd, error;

	find_origin(settings, client, &dialer.origin);
	fd = targets_dial(&dialer, route,
	    deadline_after(start_us, settings->connect_timeout_ms), &dialed,
	    &target);
	record->target = target->text;
	record->error = dialed.error;
	if (fd < 0) {
		record->result = not_connected(fd);
		error = fd == -ENOTCONN ? end_error(client->in) : 0;
		if (error)
			record->error = strerror(error);
		return fd;
	}
	record->error = NULL;
	record->address = dialed.address;
	*ret_reset = dialed.reset;
	record->connect_us = deadline_now() - start_us;
	log_debug("connected", "client", record->client, "target", target->text,
	    NULL);
	return fd;
}

/*
 * Receives what the client sends first, to *ret_at in the buffer. Returns its
 * length, or what no_first_byte() tells apart.
 */
static ssize_t receive_first(const struct settings *settings,
    const struct client *client, struct record *record, bool *ret_waited,
    size_t *ret_at)
{
	const int64_t deadline =
	    deadline_after(record->start_us, settings->first_byte_timeout_ms);
	char *chunk = buffer + HEADROOM_BYTES;
	size_t skip = 0;
	ssize_t n;

	if (!settings->accept_proxy) {
		n = client_first_chunk(
		    client, chunk, FIRST_CHUNK_BYTES, deadline, ret_waited);
	} else {
		n = proxied_receive(client, chunk, FIRST_CHUNK_BYTES, deadline,
		    settings->log_address, ret_waited, &skip, &proxied);
		if (proxied.ends.client.length) {
			record->client = proxied.name[0] ? proxied.name : NULL;
			record->peer = client_name(client);
		}
	}
	*ret_at = HEADROOM_BYTES + skip;
	return n;
}

/* The header that the target of a route gets. */
static enum proxy_protocol proxy_version_of(
    const struct settings *settings, const struct route *route)
{
	return route->proxy_protocol
		   ? (enum proxy_protocol)(route->proxy_protocol - 1)
		   : settings->proxy_protocol;
}

/*
 * Begins the relay with what the client sent, but for its byte where the route
 * strips it, behind a PROXY header where the target gets one. Returns the
 * length of that.
 */
static size_t begin(enum proxy_protocol version, const struct route *route,
    const struct client *client, struct relay_start *start)
{
	const uint8_t byte = (uint8_t)buffer[start->offset];
	size_t header = 0;

	if (!route->keep) {
		start->offset++;
		start->length--;
	}
	if (version != PROXY_PROTOCOL_OFF)
		header = proxied_prepend(
		    version, client, &proxied, byte, buffer + start->offset);
	start->offset -= header;
	start->length += header;
	return header;
}

/* Returns whether the connection reached the relay, which has ended it. */
static bool serve_until_end(const struct config *config,
    const struct client *client, struct record *record)
{
	const struct settings *settings = &config->settings;
	struct relay_start start = {.buffers = {buffer, second_buffer}};
	const struct route *route;
	size_t header;
	bool waited;
	ssize_t n;

	log_debug(
	    "waiting for the first byte", "client", client_name(client), NULL);
	n = receive_first(settings, client, record, &waited, &start.offset);
	if (n <= 0) {
		record->result = no_first_byte(n, record);
		return false;
	}
	start.length = (size_t)n;
	record->byte = (unsigned char)buffer[start.offset];
	route = routes_find(&config->routes, (uint8_t)record->byte);
	if (!route) {
		record->result = RESULT_NO_ROUTE;
		return false;
	}
	header =
	    begin(proxy_version_of(settings, route), route, client, &start);

	int target CLEANUP_FD = connect_target(settings, route, client,
	    waited ? deadline_now() : record->start_us, record,
	    &start.target_reset);
	if (target < 0)
		return false;
	/* Else it is the relay that does it, after the first bytes. */
	if (settings->confine == CONFINE_REQUIRE) {
		tune_ends(client, target, &record->address, settings);
		record->error = confine_relay(settings);
	}
	if (record->error) {
		record->result = RESULT_SYSTEM_ERROR;
		return false;
	}
	relay(client, target, &start, settings, record);
	/* The header is none of the client's bytes. */
	record->bytes_up -=
	    record->bytes_up < header ? record->bytes_up : header;
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

enum result serve_nobody(const struct client *client, int error)
{
	struct record record = {.result = error == -ENOTCONN
					      ? RESULT_CLIENT_RESET
					      : RESULT_SYSTEM_ERROR,
	    .client = client_name(client),
	    .byte = -1,
	    .connect_us = -1,
	    .start_us = deadline_now(),
	    .error = strerror(-error)};

	record_write(&record);
	return record.result;
}
