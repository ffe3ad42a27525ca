/* SPDX-License-Identifier: MIT */
/*
 * Processes are forked ahead, and wait in accept(): a connection finds one that
 * is ready, and the kernel wakes no other. This process never accepts. It
 * learns from a pipe which of them have a connection, forks as many again,
 * reaps, and looks no more often than it has to: a wait for the next report or
 * death would wake it several times for each connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../deadline.h"
#include "../record/log.h"
#include "../wait.h"
#include "listen.h"
#include "notify.h"
#include "pool.h"

#define KILL_MS   1000 /* for handlers to end when told to */
#define RETIRE_MS 1000 /* for spares; a reload is done then all the same */
#define QUEUE_MAX 4096 /* net.core.somaxconn's default */
#define SHAKE_MS  100  /* for handshakes that have begun to be finished */

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
	struct pool pool;
	int64_t phase_us;  /* when the phase ends at the latest */
	uint64_t emptied;  /* so many accepted is the end of EMPTYING */
	int64_t shaken_us; /* and not before that */
	bool looks_calmly; /* something was done: more at once will come */
	/* A reload is done when all the spares of before it are gone. */
	int64_t reloaded_us; /* or then; DEADLINE_NEVER: there is none */
	uint32_t reloaded;   /* the serial of the first spare after it */
};

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

static void end_reload(struct listener *listener)
{
	listener->reloaded_us = DEADLINE_NEVER;
	log_number(
	    LOG_INFO, "reloaded", "routes", listener->config->routes.count);
	notify_ready(&listener->notify);
}

static void reload(struct listener *listener)
{
	struct listen_reload *reload = &listener->reload;
	struct config *old = listener->config;
	TEXT(why, 1024);

	notify_reloading(&listener->notify);
	if (config_load(reload->argc, reload->argv, environ, reload->spare,
		&why) != CONFIG_GOOD) {
		log_say(LOG_ERR, "reload refused", "error", why.start, NULL);
		notify_ready(&listener->notify);
		return;
	}
	listener->config = reload->spare;
	reload->spare = old;
	sockets_tune_anew(
	    listener->sockets, &old->settings, &listener->config->settings);
	pool_note_queues(&listener->pool);
	log_choose(listener->config->settings.log_to,
	    listener->config->settings.debug);
	listener->reloaded = listener->pool.children.forked;
	listener->reloaded_us = deadline_in_ms(RETIRE_MS);
	children_retire_before(&listener->pool.children, listener->reloaded);
}

/* What a spare's accept() failed with. */
static void look_at_error(struct listener *listener)
{
	int error = listener->pool.children.error;

	listener->pool.children.error = 0;
	if (trouble_is_for_good(error)) {
		log_say(
		    LOG_ERR, "accept failed", "error", strerror(error), NULL);
		listener->phase = GONE;
	} else if (error) {
		/* It is the spare that pauses. */
		int64_t paused_us = listener->pool.trouble.paused_us;

		trouble_note(&listener->pool.trouble, "accept failed", error);
		listener->pool.trouble.paused_us = paused_us;
		/* Each leaves, and another is forked, while this lasts. */
		if (error == EMFILE)
			spares_give_back(
			    &listener->pool.spares, &listener->pool.children);
	}
}

/* The spares are told to end; a connection that one has now is served. */
static void give_up_sockets(struct listener *listener)
{
	children_retire_before(
	    &listener->pool.children, listener->pool.children.forked);
	sockets_close(listener->sockets);
}

static void tell_to_end(struct listener *listener)
{
	listener->phase_us = deadline_in_ms(KILL_MS);
	if (listener->phase == ENDING) {
		children_signal(&listener->pool.children, SIGKILL);
		return;
	}
	sockets_close(listener->sockets);
	children_signal(&listener->pool.children, SIGQUIT);
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
	unsigned handlers = listener->pool.children.handlers;

	log_number(LOG_INFO, "draining", "connections", handlers);
	notify_stopping(&listener->notify, handlers, drain_ms);
	listener->phase_us = deadline_in_ms(drain_ms);
	if (listener->owner == LISTEN_OF_MANAGER &&
	    notify_is_on(&listener->notify)) {
		listener->phase = LEAVING;
		give_up_sockets(listener);
		return;
	}
	if (listener->owner == LISTEN_OURS) {
		sockets_refuse_new(listener->sockets);
		listener->shaken_us = deadline_in_ms(SHAKE_MS);
	}
	listener->phase = EMPTYING;
	/* New ones may come in. */
	listener->emptied = listener->pool.children.accepted + QUEUE_MAX;
}

