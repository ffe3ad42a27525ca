/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "deadline.h"
#include "wait.h"

/* So many waits that found something at once, before a look for signals. */
#define LOOK_WAITS 16

static volatile sig_atomic_t terminations;
static volatile sig_atomic_t drain_is_over;
static volatile sig_atomic_t reload;
static volatile sig_atomic_t accepting_fd = -1;
static sigset_t blocked;
static sigset_t still_blocked; /* while waiting */
static struct itimerval drain_timer;
static unsigned waits;

static void on_signal(int number)
{
	/* See wait_accept(). */
	if (accepting_fd >= 0) {
		close(accepting_fd);
		accepting_fd = -1;
	}
	if (number == SIGTERM || number == SIGINT)
		terminations++;
	else if (number == SIGQUIT || number == SIGALRM)
		drain_is_over = 1;
	else if (number == SIGUSR1)
		setitimer(ITIMER_REAL, &drain_timer, NULL);
	else if (number == SIGHUP)
		reload = 1;
	/* SIGCHLD and SIGUSR2 have done their work by ending the wait. */
}

static void handle(int number, void (*handler)(int), int *error)
{
	struct sigaction action = {.sa_handler = handler};

	sigfillset(&action.sa_mask);
	if (sigaction(number, &action, NULL) < 0)
		*error = -errno;
}

int wait_setup(enum wait_role role)
{
	int r = 0;

	sigemptyset(&still_blocked);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigaddset(&blocked, SIGALRM);
	/* Never wanted; to block it costs no call of its own. */
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&still_blocked, SIGPIPE);
	/*
	 * Handlers first: a signal that came before them is still pending in
	 * the mask that was inherited, and is not lost.
	 */
	handle(SIGTERM, on_signal, &r);
	handle(SIGINT, on_signal, &r);
	if (role == WAIT_LISTENER) {
		handle(SIGQUIT, on_signal, &r);
		handle(SIGHUP, on_signal, &r);
		handle(SIGCHLD, on_signal, &r);
		handle(SIGUSR1, on_signal, &r);
		handle(SIGUSR2, on_signal, &r);
		handle(SIGALRM, on_signal, &r);
		sigaddset(&still_blocked, SIGUSR1);
		sigaddset(&still_blocked, SIGUSR2);
	} else {
		/* A "pkill -HUP" is for the listener, not for a connection. */
		sigaddset(&still_blocked, SIGHUP);
	}
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0)
		r = -errno;
	return r;
}

void wait_setup_spare(pid_t listener, uint32_t drain_timeout_ms)
{
	terminations = 0;
	waits = 0;
	/* A timer of 0 would never end: the shortest one there is. */
	drain_timer.it_value.tv_sec = drain_timeout_ms / 1000;
	drain_timer.it_value.tv_usec = drain_timeout_ms % 1000 * 1000 + 1;
	sigdelset(&still_blocked, SIGUSR1);
	sigdelset(&still_blocked, SIGUSR2);
	sigaddset(&still_blocked, SIGINT);
	sigaddset(&still_blocked, SIGHUP);
	sigaddset(&still_blocked, SIGCHLD);
	/* So that it ends by itself, whatever ends the listener. */
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != listener)
		kill(getpid(), SIGUSR1);
}

/*
 * Between the mask and accept4() a signal would be lost: its handler closes
 * the socket, so that accept4() fails, whether or not it has begun.
 */
int wait_accept(int fd, struct address *ret_peer)
{
	int accepted, r;

	accepting_fd = fd;
	sigprocmask(SIG_SETMASK, &still_blocked, NULL);
	do {
		socklen_t length = sizeof(ret_peer->local);

		accepted = accept4(
		    fd, &ret_peer->any, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
		r = accepted < 0 ? -errno : accepted;
		/* Of a unix socket it may be one more (unix(7)). */
		ret_peer->length = length < sizeof(ret_peer->local)
				       ? length
				       : sizeof(ret_peer->local);
	} while (r == -EINTR && accepting_fd >= 0);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (r < 0 && accepting_fd < 0)
		r = -ECANCELED;
	accepting_fd = -1;
	return r;
}

/*
 * ppoll() delivers a signal only when it has to wait. Where something is
 * always ready it never does: so now and then it gets nothing to find.
 */
static bool signals_came(void)
{
	const struct timespec at_once = {0};

	return ++waits % LOOK_WAITS == 0 &&
	       ppoll(NULL, 0, &at_once, &still_blocked) < 0;
}

int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline)
{
	struct timespec left, *timeout = NULL;
	int ready;

	if (deadline != DEADLINE_NEVER) {
		int64_t us = deadline - deadline_now();

		if (us < 0)
			us = 0;
		left.tv_sec = us / 1000000;
		left.tv_nsec = us % 1000000 * 1000;
		timeout = &left;
	}
	ready = ppoll(fds, count, timeout, &still_blocked);
	if (ready < 0)
		return -errno;
	if (ready > 0 && signals_came())
		return -EINTR;
	return ready ? ready : -ETIME;
}

int wait_calmly(int64_t deadline)
{
	bool blocks = sigismember(&still_blocked, SIGCHLD);
	int r;

	sigaddset(&still_blocked, SIGCHLD);
	r = wait_for(NULL, 0, deadline);
	if (!blocks)
		sigdelset(&still_blocked, SIGCHLD);
	return r;
}

enum wait_order wait_order(void)
{
	if (drain_is_over)
		return WAIT_DRAIN_OVER;
	if (terminations > 1)
		return WAIT_END;
	return terminations ? WAIT_DRAIN : WAIT_GO_ON;
}

bool wait_take_reload(void)
{
	bool taken = reload;

	reload = 0;
	return taken;
}
