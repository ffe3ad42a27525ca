/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../deadline.h"
#include "../record/log.h"
#include "../wait.h"
#include "children.h"
#include "listen.h"
#include "notify.h"
#include "trouble.h"

#define KILL_MS           1000 /* for handlers to end when told to */
#define ACCEPTS_PER_ROUND 16
#define QUEUE_MAX         4096 /* net.core.somaxconn's default */

enum phase {
	ACCEPTING,
	EMPTYING, /* the queue, after SIGTERM */
	DRAINING, /* the port is given up; waiting for the handlers */
	LEAVING,  /* the service manager has the port; they drain themselves */
	ENDING,   /* they were told to end */
	GONE
};

struct listener {
	enum phase phase;
	struct sockets *sockets;
	enum listen_owner owner;
	struct config *config;
	struct listen_reload reload;
	struct notify notify;
	struct trouble trouble;
	int64_t phase_us;  /* when the phase ends at the latest */
	unsigned to_empty; /* accepts left in EMPTYING: new ones may come in */
	/* Accepted, and without a process since fork() failed; -1: none. */
	int waiting;
	struct address waiting_peer;
	struct pollfd polls[INHERITED_LISTENERS_MAX];
};

/* Outside of the above: most of its pages are never touched. */
static struct children children;

static void log_number(
    int level, const char *message, const char *key, uint64_t number)
{
	TEXT(text, 24);

	text_add_number(&text, number);
	log_say(level, message, key, text.start, NULL);
}

static void log_addresses(const struct sockets *sockets)
{
	for (int i = 0; i < sockets->count; i++) {
		struct address address;
		socklen_t length = sizeof(address.local);
		TEXT(text, 160);
		TEXT(name, 256);

		if (getsockname(sockets->fds[i], &address.any, &length) < 0)
			continue;
		address.length = length;
		address_add_to(&address, &text);
		sockets_add_name(sockets, i, &name);
		log_say(LOG_INFO, "listening", "address", text.start, "name",
		    name.length ? name.start : NULL, NULL);
	}
}

static void reload(struct listener *listener)
{
	struct listen_reload *reload = &listener->reload;
	struct config *old = listener->config;
	TEXT(why, 1024);

	notify_reloading(&listener->notify);
	if (config_load(reload->argc, reload->argv, environ, reload->spare,
		&why) == CONFIG_GOOD) {
		listener->config = reload->spare;
		reload->spare = old;
		log_choose(listener->config->settings.log_to,
		    listener->config->settings.debug);
		log_number(LOG_INFO, "reloaded", "routes",
		    listener->config->routes.count);
	} else {
		log_say(LOG_ERR, "reload refused", "error", why.start, NULL);
	}
	notify_ready(&listener->notify);
}

/*
 * Forks the process of the waiting connection. Returns true in the new
 * process only.
 */
static bool fork_handler(struct listener *listener)
{
	pid_t self = getpid();
	pid_t pid = fork();

	if (pid < 0) {
		trouble_note(&listener->trouble, "fork failed", errno);
		return false;
	}
	if (pid == 0) {
		sockets_close(listener->sockets);
		wait_setup_forked_handler(
		    self, listener->config->settings.drain_timeout_ms);
		return true;
	}
	children_add(&children, pid);
	close(listener->waiting);
	listener->waiting = -1;
	return false;
}

