/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "rules.h"
#include "script.h"

/* Between two waits: of two pumps, in some rounds, and at the end. */
#define CALLS_MAX 100

struct rules_seen rules_seen;

void rules_init(void)
{
	memset(&rules_seen, 0, sizeof(rules_seen));
	rules_seen.moved_us = sim.now_us;
	rules_seen.wakes = 1;
}

void rules_broken(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: broken: ", file, line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nin %s, by: ", sim.setup->name);
	script_print();
	abort();
}

void rules_call(void)
{
	MUST(++rules_seen.calls <= CALLS_MAX, "%u calls without a wait",
	    rules_seen.calls);
}

void rules_moved(void)
{
	rules_seen.moved_us = sim.now_us;
}

/*
 * What is urgent of one end is so for the other, and nothing else is, but for
 * what was a moment ago.
 */
static void check_urgent(enum sim_end to, size_t count, bool is_urgent)
{
	const uint64_t from = sim.ends[to].accepted;
	const struct sim_socket *source = kernel_other(to);
	const bool is_known = sim.ends[to].kind == SIM_TCP;
	const uint64_t urgent = source->urgent_taken;
	const char *name = kernel_end_name(to);

	if (!is_known)
		MUST(!is_urgent, "nothing is urgent for the %s", name);
	else if (urgent > from && urgent <= from + count)
		MUST((is_urgent && urgent == from + count) ||
			 rules_seen.failures & 1U << FAILS_MARK,
		    "the %s is not told what is urgent", name);
	else
		MUST(!is_urgent || from + count == source->mark_told,
		    "the %s is told that is urgent what is not", name);
}

void rules_bytes(
    enum sim_end to, const char *bytes, size_t count, bool is_urgent)
{
	const enum sim_end from = SIM_ENDS - 1 - to;

	MUST(sim.ends[to].accepted + count <= sim.ends[from].taken,
	    "the %s gets more than there is", kernel_end_name(to));
	MUST(memcmp(bytes, kernel_bytes(from, sim.ends[to].accepted), count) ==
		 0,
	    "the %s gets other bytes, behind %llu", kernel_end_name(to),
	    (unsigned long long)sim.ends[to].accepted);
	check_urgent(to, count, is_urgent);
}

void rules_piece(
    enum sim_end to, enum sim_end stream, uint64_t at, size_t count)
{
	MUST(stream == SIM_ENDS - 1 - to, "the %s gets what it sent",
	    kernel_end_name(to));
	MUST(at == sim.ends[to].accepted, "the %s gets %llu bytes from %llu on",
	    kernel_end_name(to), (unsigned long long)sim.ends[to].accepted,
	    (unsigned long long)at);
	check_urgent(to, count, false);
}

bool rules_is_complete(enum sim_end end)
{
	const struct sim_socket *from = kernel_other(end);

	return from->eof_taken &&
	       (from->sent == sim.ends[end].accepted || sim.ends[end].deaf);
}

void rules_shut(enum sim_end end)
{
	if (!rules_is_complete(end))
		sim.ends[end].shut_early = true;
	else
		rules_seen.half_us = rules_seen.half_us ? 0 : sim.now_us;
}

void rules_reset(struct sim_socket *socket)
{
	socket->was_reset = true;
	/* Of pipes one is over alone; a hang-up is all that poll() reports. */
	socket->reset_is_late =
	    (socket->fin_arrived || socket->kind == SIM_TWO_PIPES) &&
	    (socket->shut || (socket->kind == SIM_UNIX && socket->deaf));
	socket->reset_is_new = true;
	socket->reset_us = sim.now_us;
	socket->reset_sleep = rules_seen.sleeps;
}

bool rules_has_reset(const struct sim_socket *socket)
{
	return socket->was_reset && !socket->reset_is_late;
}

void rules_told(void)
{
	if (!rules_seen.told_wake)
		rules_seen.told_wake = rules_seen.wakes;
}

void rules_failed(enum sim_failing what, int error)
{
	rules_seen.failures |= 1U << what;
	if (what > FAILS_WAIT || rules_seen.failed)
		return;
	rules_seen.failed = error;
	rules_seen.failed_to_end = what == FAILS_END;
	rules_seen.failed_wake = rules_seen.wakes;
	rules_seen.failed_us = sim.now_us;
}

void rules_disturbed(void)
{
	rules_seen.idle_wakes = 0;
}

