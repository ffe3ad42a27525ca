/* SPDX-License-Identifier: MIT */
/* The listener's processes: when one is forked, and for which socket. */
#ifndef LISTEN_POOL_H
#define LISTEN_POOL_H

#include "../config/options.h"
#include "../connection/client.h"
#include "children.h"
#include "sockets.h"
#include "spares.h"
#include "trouble.h"

struct pool {
	const struct sockets *sockets;
	struct children children;
	struct spares spares;
	struct trouble trouble;
	int waiting;     /* a socket with a connection and no spare; -1: none */
	bool made_room;  /* a spare of another socket was told to end for it */
	int64_t room_us; /* and if none has until then, the next one is */
};

/* Returns 0 or a negative errno. The sockets stay the caller's. */
int pool_init(struct pool *ret_pool, const struct sockets *sockets);

/*
 * The sockets have just got options (tune.h), which connections in their queues
 * do not have: those are as good as handed over. (At the start by pool_init().)
 */
void pool_note_queues(struct pool *pool);

/* Takes what was reported, reaps who has ended, and adapts to the rate. */
void pool_look(struct pool *pool, const struct settings *settings);

/*
 * Forks the spares that are missing, at most a few at once. Returns true in a
 * new process only, when that has a connection (*ret_outcome is 0, and the
 * client is in *ret_client) or will have none (a negative errno; -EDQUOT: it
 * is to be refused, for its source's sake).
 */
bool pool_fork(struct pool *pool, const struct settings *settings,
    int *ret_outcome, struct client *ret_client);

/* Whether there are --max-connections processes. */
bool pool_is_full(const struct pool *pool, const struct settings *settings);

/* Whether some socket has no spare, and could. */
bool pool_is_out(const struct pool *pool, const struct settings *settings);

/* When there is something to do without being woken (deadline.h). */
int64_t pool_next_us(const struct pool *pool, const struct settings *settings);

/*
 * Waits for reports and signals, until the deadline. Under --max-connections
 * the spares of some sockets can take the places that another one needs: with
 * makes_room a connection to a socket without one ends a spare of another.
 */
void pool_wait(struct pool *pool, const struct settings *settings,
    bool makes_room, int64_t until);

#endif
