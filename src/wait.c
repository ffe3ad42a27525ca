/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "deadline.h"
#include "wait.h"

static volatile sig_atomic_t terminations;
static volatile sig_atomic_t drain_is_over;
static volatile sig_atomic_t reload;
static sigset_t still_blocked; /* while waiting */

static void on_signal(int number)
{
	if (number == SIGTERM || number == SIGINT)
		terminations++;
	else if (number == SIGQUIT)
		drain_is_over = 1;
	else if (number == SIGHUP)
		reload = 1;
	/* SIGCHLD has done its work by ending the wait. */
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigfillset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void wait_setup(enum wait_role role)
{
	sigset_t blocked;

	sigemptyset(&still_blocked);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGCHLD);
	/*
	 * Handlers first: a signal that came before them is still pending in
	 * the mask that was inherited, and is not lost.
	 */
	handle(SIGPIPE, SIG_IGN);
	handle(SIGTERM, on_signal);
	if (role == WAIT_LISTENER) {
		handle(SIGINT, on_signal);
		handle(SIGQUIT, on_signal);
		handle(SIGHUP, on_signal);
		handle(SIGCHLD, on_signal);
	} else {
		/* A "pkill -HUP" is for the listener, not for a connection. */
		sigaddset(&still_blocked, SIGHUP);
	}
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

void wait_setup_forked_handler(void)
{
	terminations = 0;
	sigaddset(&still_blocked, SIGINT);
	sigaddset(&still_blocked, SIGHUP);
	sigaddset(&still_blocked, SIGCHLD);
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
	return ready ? ready : -ETIME;
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
