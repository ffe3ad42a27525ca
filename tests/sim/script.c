/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/connection/relay.h"
#include "../../src/deadline.h"
#include "../../src/wait.h"
#include "hash.h"
#include "rules.h"
#include "script.h"
#include "seen.h"

#define DAY_MS UINT32_C(86400000)
/* A relay that goes from deadline to deadline has no end. */
#define DEADLINES_MAX 1000
/* Let signals in at some of the waits that have something ready (wait.c). */
#define LOOK_WAITS 16

/* What may be left of the script is no matter any more: all comes to an end. */
static const struct act finale[] = {
    {ACT_TIME, 0, WHEN_ASLEEP, DAY_MS},
    {ACT_SEND, SIM_CLIENT, WHEN_ASLEEP, 1},
    {ACT_SEND, SIM_TARGET, WHEN_ASLEEP, 1},
    {ACT_READ, SIM_CLIENT, WHEN_ASLEEP, 0},
    {ACT_READ, SIM_TARGET, WHEN_ASLEEP, 0},
    {ACT_END, SIM_CLIENT, WHEN_ASLEEP, 0},
    {ACT_END, SIM_TARGET, WHEN_ASLEEP, 0},
};

#define FINALE_COUNT (sizeof(finale) / sizeof(*finale))

static struct {
	struct run *run;
	struct record record;
	jmp_buf out;
	unsigned next;      /* act */
	unsigned finale;    /* of its acts the next */
	uint64_t act_calls; /* the kernel's, when the last act was done */
	int64_t until_us;   /* time passes until then */
	unsigned waits;     /* that found something ready */
	unsigned deadlines; /* that were waited for with nothing else to come */
} playing;

static char buffers[2][PUMP_BUFFER_BYTES];

void script_print(void)
{
	script_write(playing.run);
}

/* Returns whether the act can be done. */
static bool do_act(const struct act *act)
{
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		sim.ends[end].is_late = false;
	switch ((enum act_kind)act->kind) {
	case ACT_SEND:
		return tcp_peer_sends(act->end, act->amount);
	case ACT_URGENT:
		return urgent_peer_sends(act->end, act->amount);
	case ACT_STALL:
	case ACT_READ:
		return tcp_peer_stalls(act->end, act->kind == ACT_STALL);
	case ACT_DEAF:
		return local_peer_turns_deaf(act->end);
	case ACT_END:
		return tcp_peer_ends(act->end);
	case ACT_CLOSE:
		return tcp_peer_closes(act->end);
	case ACT_RESET:
		return tcp_peer_resets(act->end);
	case ACT_VANISH:
		return tcp_peer_vanishes(act->end);
	case ACT_TIME:
		playing.until_us = sim.now_us + (int64_t)act->amount * 1000;
		return true;
	case ACT_SIGNAL:
		return sim.signals++ < 2;
	case ACT_EINTR:
		return !sim.interrupts && (sim.interrupts = true);
	case ACT_SHORT:
		return !sim.is_short && (sim.is_short = true);
	case ACT_FAIL:
		/* Once. */
		return !sim.fails && !rules_seen.failures &&
		       (sim.fails = (int)act->amount);
	default:
		return false;
	}
}

static void do_next(void)
{
	const struct act *act = &playing.run->acts[playing.next++];

	kernel_trace("-- act %u: %s %s=%u", playing.next,
	    act->kind < ACT_TIME ? kernel_end_name(act->end) : "",
	    script_act_name(act), act->amount);
	if (!do_act(act) && !playing.run->skips)
		longjmp(playing.out, RUN_USELESS);
	playing.act_calls = sim.calls;
	rules_disturbed();
}

static void do_due(void)
{
	while (playing.next < playing.run->count &&
	       playing.run->acts[playing.next].when != WHEN_ASLEEP &&
	       sim.calls - playing.act_calls >=
		   playing.run->acts[playing.next].when)
		do_next();
}

void script_before_call(unsigned about)
{
	uint64_t call;

	do_due();
	call = sim.calls - playing.act_calls;
	if (!playing.finale && call < RUN_CALLS_MAX)
		playing.run->ret_about[call] = (uint8_t)about;
}

static void count_calls(void)
{
	const uint64_t calls = sim.calls - playing.act_calls;

	if (!playing.finale)
		playing.run->ret_calls =
		    calls < RUN_CALLS_MAX ? (unsigned)calls : RUN_CALLS_MAX;
}

/* The next act of the end that can be done. Returns whether there was one. */
static bool do_finale(void)
{
	while (playing.finale < FINALE_COUNT) {
		const struct act *act = &finale[playing.finale++];

		if (!do_act(act))
			continue;
		kernel_trace("-- at the end: %s %s=%u",
		    act->kind < ACT_TIME ? kernel_end_name(act->end) : "",
		    script_act_name(act), act->amount);
		return true;
	}
	return false;
}

