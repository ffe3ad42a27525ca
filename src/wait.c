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

#define LOOK_MS 20 /* for signals, where there is always something to do */

static volatile sig_atomic_t terminations;
static volatile sig_atomic_t drain_is_over;
static volatile sig_atomic_t reload;
static sigset_t still_blocked; /* while waiting */
static struct itimerval drain_timer;
static int64_t next_look_us;

static void on_signal(int number)
{
	if (number == SIGTERM || number == SIGINT)
		terminations++;
	else if (number == SIGQUIT || number == SIGALRM)
		drain_is_over = 1;
	else if (number == SIGUSR1)
		setitimer(ITIMER_REAL, &drain_timer, NULL);
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
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGALRM);
	/* Never wanted; to block it costs no call of its own. */
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&still_blocked, SIGPIPE);
	/*
	 * Handlers first: a signal that came before them is still pending in
	 * the mask that was inherited, and is not lost.
	 */
	handle(SIGTERM, on_signal);
	handle(SIGINT, on_signal);
	if (role == WAIT_LISTENER) {
		handle(SIGQUIT, on_signal);
		handle(SIGHUP, on_signal);
		handle(SIGCHLD, on_signal);
		handle(SIGUSR1, on_signal);
		handle(SIGALRM, on_signal);
		sigaddset(&still_blocked, SIGUSR1);
	} else {
		/* A "pkill -HUP" is for the listener, not for a connection. */
		sigaddset(&still_blocked, SIGHUP);
	}
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

void wait_setup_forked_handler(pid_t listener, uint32_t drain_timeout_ms)
{
	terminations = 0;
	next_look_us = 0;
	/* So that it ends its drain by itself, whatever ends the listener. */
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != listener)
		raise(SIGUSR1);
	/* A timer of 0 would never end: the shortest one there is. */
	drain_timer.it_value.tv_sec = drain_timeout_ms / 1000;
	drain_timer.it_value.tv_usec = drain_timeout_ms % 1000 * 1000 + 1;
	sigdelset(&still_blocked, SIGUSR1);
	sigaddset(&still_blocked, SIGINT);
	sigaddset(&still_blocked, SIGHUP);
	sigaddset(&still_blocked, SIGCHLD);
}

/*
 * ppoll() delivers a signal only when it has to wait. Where something is
 * always ready it never does: so now and then it gets nothing to find.
 */
static bool signals_came(void)
{
	const struct timespec at_once = {0};
	int64_t now = deadline_now();
	bool look = next_look_us && now >= next_look_us;

	if (look || !next_look_us)
		next_look_us = now + (int64_t)LOOK_MS * 1000;
	return look && ppoll(NULL, 0, &at_once, &still_blocked) < 0;
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
