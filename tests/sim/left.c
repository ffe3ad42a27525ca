/* SPDX-License-Identifier: MIT */
/* What the relay leaves when it is over: the record, the ends, the pipes. */
#define _GNU_SOURCE
#include <string.h>

#include "rules.h"

/* All that the relay took was delivered, as far as it knows. */
static bool is_delivered(void)
{
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		if (kernel_other(end)->taken != sim.ends[end].accepted)
			return false;
	return true;
}

static void check_closed(void)
{
	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		const struct sim_socket *socket = &sim.ends[end];
		const char *name = kernel_end_name(end);

		/* A unix socket's shutdown(), the last call, knows nothing. */
		MUST(!rules_has_reset(socket) ||
			 (socket->kind == SIM_UNIX && socket->fin_arrived &&
			     socket->shut && socket->reset_is_new),
		    "closed, and the %s has reset", name);
		/* There is nobody any more. */
		if (socket->deaf && socket->peer_ends)
			continue;
		MUST(socket->shut && rules_is_complete(end),
		    "closed, and the %s does not know", name);
		MUST(!socket->cut, "closed, and the %s is reset", name);
		MUST(socket->dead || socket->closed || socket->stalls ||
			 socket->deaf || socket->got == kernel_other(end)->sent,
		    "closed, and the %s has not got all", name);
	}
}

/* The other end gets what this one had sent before, if it takes it. */
static void check_reset(enum sim_end end)
{
	const struct sim_socket *socket = &sim.ends[end];
	const struct sim_socket *other = kernel_other(end);
	const char *name = kernel_end_name(end);

	/* One that was deaf, and went between EPIPE and the look at it. */
	if (socket->deaf && !socket->was_reset && socket->errors_count &&
	    socket->peer_ends)
		return;
	MUST(socket->was_reset, "the %s has not reset", name);
	MUST(!rules_has_reset(other) ||
		 other->reset_sleep >= socket->reset_sleep,
	    "the %s has not reset first", name);
	MUST(socket->reset_is_late ||
		 sim.now_us <= socket->reset_us + RESET_GRACE_US,
	    "the reset of the %s comes late", name);
	/* A drain may be over before; and of two pipes one goes on for ever. */
	MUST(sim.signals_told || rules_seen.failures || other->was_reset ||
		 other->deaf || other->closed || other->stalls ||
		 other->stalled || other->got == socket->arrived ||
		 (socket->kind == SIM_TWO_PIPES &&
		     sim.now_us >= socket->reset_us + RESET_GRACE_US),
	    "of the %s, which has reset, %llu of %llu bytes came", name,
	    (unsigned long long)other->got,
	    (unsigned long long)socket->arrived);
}

static void check_timeout(int64_t since_us, uint32_t ms)
{
	bool is_gone = false;

	/* Of who was deaf, and has gone, the other half is over unseen. */
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		is_gone |= sim.ends[end].deaf && sim.ends[end].peer_ends;
	MUST(is_gone ? sim.now_us >= since_us + (int64_t)ms * 1000
		     : sim.now_us == since_us + (int64_t)ms * 1000,
	    "a timeout of %u ms after %lld us", ms,
	    (long long)(sim.now_us - since_us));
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		MUST(!rules_has_reset(&sim.ends[end]) ||
			 sim.ends[end].reset_us == sim.now_us,
		    "a timeout, and a reset before");
}

/* What ends look like where they were not reset, and how the others do. */
static void check_told(enum result result)
{
	const bool timeout =
	    result == RESULT_IDLE_TIMEOUT || result == RESULT_HALF_CLOSED;

	if (result == RESULT_CLOSED)
		return;
	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		const struct sim_socket *socket = &sim.ends[end];
		const char *name = kernel_end_name(end);

		/* Pipes are closed when the process is no more. */
		if (socket->kind == SIM_TWO_PIPES)
			continue;
		/* What a deaf end does not take may be held, or dropped. */
		if (timeout &&
		    (sim.ends[SIM_CLIENT].deaf || sim.ends[SIM_TARGET].deaf)) {
			MUST(socket->shut || socket->dead || socket->cut ||
				 socket->unwritable,
			    "a timeout, and the %s is told nothing", name);
			continue;
		}
		if (timeout && is_delivered()) {
			MUST((socket->shut || socket->dead ||
				 socket->unwritable) &&
				 !socket->cut,
			    "a timeout, and the %s gets no end", name);
			continue;
		}
		/* What knows no reset is shut, if that does not fail. */
		MUST(socket->cut || (socket->kind == SIM_UNIX &&
					rules_seen.failures & 1U << FAILS_END),
		    "the %s is not reset", name);
		MUST(!socket->shut_early, "the %s sees an end", name);
	}
}

