/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "../deadline.h"
#include "../wait.h"
#include "pool.h"
#include "spare.h"

#define FORKS_AT_ONCE 16

int pool_init(struct pool *ret_pool, const struct sockets *sockets)
{
	int r;

	*ret_pool = (struct pool){.sockets = sockets, .waiting = -1};
	spares_init(&ret_pool->spares, sockets->count);
	r = children_init(&ret_pool->children);
	if (r == 0)
		pool_note_queues(ret_pool);
	return r;
}

void pool_note_queues(struct pool *pool)
{
	for (int i = 0; i < pool->sockets->count; i++)
		pool->children.untuned[i] = sockets_queued(pool->sockets, i);
}

bool pool_is_full(const struct pool *pool, const struct settings *settings)
{
	return pool->children.count >= settings->max_connections;
}

void pool_look(struct pool *pool, const struct settings *settings)
{
	children_reap(&pool->children);
	/* Whoever was told to end may have had a connection by then. */
	if (!pool_is_full(pool, settings) || deadline_now() >= pool->room_us)
		pool->made_room = false;
	/* Should each of them die, then not as fast as they can be forked. */
	if (pool->children.spare_died)
		trouble_pause(&pool->trouble);
	pool->children.spare_died = false;
	spares_adapt(&pool->spares, &pool->children);
}

/* The socket for which there should be one more; -1: none. */
static int missing(const struct pool *pool, const struct settings *settings)
{
	if (pool_is_full(pool, settings))
		return -1;
	if (pool->waiting >= 0)
		return pool->waiting;
	return spares_missing(&pool->spares, &pool->children);
}

/* Returns true in the new process only. */
static bool fork_spare(struct pool *pool, const struct settings *settings,
    int socket, int *ret_outcome, struct client *ret_client)
{
	struct children *children = &pool->children;
	const struct spare spare = {.sockets = pool->sockets,
	    .socket = socket,
	    .children = children,
	    .serial = children->forked,
	    .listener = getpid(),
	    .drain_timeout_ms = settings->drain_timeout_ms,
	    .log_address = settings->log_address,
	    .per_source = settings->max_connections_per_source,
	    .is_tuned = !children->untuned[socket]};
	pid_t pid = _Fork();

	if (pid == 0) {
		*ret_outcome = spare_wait(&spare, ret_client);
		return true;
	}
	if (pid < 0) {
		trouble_note(&pool->trouble, "fork failed", errno);
		spares_give_back(&pool->spares, children);
	} else {
		children_add(
		    children, pid, (unsigned)socket, spare.per_source > 0);
		pool->spares.last = socket;
	}
	pool->waiting = -1;
	return false;
}

/* Returns whether there is a table for the spares that need one. */
static bool prepare_sources(struct pool *pool, const struct settings *settings)
{
	struct sources *sources = &pool->children.sources;
	int r;

	/* What is not counted now has to be once it is. */
	if (!settings->max_connections_per_source) {
		sources->stale = true;
		return true;
	}
	if (!sources->stale)
		return true;
	r = children_count_sources(&pool->children);
	if (r < 0)
		trouble_note(&pool->trouble, "cannot count sources", -r);
	return sources->words != NULL;
}

bool pool_fork(struct pool *pool, const struct settings *settings,
    int *ret_outcome, struct client *ret_client)
{
	if (!prepare_sources(pool, settings))
		return false;
	for (int i = 0; i < FORKS_AT_ONCE; i++) {
		int socket = missing(pool, settings);

		if (socket < 0 || !trouble_is_over(&pool->trouble))
			break;
		if (fork_spare(pool, settings, socket, ret_outcome, ret_client))
			return true;
	}
	return false;
}

bool pool_is_out(const struct pool *pool, const struct settings *settings)
{
	return missing(pool, settings) >= 0 &&
	       spares_are_out(&pool->spares, &pool->children);
}

int64_t pool_next_us(const struct pool *pool, const struct settings *settings)
{
	if (missing(pool, settings) < 0)
		return pool->spares.shrink_us;
	/* After a pause, or at once: only so many are forked in one go. */
	return deadline_sooner(pool->spares.shrink_us, pool->trouble.paused_us);
}

static nfds_t poll_sockets(const struct pool *pool,
    const struct settings *settings, struct pollfd *polls)
{
	const struct children *children = &pool->children;

	if (!pool_is_full(pool, settings) || pool->made_room ||
	    children->count == children->handlers)
		return 0;
	for (int i = 0; i < pool->sockets->count; i++)
		polls[i] = (struct pollfd){
		    .fd = children->spares[i] ? -1 : pool->sockets->fds[i],
		    .events = POLLIN};
	return (nfds_t)pool->sockets->count;
}

static void make_room(
    struct pool *pool, const struct pollfd *polls, nfds_t count)
{
	const unsigned *spares = pool->children.spares;
	unsigned richest = 0;

	for (nfds_t i = 1; i < count; i++)
		if (spares[i] > spares[richest])
			richest = (unsigned)i;
	/* In turn, or the last ones would never have theirs. */
	for (nfds_t n = 1; n <= count; n++) {
		nfds_t i = ((nfds_t)pool->spares.last + n) % count;

		if (!polls[i].revents)
			continue;
		children_retire_some(&pool->children, richest, 1);
		pool->waiting = (int)i;
		pool->made_room = true;
		pool->room_us = deadline_now() + SPARES_LOOK_US;
		return;
	}
}

void pool_wait(struct pool *pool, const struct settings *settings,
    bool makes_room, int64_t until)
{
	struct pollfd polls[1 + INHERITED_LISTENERS_MAX] = {
	    {.fd = pool->children.reports_in, .events = POLLIN}};
	nfds_t count = makes_room ? poll_sockets(pool, settings, polls + 1) : 0;

	if (pool->made_room)
		until = deadline_sooner(until, pool->room_us);
	if (wait_for(polls, 1 + count, until) > 0)
		make_room(pool, polls + 1, count);
}