static void obey_signals(struct listener *listener)
{
	if (wait_take_reload())
		reload(listener);
	if (wait_order() >= WAIT_END && listener->phase < ENDING)
		tell_to_end(listener);
	else if (wait_order() == WAIT_DRAIN && listener->phase == ACCEPTING)
		begin_to_drain(listener);
}

static void next_phase(struct listener *listener)
{
	const struct children *children = &listener->pool.children;

	if (listener->phase == EMPTYING &&
	    deadline_now() >= listener->shaken_us &&
	    (!sockets_have_connections(listener->sockets) ||
		children->accepted >= listener->emptied)) {
		give_up_sockets(listener);
		listener->phase = DRAINING;
	}
	/* Handlers drain by themselves; no spare is left to accept. */
	if ((listener->phase == LEAVING &&
		!children_has_spares(children, children->forked)) ||
	    (listener->phase >= DRAINING && !children->count))
		listener->phase = GONE;
	else if (listener->phase != ACCEPTING &&
		 deadline_now() >= listener->phase_us)
		tell_to_end(listener);
}

/* Takes what was reported and who has ended, and does what follows. */
static void look(struct listener *listener)
{
	struct children *children = &listener->pool.children;
	const unsigned spares_and_handlers = children->count;
	const uint64_t accepted = children->accepted;

	pool_look(&listener->pool, &listener->config->settings);
	look_at_error(listener);
	obey_signals(listener);
	listener->looks_calmly = children->count != spares_and_handlers ||
				 children->accepted != accepted;
	if (listener->reloaded_us != DEADLINE_NEVER &&
	    (!children_has_spares(children, listener->reloaded) ||
		deadline_now() >= listener->reloaded_us))
		end_reload(listener);
	next_phase(listener);
}

static void wait_for_events(struct listener *listener)
{
	const struct children *children = &listener->pool.children;
	const struct settings *settings = &listener->config->settings;
	const struct notify_counts counts = {
	    children->handlers, children->served, children->refused};
	bool accepting = listener->phase <= EMPTYING;
	int64_t until = deadline_sooner(
	    listener->phase_us, notify_tick(&listener->notify, &counts));

	until = deadline_sooner(until, listener->reloaded_us);
	if (accepting)
		until = deadline_sooner(
		    until, pool_next_us(&listener->pool, settings));
	if (listener->phase == EMPTYING &&
	    (!pool_is_full(&listener->pool, settings) ||
		deadline_now() < listener->shaken_us))
		listener->looks_calmly = true;
	if (listener->looks_calmly &&
	    !(accepting && pool_is_out(&listener->pool, settings)))
		wait_calmly(
		    deadline_sooner(until, deadline_now() + SPARES_LOOK_US));
	else
		pool_wait(&listener->pool, settings,
		    listener->phase <= EMPTYING, until);
}

static void init(struct listener *listener)
{
	notify_init(&listener->notify);
	log_addresses(listener->sockets);
	notify_ready(&listener->notify);
}

/* In a new process, by what spare_wait() returned. */
static enum listen_verdict verdict_of(int outcome)
{
	if (outcome == -EDQUOT)
		return LISTEN_REFUSED;
	return outcome < 0 ? LISTEN_DRAINED : LISTEN_CONNECTION;
}

static void log_stopped(const struct children *children)
{
	TEXT(served, 24);
	TEXT(refused, 24);

	text_add_number(&served, children->served);
	text_add_number(&refused, children->refused);
	log_say(LOG_INFO, "stopped", "served", served.start, "refused",
	    refused.start, NULL);
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
	    .phase_us = DEADLINE_NEVER,
	    .reloaded_us = DEADLINE_NEVER,
	};
	int outcome = pool_init(&listener.pool, sockets);

	if (outcome < 0) {
		log_say(LOG_ERR, "no memory for processes", "error",
		    strerror(-outcome), NULL);
		return LISTEN_BROKEN;
	}
	init(&listener);
	while (listener.phase != GONE) {
		if (listener.phase <= EMPTYING &&
		    pool_fork(&listener.pool, &listener.config->settings,
			&outcome, ret_client)) {
			*ret_config = listener.config;
			return verdict_of(outcome);
		}
		wait_for_events(&listener);
		look(&listener);
	}
	if (wait_order() == WAIT_GO_ON)
		return LISTEN_BROKEN;
	log_stopped(&listener.pool.children);
	return LISTEN_DRAINED;
}