/* The error that is said is one of those that this end had. */
static void check_error(const char *error, enum sim_end end)
{
	const struct sim_socket *socket = &sim.ends[end];

	MUST(error, "the reset of the %s has no error", kernel_end_name(end));
	for (unsigned i = 0; i < socket->errors_count; i++)
		if (strcmp(strerror(socket->errors[i]), error) == 0)
			return;
	MUST(
	    false, "\"%s\" is no error of the %s", error, kernel_end_name(end));
}

/* A call failed: that ends it, and is said, if nothing else did before. */
static void check_failed(const struct record *record)
{
	const enum result result = record->result;
	const bool is_reset =
	    result == RESULT_CLIENT_RESET || result == RESULT_TARGET_RESET;

	if (result == RESULT_SYSTEM_ERROR)
		MUST(
		    rules_seen.failed && record->error &&
			strcmp(record->error, strerror(rules_seen.failed)) == 0,
		    "a system error, and \"%s\"", record->error);
	else if (is_reset)
		MUST(!rules_seen.failed ||
			 (rules_seen.told_wake &&
			     rules_seen.told_wake <= rules_seen.failed_wake),
		    "a reset, but a call had failed");
	else
		MUST(!rules_seen.failed || result == RESULT_TERMINATED ||
			 (result != RESULT_CLOSED && rules_seen.failed_to_end),
		    "%s, and a call had failed", result_kinds[result].name);
}

static void check_result(const struct record *record)
{
	const struct sim_setup *setup = sim.setup;

	check_failed(record);
	switch (record->result) {
	case RESULT_SYSTEM_ERROR:
		return;
	case RESULT_CLOSED:
		check_closed();
		break;
	case RESULT_CLIENT_RESET:
		check_reset(SIM_CLIENT);
		check_error(record->error, SIM_CLIENT);
		return;
	case RESULT_TARGET_RESET:
		check_reset(SIM_TARGET);
		check_error(record->error, SIM_TARGET);
		return;
	case RESULT_IDLE_TIMEOUT:
		MUST(setup->idle_ms, "a timeout that is none");
		check_timeout(rules_seen.moved_us, setup->idle_ms);
		break;
	case RESULT_HALF_CLOSED:
		MUST(setup->half_ms, "a timeout that is none");
		check_timeout(rules_seen.moved_us > rules_seen.half_us
				  ? rules_seen.moved_us
				  : rules_seen.half_us,
		    setup->half_ms);
		break;
	case RESULT_DRAINED:
		check_timeout(rules_seen.signal_us, setup->drain_ms);
		break;
	case RESULT_TERMINATED:
		MUST(sim.signals_told >= 2, "terminated without a signal");
		return;
	default:
		MUST(false, "the result is %s",
		    result_kinds[record->result].name);
	}
	MUST(!record->error, "%s, and \"%s\"",
	    result_kinds[record->result].name, record->error);
}

static void check_left(const struct record *record)
{
	for (int i = 0; i < SIM_PIPES; i++)
		MUST(!sim.pipes[i].open[0] && !sim.pipes[i].open[1],
		    "pipe %d is left open", i);
	MUST(sim.ends[SIM_CLIENT].non_blocking == sim.setup->unblocked ||
		 sim.ends[SIM_CLIENT].stays_unblocked,
	    "the client is left %sblocking",
	    sim.setup->unblocked ? "" : "non-");
	MUST(record->bytes_up == sim.ends[SIM_TARGET].accepted,
	    "bytes_up is %llu", (unsigned long long)record->bytes_up);
	MUST(record->bytes_down == sim.ends[SIM_CLIENT].accepted,
	    "bytes_down is %llu", (unsigned long long)record->bytes_down);
}

void rules_over(const struct record *record)
{
	kernel_trace("over: %s, up %llu, down %llu, error %s",
	    result_kinds[record->result].name,
	    (unsigned long long)record->bytes_up,
	    (unsigned long long)record->bytes_down,
	    record->error ? record->error : "none");
	/* What the relay left in send buffers gets out, if nothing was cut. */
	do
		tcp_move();
	while (tcp_is_moving());
	check_left(record);
	check_result(record);
	check_told(record->result);
}
