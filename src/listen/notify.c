/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../deadline.h"
#include "../fd.h"
#include "../text.h"
#include "notify.h"

#define STATUS_MS 1000
/* For handlers to end when told to, and for us after them. */
#define MARGIN_MS 2000

static int64_t watchdog_of_environment(void)
{
	const char *interval = getenv("WATCHDOG_USEC");
	const char *pid_text = getenv("WATCHDOG_PID");
	uint64_t us, pid;

	if (!interval || text_parse_number(interval, INT64_MAX, &us) < 0)
		return 0;
	if (pid_text && (text_parse_number(pid_text, INT32_MAX, &pid) < 0 ||
			    (pid_t)pid != getpid()))
		return 0;
	return (int64_t)us / 2;
}

void notify_init(struct notify *ret_notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*ret_notify = (struct notify){0};
	if (!path || address_parse_unix(path, &ret_notify->manager) < 0)
		return;
	ret_notify->watchdog_us = watchdog_of_environment();
}

bool notify_is_on(const struct notify *notify)
{
	return notify->manager.length > 0;
}

/*
 * Waits for room if it has to, since the manager acts on what it is told; but
 * not for ever.
 */
static void send_state(const struct notify *notify, const struct text *state)
{
	const struct timeval limit = {.tv_sec = 1};
	int fd CLEANUP_FD = -1;

	if (!notify_is_on(notify))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	sendto(fd, state->start, state->length, MSG_NOSIGNAL,
	    &notify->manager.any, notify->manager.length);
}

void notify_ready(const struct notify *notify)
{
	TEXT(state, 64);

	text_add(&state, "READY=1");
	send_state(notify, &state);
}

void notify_reloading(const struct notify *notify)
{
	TEXT(state, 64);

	text_add(&state, "RELOADING=1\nMONOTONIC_USEC=");
	text_add_number(&state, (uint64_t)deadline_now());
	send_state(notify, &state);
}

void notify_stopping(
    struct notify *notify, unsigned connections, uint32_t timeout_ms)
{
	TEXT(state, 128);

	notify->draining = true;
	notify->next_status_us = 0;
	text_add(&state, "STOPPING=1\nSTATUS=draining ");
	text_add_grouped(&state, connections);
	text_add(&state, connections == 1 ? " connection" : " connections");
	text_add(&state, "\nEXTEND_TIMEOUT_USEC=");
	text_add_number(&state, ((uint64_t)timeout_ms + MARGIN_MS) * 1000);
	send_state(notify, &state);
}

static void send_status(struct notify *notify)
{
	const struct notify_counts *counts = &notify->said;
	TEXT(state, 160);

	text_add(&state, notify->draining ? "STATUS=draining " : "STATUS=");
	text_add_grouped(&state, counts->connections);
	text_add(&state,
	    counts->connections == 1 ? " connection, " : " connections, ");
	text_add_grouped(&state, counts->served);
	text_add(&state, " served, ");
	text_add_grouped(&state, counts->refused);
	text_add(&state, " refused");
	send_state(notify, &state);
}

static bool is_news(
    const struct notify *notify, const struct notify_counts *counts)
{
	return notify->said.connections != counts->connections ||
	       notify->said.served != counts->served ||
	       notify->said.refused != counts->refused ||
	       !notify->next_status_us;
}

int64_t notify_tick(struct notify *notify, const struct notify_counts *counts)
{
	int64_t now, next = DEADLINE_NEVER;

	if (!notify_is_on(notify))
		return DEADLINE_NEVER;
	now = deadline_now();
	if (is_news(notify, counts)) {
		if (now >= notify->next_status_us) {
			notify->said = *counts;
			notify->next_status_us =
			    now + (int64_t)STATUS_MS * 1000;
			send_status(notify);
		} else {
			next = notify->next_status_us;
		}
	}
	if (!notify->watchdog_us)
		return next;
	if (now >= notify->next_watchdog_us) {
		TEXT(state, 16);

		text_add(&state, "WATCHDOG=1");
		send_state(notify, &state);
		notify->next_watchdog_us = now + notify->watchdog_us;
	}
	return deadline_sooner(next, notify->next_watchdog_us);
}
