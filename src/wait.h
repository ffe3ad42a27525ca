/* SPDX-License-Identifier: MIT */
/*
 * Waiting, and the signals that end a wait.
 *
 * SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGCHLD are blocked except while
 * wait_for() waits, so none can arrive between a check and the wait that
 * follows it, and no other system call is ever interrupted.
 */
#ifndef WAIT_H
#define WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum wait_role {
	WAIT_HANDLER, /* one connection: SIGTERM; SIGHUP means nothing */
	WAIT_LISTENER /* the listener: also SIGINT, SIGHUP and SIGCHLD */
};

/*
 * Sets the signal mask and the dispositions that byte-proxy relies on,
 * whatever it inherited. In a listener, and in the handlers that it forks,
 * SIGINT is not theirs: a terminal sends it to all of them, and it is the
 * listener that decides what it means.
 */
void wait_setup(enum wait_role role);

/* What a handler forked by a listener changes in the above. */
void wait_setup_forked_handler(void);

/*
 * Waits until one of the descriptors is ready, the deadline is over or a
 * signal arrived. count may be 0. Returns the number of ready descriptors,
 * -ETIME when the deadline is over, -EINTR after a signal, or another negative
 * errno.
 */
int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline);

enum wait_order {
	WAIT_GO_ON,
	WAIT_DRAIN,     /* one SIGTERM: finish what runs, start nothing */
	WAIT_END,       /* a second one: end at once */
	WAIT_DRAIN_OVER /* SIGQUIT, from a listener to its handlers: likewise */
};

/* What the signals that came so far ask for. */
enum wait_order wait_order(void);

/* Whether SIGHUP has come since the last call. */
bool wait_take_reload(void);

#endif
