/* SPDX-License-Identifier: MIT */
/*
 * Waiting, and the signals that end a wait.
 *
 * SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2 and SIGALRM are
 * blocked except while one of these functions waits, so none can arrive between
 * a check and the wait that follows it, and no other system call is ever
 * interrupted. Where something is ready at each wait, they are let in at some
 * of them. SIGPIPE is blocked for good.
 *
 * A listener tells its spares with SIGUSR2 to accept no more, and its handlers
 * with SIGQUIT that the drain is over. When it leaves them they get SIGUSR1,
 * and each has to end its drain itself.
 */
#ifndef WAIT_H
#define WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"

enum wait_role {
	WAIT_HANDLER, /* one connection: SIGTERM, SIGINT; no SIGHUP */
	WAIT_LISTENER /* the listener: also SIGHUP and SIGCHLD */
};

/*
 * Sets the signal mask and the dispositions that byte-proxy relies on,
 * whatever it inherited. In a listener, and in the handlers that it forks,
 * SIGINT is not theirs: a terminal sends it to all of them, and it is the
 * listener that decides what it means. Returns a negative errno if it cannot.
 */
int wait_setup(enum wait_role role);

/*
 * What a process forked by the process `listener` changes in the above. When
 * that ends it gets SIGUSR1, from which on it has drain_timeout_ms until
 * WAIT_DRAIN_OVER.
 */
void wait_setup_spare(pid_t listener, uint32_t drain_timeout_ms);

/*
 * Waits for a connection to the listening socket fd, which has to be blocking:
 * then the kernel wakes one process only for each (accept(2)). Any signal to a
 * spare ends the wait, closes fd for good, and loses no connection.
 *
 * Returns the connection, non-blocking and the caller's; -ECANCELED after a
 * signal, or another negative errno.
 */
int wait_accept(int fd, struct address *ret_peer);

/*
 * Waits until one of the descriptors is ready, the deadline is over or a
 * signal arrived. count may be 0. Returns the number of ready descriptors,
 * -ETIME when the deadline is over, -EINTR after a signal (what poll() reported
 * is to be asked again), or another negative errno. What is ready comes before
 * a deadline that is over.
 */
int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline);

/* Waits for the deadline or any signal but SIGCHLD. Returns as wait_for(). */
int wait_calmly(int64_t deadline);

enum wait_order {
	WAIT_GO_ON,
	WAIT_DRAIN,     /* one SIGTERM: finish what runs, start nothing */
	WAIT_END,       /* a second one: end at once */
	WAIT_DRAIN_OVER /* the drain has lasted as long as it may: likewise */
};

/* What the signals that came so far ask for. */
enum wait_order wait_order(void);

/* Whether SIGHUP has come since the last call. */
bool wait_take_reload(void);

#endif
