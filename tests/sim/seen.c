/* SPDX-License-Identifier: MIT */
/*
 * The relay's state is its own: so this file is the real relay.c, and looks
 * into its struct. Positions in the streams are no part of a state, but for
 * what lies between two of them.
 */
#include "../../src/connection/relay.c"

#include "hash.h"
#include "kernel.h"
#include "rules.h"
#include "seen.h"

/* Streaks beyond it are alike (pump.c). */
#define STREAK_MAX 8

static uint64_t add_pump(uint64_t hash, const struct pump *pump)
{
	const unsigned flags =
	    pump->state | pump->source_reset << 2 | pump->sink_failed << 3 |
	    pump->discards << 4 | pump->urgent << 5 |
	    pump->urgent_is_ahead << 6 | pump->can_splice << 7 |
	    pump->unblocked << 8 | pump->sink_is_tuned << 9 |
	    (pump->delivered != 0) << 10 |
	    (pump->buffer != pump->buffers[0]) << 11 |
	    pipe_is_open(&pump->pipe) << 12 | pump->pipe.can_grow << 13;

	hash = hash_add(hash, flags);
	hash = hash_add(hash, (uint64_t)pump->error);
	hash = hash_add(hash, pump->held);
	hash = hash_add(hash, pump->pipe.bytes);
	return hash_add(
	    hash, pump->streak < STREAK_MAX ? pump->streak : STREAK_MAX);
}

static uint64_t add_time(uint64_t hash, int64_t us)
{
	return hash_add(hash, us == DEADLINE_NEVER
				  ? UINT64_MAX
				  : (uint64_t)(us - deadline_now()));
}

static uint64_t add_relay(uint64_t hash, const struct relay *relay)
{
	hash = add_pump(hash, &relay->up);
	hash = add_pump(hash, &relay->down);
	for (int i = 0; i < PLACES; i++)
		hash = hash_add(hash, relay->muted[i]);
	hash = add_time(hash, relay->idle_us);
	hash = add_time(hash, relay->half_us);
	hash = add_time(hash, relay->drain_us);
	return add_time(hash, relay->grace_us);
}

static uint64_t add_socket(uint64_t hash, const struct sim_socket *socket)
{
	const unsigned flags =
	    socket->peer_ends | socket->fin_arrived << 1 |
	    socket->eof_taken << 2 | socket->stalls << 3 | socket->closed << 4 |
	    socket->shut << 5 | socket->dead << 6 | socket->cut << 7 |
	    socket->non_blocking << 8 | socket->was_reset << 9 |
	    socket->reset_is_late << 10 | socket->is_late << 11 |
	    socket->inlined << 12 | socket->unreadable << 13 |
	    socket->unwritable << 14 | socket->deaf << 15 |
	    socket->has_room << 16;

	hash = hash_add(hash, flags);
	hash = hash_add(hash, (uint64_t)socket->error);
	hash = hash_add(hash, socket->sent - socket->arrived);
	hash = hash_add(hash, socket->arrived - socket->taken);
	hash = hash_add(hash, socket->accepted - socket->acked);
	hash = hash_add(hash, socket->acked - socket->got);
	/* That between two others, and behind what the relay may hold. */
	hash = hash_add(hash, socket->urgent_sent > socket->taken
				  ? socket->urgent_sent - socket->taken
				  : 0);
	hash = hash_add(hash, socket->mark ? socket->mark - socket->taken : 0);
	if (socket->urgent_taken > sim.ends[socket == sim.ends].accepted)
		hash = hash_add(hash, socket->urgent_taken - socket->taken);
	if (socket->was_reset)
		hash = add_time(hash, socket->reset_us);
	for (unsigned i = 0; i < socket->errors_count; i++)
		hash = hash_add(hash, (uint64_t)socket->errors[i]);
	return hash;
}

uint64_t seen_hash(
    const struct pollfd *fds, int64_t deadline, const struct record *record)
{
	uint64_t hash = HASH_START;

	if (fds)
		hash = add_relay(
		    hash, (const struct relay *)((const char *)fds -
						 offsetof(struct relay, fds)));
	hash = add_time(hash, deadline);
	hash = hash_add(hash, record->result);
	hash = hash_add(hash, (uintptr_t)record->error);
	for (int i = 0; i < SIM_ENDS; i++)
		hash = add_socket(hash, &sim.ends[i]);
	hash = hash_add(hash, sim.signals << 4 | sim.signals_told << 2 |
				  sim.interrupts << 1 | sim.is_short);
	hash = hash_add(hash, (uint64_t)sim.fails);
	return rules_hash(hash);
}