/* Accepts into listener->waiting. Returns 0 or a negative errno. */
static int accept_one(struct listener *listener, int fd)
{
	struct address *peer = &listener->waiting_peer;
	socklen_t length = sizeof(peer->local);
	int accepted =
	    accept4(fd, &peer->any, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (accepted < 0)
		return -errno;
	peer->length = length;
	listener->waiting = accepted;
	if (listener->phase == EMPTYING)
		listener->to_empty--;
	return 0;
}

static bool is_full(const struct listener *listener)
{
	return children.count >= listener->config->settings.max_connections;
}

/* Whether to accept now. */
static bool can_accept(const struct listener *listener)
{
	return listener->phase <= EMPTYING && listener->waiting < 0 &&
	       !is_full(listener) && trouble_is_over(&listener->trouble);
}

/*
 * Accepts from one socket what is there. Returns true in a new handler;
 * *ret_left tells whether something may be left in the queue.
 */
static bool accept_some(struct listener *listener, int fd, bool *ret_left)
{
	for (int i = 0; i < ACCEPTS_PER_ROUND && can_accept(listener); i++) {
		int r = accept_one(listener, fd);

		if (r == -EAGAIN)
			return false;
		if (r == 0) {
			if (fork_handler(listener))
				return true;
		} else if (r == -EBADF || r == -EINVAL || r == -ENOTSOCK) {
			log_say(LOG_ERR, "accept failed", "error", strerror(-r),
			    NULL);
			listener->phase = GONE;
			return false;
		} else {
			trouble_note(&listener->trouble, "accept failed", -r);
			if (trouble_is_of_one_connection(-r))
				listener->trouble.paused_us = 0;
		}
	}
	*ret_left = true;
	return false;
}

static bool accept_all(struct listener *listener)
{
	const struct sockets *sockets = listener->sockets;
	bool left = listener->waiting >= 0;

	if (left && trouble_is_over(&listener->trouble) &&
	    fork_handler(listener))
		return true;
	for (int i = 0; i < sockets->count; i++) {
		if (listener->phase == ACCEPTING && !listener->polls[i].revents)
			continue;
		if (accept_some(listener, sockets->fds[i], &left))
			return true;
	}
	if (listener->phase == EMPTYING && (!left || !listener->to_empty))
		sockets_close(listener->sockets);
	return false;
}

static void tell_to_end(struct listener *listener)
{
	listener->phase_us = deadline_in_ms(KILL_MS);
	if (listener->phase == ENDING) {
		children_signal(&children, SIGKILL);
		return;
	}
	sockets_close(listener->sockets);
	if (listener->waiting >= 0)
		close(listener->waiting);
	listener->waiting = -1;
	children_signal(&children, SIGQUIT);
	listener->phase = ENDING;
}

/*
 * With a service manager that holds the sockets, nothing is lost and nobody
 * has to wait when this process leaves them at once: what is in their queues is
 * for the next one, which can start as soon as this one is gone.
 */
static void begin_to_drain(struct listener *listener)
{
	uint32_t drain_ms = listener->config->settings.drain_timeout_ms;

	log_number(LOG_INFO, "draining", "connections", children.count);
	notify_stopping(&listener->notify, children.count, drain_ms);
	listener->phase_us = deadline_in_ms(drain_ms);
	if (listener->owner == LISTEN_OF_MANAGER &&
	    notify_is_on(&listener->notify)) {
		sockets_close(listener->sockets);
		listener->phase = LEAVING;
		return;
	}
	if (listener->owner == LISTEN_OURS)
		sockets_refuse_new(listener->sockets);
	listener->phase = EMPTYING;
	listener->to_empty = QUEUE_MAX;
}

static void obey_signals(struct listener *listener)
{
	if (wait_take_reload())
		reload(listener);
	children_reap(&children);
	if (wait_order() >= WAIT_END && listener->phase < ENDING)
		tell_to_end(listener);
	else if (wait_order() == WAIT_DRAIN && listener->phase == ACCEPTING)
		begin_to_drain(listener);
}

static void next_phase(struct listener *listener)
{
	if (listener->phase == EMPTYING && !listener->sockets->count)
		listener->phase = DRAINING;
	if (listener->phase == LEAVING && listener->waiting < 0) {
		listener->phase = GONE;
		return;
	}
	if (listener->phase >= DRAINING && !children.count &&
	    listener->waiting < 0)
		listener->phase = GONE;
	else if (listener->phase != ACCEPTING &&
		 deadline_now() >= listener->phase_us)
		tell_to_end(listener);
}

/* Waits for connections where they can be taken, and for signals. */
static void wait_for_events(struct listener *listener)
{
	const struct sockets *sockets = listener->sockets;
	const struct notify_counts counts = {
	    children.count, children.served, children.refused};
	int64_t until = deadline_sooner(
	    listener->phase_us, notify_tick(&listener->notify, &counts));
	bool accepting = can_accept(listener);
	int r;

	for (int i = 0; i < sockets->count; i++)
		listener->polls[i] = (struct pollfd){
		    .fd = accepting ? sockets->fds[i] : -1, .events = POLLIN};
	if (accepting && listener->phase == EMPTYING)
		until = 0;
	else if (listener->waiting >= 0 ||
		 (listener->phase <= EMPTYING && !accepting &&
		     !is_full(listener)))
		until = deadline_sooner(until, listener->trouble.paused_us);
	r = wait_for(listener->polls, (nfds_t)sockets->count, until);
	if (r < 0)
		for (int i = 0; i < sockets->count; i++)
			listener->polls[i].revents = 0;
	obey_signals(listener);
}

enum listen_verdict listen_run(struct sockets *sockets, enum listen_owner owner,
    struct config *config, const struct listen_reload *reload,
    struct client *ret_client, const struct config **ret_config)
{
	struct listener listener = {
	    .sockets = sockets,
	    .owner = owner,
	    .config = config,
	    .reload = *reload,
	    .waiting = -1,
	    .phase_us = DEADLINE_NEVER,
	};

	notify_init(&listener.notify);
	log_addresses(sockets);
	notify_ready(&listener.notify);
	while (listener.phase != GONE) {
		wait_for_events(&listener);
		if (accept_all(&listener)) {
			client_accepted(listener.waiting,
			    &listener.waiting_peer, ret_client);
			*ret_config = listener.config;
			return LISTEN_CONNECTION;
		}
		next_phase(&listener);
	}
	if (wait_order() == WAIT_GO_ON)
		return LISTEN_BROKEN;
	log_number(LOG_INFO, "stopped", "served", children.served);
	return LISTEN_DRAINED;
}