/* The script is over, and the relay sleeps: is it something new? */
static void look(const struct pollfd *fds, int64_t deadline)
{
	struct run *run = playing.run;
	uint64_t hash;

	count_calls();
	if (!run->is_known)
		return;
	hash = seen_hash(fds, deadline, &playing.record);
	if (run->is_known(hash))
		longjmp(playing.out, RUN_KNOWN);
}

/* The relay sleeps. Returns whether something was done about it. */
static bool go_on(const struct pollfd *fds, int64_t deadline)
{
	if (playing.next < playing.run->count) {
		do_next();
		do_due();
		return true;
	}
	if (!playing.finale)
		look(fds, deadline);
	return do_finale();
}

/* Nothing is ready before that. */
static bool pass_time(int64_t deadline)
{
	const int64_t until = playing.until_us;

	playing.until_us = 0;
	if (!until)
		return false;
	if (deadline <= until) {
		playing.until_us = until > deadline ? until : 0;
		sim.now_us = deadline;
	} else {
		sim.now_us = until;
	}
	return true;
}

static void wait_for_deadline(int64_t deadline)
{
	MUST(deadline != DEADLINE_NEVER, "it waits for ever");
	MUST(++playing.deadlines < DEADLINES_MAX, "it never ends");
	sim.now_us = deadline;
}

/* The stand-ins for wait.c and clock.c. */

int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline)
{
	kernel_enter(CALL_WAITS);
	if (kernel_fails(count ? FAILS_WAIT : FAILS_OTHER, 0))
		return -errno;
	for (;;) {
		int ready;

		tcp_move();
		ready = kernel_poll(fds, count);
		if (sim.signals > sim.signals_told &&
		    (!ready || ++playing.waits % LOOK_WAITS == 0)) {
			sim.signals_told++;
			rules_signal();
			kernel_trace("wait: EINTR");
			return -EINTR;
		}
		if (ready) {
			rules_awake();
			kernel_trace("wait: %d", ready);
			return ready;
		}
		if (deadline <= sim.now_us) {
			kernel_trace("wait: ETIME");
			return -ETIME;
		}
		if (tcp_is_moving())
			continue;
		rules_asleep(count > 0);
		if (!pass_time(deadline) && !go_on(fds, deadline))
			wait_for_deadline(deadline);
	}
}

enum wait_order wait_order(void)
{
	if (sim.signals_told > 1)
		return WAIT_END;
	return sim.signals_told ? WAIT_DRAIN : WAIT_GO_ON;
}

struct timespec clock_read(clockid_t clock)
{
	(void)clock;
	return (struct timespec){.tv_sec = sim.now_us / 1000000,
	    .tv_nsec = sim.now_us % 1000000 * 1000};
}

static void start(const struct sim_setup *setup)
{
	const enum sim_kind kind = setup->kinds[SIM_CLIENT];
	const struct client client = {.in = SIM_FD + SIM_CLIENT,
	    .out = kind == SIM_TWO_PIPES ? SIM_OUT : SIM_FD + SIM_CLIENT,
	    .is_socket = kind != SIM_TWO_PIPES,
	    .is_inet = kind == SIM_TCP,
	    .is_tuned = true};
	const struct settings settings = {.idle_timeout_ms = setup->idle_ms,
	    .half_closed_timeout_ms = setup->half_ms,
	    .drain_timeout_ms = setup->drain_ms};
	const struct relay_start begin = {.buffers = {buffers[0], buffers[1]},
	    .offset = 100,
	    .length = setup->first_bytes,
	    .target_reset = setup->was_reset ? ECONNRESET : 0};

	playing.record = (struct record){
	    .address = {.length = sizeof(playing.record.address.v4),
		.v4.sin_family =
		    setup->kinds[SIM_TARGET] == SIM_TCP ? AF_INET : AF_UNIX}};
	memcpy(buffers[0] + begin.offset, kernel_bytes(SIM_CLIENT, 0),
	    begin.length);
	relay(&client, SIM_FD + SIM_TARGET, &begin, &settings, &playing.record);
}

void script_give_up(void)
{
	longjmp(playing.out, RUN_USELESS);
}

enum outcome script_run(struct run *run)
{
	int left;

	memset(&playing, 0, sizeof(playing));
	playing.run = run;
	run->ret_calls = 0;
	kernel_init(run->setup, run->traces);
	left = setjmp(playing.out);
	if (left)
		return (enum outcome)left;
	start(run->setup);
	rules_over(&playing.record);
	count_calls();
	return playing.next < run->count ? RUN_USELESS : RUN_OVER;
}
