/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "../deadline.h"
#include "../fd.h"
#include "../wait.h"
#include "dial.h"
#include "origin.h"
#include "resolve.h"

#define ATTEMPT_DELAY_MS 250 /* RFC 8305, section 5 and 8 */
#define BACKLOG_RETRY_MS 5

/* The attempts under way. fds[0] is the client; those behind are ours. */
struct race {
	struct dialer *dialer;
	const struct address *list;
	unsigned count;  /* of addresses */
	unsigned next;   /* the next address to try */
	int64_t next_us; /* when, unless an attempt fails before */
	int error;       /* of the last attempt that failed */
	bool refused;    /* one of them was */
	int reset;       /* errno of the winner, if it was reset again */
	nfds_t running;  /* entries of fds in use, the client's among them */
	struct pollfd fds[1 + RESOLVE_ADDRESSES_MAX];
	const struct address *of[1 + RESOLVE_ADDRESSES_MAX];
};

/* A unix socket that is not there yet is a target that has not started. */
static void note_error(struct race *race, int error)
{
	race->error = error;
	race->refused |= error == -ECONNREFUSED || error == -ENOENT;
}

/* A wait that was interrupted: goes on, or is cancelled. */
static int interrupted(void)
{
	return wait_order() == WAIT_GO_ON ? 0 : -ECANCELED;
}

int dial_pause(struct dialer *dialer, int64_t until)
{
	for (;;) {
		struct pollfd client = {.fd = dialer->watch_fd};
		int r = wait_for(&client, 1, until);

		if (r == -ETIME)
			return 0;
		if (r == -EINTR && interrupted() < 0)
			return -ECANCELED;
		if (r > 0 && client.revents & POLLERR)
			return -ENOTCONN;
		if (r > 0)
			dialer->watch_fd = -1; /* hung up, with no error */
		if (r < 0 && r != -EINTR)
			return r;
	}
}

/*
 * connect() to a unix socket whose backlog is full gives EAGAIN, and poll()
 * cannot wait for room (connect(2)): so it is tried again until the deadline.
 */
static int connect_patiently(struct dialer *dialer, int fd,
    const struct address *address, int64_t deadline)
{
	for (;;) {
		int64_t again;
		int r;

		if (connect(fd, &address->any, address->length) == 0)
			return 0;
		if (errno != EAGAIN || address->any.sa_family != AF_UNIX)
			return -errno;
		again = deadline_in_ms(BACKLOG_RETRY_MS);
		if (again > deadline)
			return -ETIME;
		r = dial_pause(dialer, again);
		if (r < 0)
			return r;
	}
}

/*
 * Starts one attempt. Returns 0 when it is connected, -EINPROGRESS when it is
 * on its way (*ret_fd is set in both cases), or what ended it.
 */
static int start(struct dialer *dialer, const struct address *address,
    int64_t deadline, int *ret_fd)
{
	const int family = address->any.sa_family;
	int r;
	int fd CLEANUP_FD =
	    socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	r = origin_bind(&dialer->origin, fd, family);
	if (r == 0)
		r = connect_patiently(dialer, fd, address, deadline);
	if (r == 0 || r == -EINPROGRESS)
		*ret_fd = fd_take(&fd);
	return r;
}

/* Starts the next attempt. Returns its descriptor if it is connected, or -1. */
static int start_next(struct race *race, int64_t deadline)
{
	const struct address *address = &race->list[race->next++];
	int fd = -1;
	int r = start(race->dialer, address, deadline, &fd);

	race->fds[0].fd = race->dialer->watch_fd;
	if (r < 0 && r != -EINPROGRESS) {
		note_error(race, r);
		return -1;
	}
	race->of[race->running] = address;
	race->fds[race->running++] =
	    (struct pollfd){.fd = fd, .events = POLLOUT};
	if (race->next < race->count)
		race->next_us = deadline_in_ms(ATTEMPT_DELAY_MS);
	return r == 0 ? fd : -1;
}

