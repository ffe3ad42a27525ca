/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the relay on the simulated kernel (tests/sim), by its rules: the input
 * is a kernel, in SETUP_BYTES, and a script, in ACT_BYTES for each act. What
 * cannot be done is left out.
 */
#include <errno.h>

#include "../sim/script.h"
#include "fuzz.h"

#define SETUP_BYTES 8
#define ACT_BYTES   3
#define ACTS_MAX    100
/* Calls behind the last act before which one may be. */
#define CALLS 40

#define OF(table, byte) (table)[(byte) % (sizeof(table) / sizeof(*(table)))]

static struct sim_setup read_setup(const uint8_t *bytes)
{
	static const uint32_t receives[] = {65536, 20000, 3000, 300000};
	static const uint32_t sends[] = {40000, 3000, 12000, 300000};
	static const uint32_t peers[] = {32768, 1000, 1};
	static const uint32_t pipes[] = {65536, 0, 8192, 1048576};
	static const uint32_t firsts[] = {10, 0, 1, 16000};
	static const uint32_t limits[] = {0, 300, 700, 90000000};
	static const enum sim_kind clients[] = {
	    SIM_TCP, SIM_TWO_PIPES, SIM_UNIX};
	struct sim_setup setup = {.name = "fuzz",
	    .receive_bytes = OF(receives, bytes[0]),
	    .send_bytes = OF(sends, bytes[1]),
	    .peer_bytes = OF(peers, bytes[2]),
	    .pipe_bytes = OF(pipes, bytes[3]),
	    .first_bytes = OF(firsts, bytes[4]),
	    .idle_ms = OF(limits, bytes[5]),
	    .half_ms = OF(limits, bytes[6]),
	    .drain_ms = OF(limits, bytes[7] >> 2),
	    .kinds = {OF(clients, bytes[4] >> 5),
		bytes[5] & 0x80 ? SIM_UNIX : SIM_TCP},
	    .is_quick = bytes[7] & 1,
	    .was_reset = bytes[7] & 2 && !(bytes[5] & 0x80)};

	setup.pipe_bytes_max = bytes[3] & 0x80 ? setup.pipe_bytes : 1048576;
	return setup;
}

static struct act read_act(const uint8_t *bytes)
{
	/* New ones at the end, or the inputs that are kept mean others. */
	static const uint8_t kinds[] = {ACT_SEND, ACT_STALL, ACT_READ, ACT_END,
	    ACT_CLOSE, ACT_RESET, ACT_VANISH, ACT_TIME, ACT_SIGNAL, ACT_EINTR,
	    ACT_SHORT, ACT_URGENT, ACT_FAIL, ACT_DEAF};
	static const uint32_t errors[] = {ENOMEM, ENOBUFS};
	static const uint32_t sizes[] = {
	    1, 100, 1000, 4095, 4096, 16384, 16385, 70000, 200000, 500000};
	static const uint32_t times[] = {1, 100, 299, 500, 1000, 86400000};
	struct act act = {.kind = OF(kinds, bytes[0] >> 1),
	    .end = bytes[0] & 1,
	    .when = bytes[1] & 1 ? WHEN_ASLEEP : (bytes[1] >> 1) % CALLS,
	    .amount = OF(sizes, bytes[2])};

	if (act.kind == ACT_TIME)
		act.amount = OF(times, bytes[2]);
	else if (act.kind == ACT_URGENT)
		act.amount = 1 + bytes[2] % 2;
	else if (act.kind == ACT_FAIL)
		act.amount = OF(errors, bytes[2]);
	return act;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct act acts[ACTS_MAX];
	struct sim_setup setup;
	struct run run = {.setup = &setup, .acts = acts, .skips = true};

	if (size < SETUP_BYTES)
		return 0;
	setup = read_setup(bytes);
	run.traces = getenv("TRACE");
	for (size_t at = SETUP_BYTES;
	     at + ACT_BYTES <= size && run.count < ACTS_MAX; at += ACT_BYTES)
		acts[run.count++] = read_act(bytes + at);
	script_run(&run);
	return 0;
}