void rules_signal(void)
{
	if (sim.signals_told == 1)
		rules_seen.signal_us = sim.now_us;
}

void rules_awake(void)
{
	rules_seen.wakes++;
	rules_seen.idle_wakes =
	    sim.progress == rules_seen.progress ? rules_seen.idle_wakes + 1 : 0;
	MUST(rules_seen.idle_wakes < 2, "it wakes again and again for nothing");
	rules_seen.progress = sim.progress;
	rules_seen.calls = 0;
	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		sim.ends[end].stalled = sim.ends[end].stalls;
		sim.ends[end].reset_is_new = false;
	}
}

/* Nothing of what can be done towards this end was left undone. */
static void check_direction(enum sim_end to)
{
	const struct sim_socket *sink = &sim.ends[to];
	const struct sim_socket *source = kernel_other(to);
	const char *name = kernel_end_name(to);
	/*
	 * What a unix socket takes no more is dropped; but poll() reports one
	 * that is full only when it is read (seen with Linux 6.18).
	 */
	const uint64_t gone = sink->deaf ? source->taken : sink->accepted;

	if (sink->dead || sink->closed ||
	    (sink->deaf && (sink->was_reset || sink->fin_arrived ||
			       !tcp_is_writable(sink))) ||
	    sink->unwritable || source->unreadable)
		return;
	MUST(source->arrived == gone || !tcp_is_writable(sink),
	    "%llu bytes for the %s lie there",
	    (unsigned long long)(source->arrived - gone), name);
	MUST(!source->fin_arrived || source->was_reset ||
		 source->arrived != gone || sink->shut,
	    "the %s was not told the end", name);
	/* A pipe may bring more, in the grace. */
	MUST(!rules_has_reset(source) || source->kind == SIM_TWO_PIPES ||
		 source->arrived != gone,
	    "the %s was not told the reset", name);
}

static void check_time(bool relays)
{
	const struct sim_setup *setup = sim.setup;
	bool was_reset = rules_seen.failed;

	MUST(!was_reset || sim.now_us < rules_seen.failed_us + RESET_GRACE_US,
	    "it goes on after a call has failed");

	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		const struct sim_socket *socket = &sim.ends[end];

		was_reset |= socket->was_reset;
		MUST(!rules_has_reset(socket) ||
			 sim.now_us < socket->reset_us + RESET_GRACE_US,
		    "a reset was not passed on in time");
	}
	MUST(!relays || !sim.signals_told ||
		 sim.now_us <
		     rules_seen.signal_us + (int64_t)setup->drain_ms * 1000,
	    "the drain is over");
	if (was_reset)
		return;
	MUST(!setup->idle_ms || sim.now_us < rules_seen.moved_us +
						 (int64_t)setup->idle_ms * 1000,
	    "the idle timeout is over");
	MUST(!setup->half_ms || !rules_seen.half_us ||
		 sim.now_us <
		     rules_seen.half_us + (int64_t)setup->half_ms * 1000 ||
		 sim.now_us <
		     rules_seen.moved_us + (int64_t)setup->half_ms * 1000,
	    "the half-closed timeout is over");
}

void rules_asleep(bool relays)
{
	rules_seen.sleeps++;
	rules_seen.calls = 0;
	rules_seen.idle_wakes = 0;
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		sim.ends[end].stalled = sim.ends[end].stalls;
	MUST(sim.signals_told < 2, "a second signal did not end it");
	check_time(relays);
	if (!relays)
		return;
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		check_direction(end);
}

static uint64_t since(int64_t us)
{
	return us ? (uint64_t)(sim.now_us - us) : UINT64_MAX;
}

uint64_t rules_hash(uint64_t hash)
{
	if (sim.setup->idle_ms || sim.setup->half_ms) {
		hash = hash_add(hash, since(rules_seen.moved_us));
		hash = hash_add(hash, since(rules_seen.half_us));
	}
	hash = hash_add(hash, (uint64_t)rules_seen.failed);
	if (rules_seen.failed)
		hash = hash_add(hash, since(rules_seen.failed_us));
	hash = hash_add(
	    hash, rules_seen.failures << 2 | rules_seen.failed_to_end << 1 |
		      (rules_seen.told_wake &&
			  rules_seen.told_wake <= rules_seen.failed_wake));
	return hash_add(hash, since(rules_seen.signal_us));
}
