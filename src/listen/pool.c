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
	*ret_pool = (struct pool){.sockets = sockets, .waiting = -1};
	spares_init(&ret_pool->spares, sockets->count);
	return children_init(&ret_pool->children);
}

bool pool_is_full(const struct pool *pool, const struct settings *settings)
{
	return pool->children.count >= settings->max_connections;
}

void pool_look(struct pool *pool, const struct settings *settings)
{
	children_reap(&pool->children);
	pool->made_room &= pool_is_full(pool, settings);
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
	    .drain_timeout_ms = settings->drain_timeout_ms};
	pid_t pid = _Fork();

	if (pid == 0) {
		*ret_outcome = spare_wait(&spare, ret_client);
		return true;
	}
	if (pid < 0)
		trouble_note(&pool->trouble, "fork failed", errno);
	else
		children_add(children, pid, (unsigned)socket);
	pool->waiting = -1;
	return false;
}

bool pool_fork(struct pool *pool, const struct settings *settings,
    int *ret_outcome, struct client *ret_client)
{
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
	unsigned other = 0;

	for (nfds_t i = 0; i < count && !pool->made_room; i++) {
		if (!polls[i].revents)
			continue;
		while (!pool->children.spares[other])
			other++;
		children_retire_some(&pool->children, other, 1);
		pool->waiting = (int)i;
		pool->made_room = true;
	}
}

void pool_wait(struct pool *pool, const struct settings *settings,
    bool makes_room, int64_t until)
{
	struct pollfd polls[1 + INHERITED_LISTENERS_MAX] = {
	    {.fd = pool->children.reports_in, .events = POLLIN}};
	nfds_t count = makes_room ? poll_sockets(pool, settings, polls + 1) : 0;

	if (wait_for(polls, 1 + count, until) > 0)
		make_room(pool, polls + 1, count);
}