/* Takes the attempt at index i out of the race. */
static void drop(struct race *race, nfds_t i)
{
	race->running--;
	race->fds[i] = race->fds[race->running];
	race->of[i] = race->of[race->running];
}

/*
 * Looks at the attempts that poll() reported. Returns the descriptor of one
 * that is connected, or -1.
 */
static int find_winner(struct race *race)
{
	for (nfds_t i = race->running - 1; i > 0; i--) {
		int fd = race->fds[i].fd;
		int error = 0;
		socklen_t length = sizeof(error);

		if (!race->fds[i].revents)
			continue;
		if (!(race->fds[i].revents & (POLLERR | POLLHUP)))
			return fd;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
		/* After the handshake: it is connected, or was. */
		if (!error || error == ECONNRESET || error == EPIPE) {
			race->reset = error;
			return fd;
		}
		note_error(race, -error);
		race->next_us = 0;
		close(fd);
		drop(race, i);
	}
	return -1;
}

/* Waits for something to happen. Returns a winner, -1, or what ends it. */
static int wait_for_winner(struct race *race, int64_t deadline)
{
	int64_t until = deadline;
	int r;

	if (race->next < race->count)
		until = deadline_sooner(deadline, race->next_us);
	r = wait_for(race->fds, race->running, until);
	if (r == -EINTR)
		return interrupted() < 0 ? -ECANCELED : -1;
	if (r == -ETIME)
		return until == deadline ? -ETIME : -1;
	if (r < 0)
		return r;
	if (race->fds[0].revents & POLLERR)
		return -ENOTCONN;
	if (race->fds[0].revents) /* hung up, with no error: see resolve */
		race->fds[0].fd = race->dialer->watch_fd = -1;
	return find_winner(race);
}

static int run(struct race *race, int64_t deadline)
{
	int fd = -1;

	while (fd == -1) {
		if (race->next < race->count &&
		    (race->running == 1 || deadline_now() >= race->next_us)) {
			fd = start_next(race, deadline);
			if (fd == -1 && (race->error == -ECANCELED ||
					    race->error == -ENOTCONN))
				return race->error;
		} else if (race->running == 1) {
			return race->error;
		} else {
			fd = wait_for_winner(race, deadline);
		}
	}
	return fd;
}

static int connect_first(struct dialer *dialer, const struct address *list,
    unsigned count, int64_t deadline, struct dialed *ret_dialed)
{
	struct race race = {.dialer = dialer,
	    .list = list,
	    .count = count,
	    .error = -EADDRNOTAVAIL,
	    .running = 1};
	int fd;

	race.fds[0] = (struct pollfd){.fd = dialer->watch_fd};
	fd = run(&race, deadline);
	for (nfds_t i = 1; i < race.running; i++) {
		if (race.fds[i].fd == fd)
			ret_dialed->address = *race.of[i];
		else
			close(race.fds[i].fd);
	}
	ret_dialed->reset = race.reset;
	ret_dialed->refused = race.refused;
	return fd;
}

int dial(struct dialer *dialer, const struct target *target, int64_t deadline,
    struct dialed *ret_dialed)
{
	struct resolved resolved;
	int r;

	ret_dialed->refused = false;
	if (!target->host) {
		r = connect_first(
		    dialer, &target->address, 1, deadline, ret_dialed);
	} else {
		r = resolve(target->host, target->port, dialer->settings,
		    deadline, dialer->watch_fd, &resolved);
		if (r == 0 && resolved.error) {
			ret_dialed->error = gai_strerror(resolved.error);
			return resolved.error == EAI_MEMORY ? -ENOMEM
							    : -EHOSTUNREACH;
		}
		if (r == 0)
			r = connect_first(dialer, resolved.list, resolved.count,
			    deadline, ret_dialed);
	}
	if (r < 0)
		ret_dialed->error = strerror(r == -ETIME ? ETIMEDOUT : -r);
	return r;
}
