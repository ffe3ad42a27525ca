/* SPDX-License-Identifier: MIT */
/*
 * The relay with all that can happen to it, up to a number of acts. Breadth
 * first: the real relay is run from the start by each script that is one act
 * longer than one whose end was a state that was not seen before. So the first
 * script that breaks a rule is one of the shortest.
 *
 * An act comes while the relay sleeps; or, `races` times in a script, together
 * with the one before, or before any call that the relay makes then.
 *
 *	model [-a ACTS] [-r RACES] [SETUP]...
 *	model -s "client:send=1 target:reset@0" SETUP	one script, call by call
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "script.h"
#include "setups.h"
#include "states.h"

#define ACTS_MAX 12
/* Enough reads to be bulk, and more than all buffers together. */
#define BULK_BYTES 200000
/* Less than a reset may take to be passed on, and than the timeouts; more. */
#define SHORT_MS 100
#define LONG_MS  1000

static const struct act alphabet[] = {
    {ACT_SEND, SIM_CLIENT, 0, 1},
    {ACT_SEND, SIM_TARGET, 0, 1},
    {ACT_SEND, SIM_CLIENT, 0, BULK_BYTES},
    {ACT_SEND, SIM_TARGET, 0, BULK_BYTES},
    {ACT_URGENT, SIM_CLIENT, 0, 1},
    {ACT_URGENT, SIM_TARGET, 0, 1},
    {ACT_URGENT, SIM_CLIENT, 0, 2},
    {ACT_URGENT, SIM_TARGET, 0, 2},
    {ACT_STALL, SIM_CLIENT, 0, 0},
    {ACT_STALL, SIM_TARGET, 0, 0},
    {ACT_READ, SIM_CLIENT, 0, 0},
    {ACT_READ, SIM_TARGET, 0, 0},
    {ACT_DEAF, SIM_CLIENT, 0, 0},
    {ACT_DEAF, SIM_TARGET, 0, 0},
    {ACT_END, SIM_CLIENT, 0, 0},
    {ACT_END, SIM_TARGET, 0, 0},
    {ACT_CLOSE, SIM_CLIENT, 0, 0},
    {ACT_CLOSE, SIM_TARGET, 0, 0},
    {ACT_RESET, SIM_CLIENT, 0, 0},
    {ACT_RESET, SIM_TARGET, 0, 0},
    {ACT_VANISH, SIM_CLIENT, 0, 0},
    {ACT_VANISH, SIM_TARGET, 0, 0},
    {ACT_TIME, 0, 0, SHORT_MS},
    {ACT_TIME, 0, 0, LONG_MS},
    {ACT_SIGNAL, 0, 0, 0},
    {ACT_EINTR, 0, 0, 0},
    {ACT_SHORT, 0, 0, 0},
    {ACT_FAIL, 0, 0, ENOMEM},
};

#define ALPHABET (sizeof(alphabet) / sizeof(*alphabet))

/* A script that was run. */
struct node {
	struct act acts[ACTS_MAX];
	uint8_t count, races;
	bool is_new; /* it came to a state that was not seen before */
	uint8_t calls;
	uint8_t about[RUN_CALLS_MAX]; /* as struct run has it */
};

struct nodes {
	struct node *at;
	size_t count, room;
};

static struct {
	unsigned acts, races;
	unsigned sum;       /* of both, at most */
	unsigned races_now; /* of the script that runs */
	uint64_t runs;
} search;

static void *more(void *at, size_t size)
{
	at = realloc(at, size);
	if (!at)
		err(EX_OSERR, "realloc");
	return at;
}

static bool is_known(uint64_t state)
{
	return states_is_known(state, search.races_now, search.races);
}

static void push(struct nodes *nodes, const struct node *node)
{
	if (nodes->count == nodes->room) {
		nodes->room = nodes->room ? nodes->room * 2 : 1024;
		nodes->at = more(nodes->at, nodes->room * sizeof(*nodes->at));
	}
	nodes->at[nodes->count++] = *node;
}

/* Runs a node's script, and keeps it where it may be gone on with. */
static void visit(
    const struct sim_setup *setup, struct node *node, struct nodes *next)
{
	struct run run = {.setup = setup,
	    .acts = node->acts,
	    .count = node->count,
	    .is_known = is_known};
	const size_t before = states_count();
	enum outcome outcome;

	search.races_now = node->races;
	outcome = script_run(&run);
	search.runs++;
	node->calls = (uint8_t)run.ret_calls;
	memcpy(node->about, run.ret_about, sizeof(node->about));
	node->is_new = outcome == RUN_OVER && states_count() > before;
	if (outcome == RUN_USELESS || node->count == search.acts ||
	    (!node->is_new && node->races == search.races))
		return;
	push(next, node);
}

static bool is_in(const struct sim_setup *setup, const struct act *act)
{
	if (act->kind == ACT_SIGNAL)
		return setup->signals;
	if (act->kind == ACT_URGENT)
		return setup->urgent;
	if (act->kind == ACT_FAIL)
		return setup->failing;
	if (act->kind == ACT_DEAF)
		return setup->kinds[act->end] != SIM_TCP;
	if (act->kind == ACT_RESET || act->kind == ACT_VANISH)
		return setup->kinds[act->end] == SIM_TCP;
	return act->kind < ACT_SIGNAL || setup->faults;
}

static void visit_act(const struct sim_setup *setup, const struct node *from,
    const struct act *act, unsigned when, struct nodes *next)
{
	struct node node = *from;

	node.acts[node.count] = *act;
	node.acts[node.count++].when = (uint8_t)when;
	node.races += when != WHEN_ASLEEP;
	if (node.count + node.races <= search.sum)
		visit(setup, &node, next);
}

/*
 * Whether it makes a difference that an act is before this call and not the
 * next: what the network has to carry is not there before a wait, if it is not
 * quick.
 */
static bool differs(const struct sim_setup *setup, const struct node *from,
    const struct act *act, unsigned call)
{
	const unsigned about = from->about[call];

	if (call == 0 || about & CALL_WAITS)
		return true;
	if (act->kind == ACT_TIME || act->kind == ACT_SIGNAL)
		return false;
	if (act->kind == ACT_EINTR || act->kind == ACT_SHORT)
		return about & (CALL_CLIENT | CALL_TARGET);
	if (act->kind == ACT_FAIL)
		return about;
	return about & 1U << act->end &&
	       (setup->is_quick || act->kind == ACT_CLOSE ||
		   act->kind == ACT_DEAF || act->kind == ACT_RESET ||
		   act->kind == ACT_VANISH);
}

/* The last call is the wait in which it fell asleep. */
static void visit_calls(const struct sim_setup *setup, const struct node *from,
    const struct act *act, struct nodes *next)
{
	for (unsigned call = 0; call < from->calls; call++)
		if (differs(setup, from, act, call))
			visit_act(setup, from, act, call, next);
}

/* All that are one act longer and have so many races. */
static void visit_all(const struct sim_setup *setup, const struct node *from,
    unsigned races, struct nodes *next)
{
	for (size_t i = 0; i < ALPHABET; i++) {
		const struct act *act = &alphabet[i];

		if (!is_in(setup, act))
			continue;
		if (from->is_new && from->races == races)
			visit_act(setup, from, act, WHEN_ASLEEP, next);
		if (from->races + 1U == races)
			visit_calls(setup, from, act, next);
	}
}

static void visit_level(const struct sim_setup *setup,
    const struct nodes *level, struct nodes *next)
{
	for (unsigned races = 0; races <= search.races; races++)
		for (size_t i = 0; i < level->count; i++)
			visit_all(setup, &level->at[i], races, next);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t look_through(const struct sim_setup *setup)
{
	struct nodes level = {0}, next = {0};
	struct node root = {0};
	const uint64_t runs = search.runs;
	const double start = seconds();

	search.sum = search.acts + search.races - setup->less;
	states_forget();
	visit(setup, &root, &next);
	while (next.count) {
		free(level.at);
		level = next;
		next = (struct nodes){0};
		visit_level(setup, &level, &next);
	}
	free(level.at);
	printf("%-12s %u acts, %u races: %llu runs, %zu states, %.1f s\n",
	    setup->name, search.acts, search.races,
	    (unsigned long long)(search.runs - runs), states_distinct(),
	    seconds() - start);
	fflush(stdout);
	return states_distinct();
}

static const struct sim_setup *find_setup(const char *name)
{
	for (size_t i = 0; i < SETUPS; i++)
		if (strcmp(setups[i].name, name) == 0)
			return &setups[i];
	errx(EX_USAGE, "no setup %s", name);
}

static void run_one(const struct sim_setup *setup, const char *script)
{
	struct act acts[ACTS_MAX];
	int count = script_parse(script, acts, ACTS_MAX);
	struct run run = {
	    .setup = setup, .acts = acts, .count = count, .traces = true};

	if (count < 0)
		errx(EX_USAGE, "no script: %s", script);
	if (script_run(&run) == RUN_USELESS)
		errx(EX_DATAERR, "useless: %s", script);
}

int main(int argc, char *argv[])
{
	const char *script = NULL;
	uint64_t all = 0;
	int option;

	search.acts = 3;
	search.races = 1;
	while ((option = getopt(argc, argv, "a:r:s:")) != -1) {
		if (option == 'a')
			search.acts = (unsigned)atoi(optarg);
		else if (option == 'r')
			search.races = (unsigned)atoi(optarg);
		else if (option == 's')
			script = optarg;
		else
			return EX_USAGE;
	}
	if (search.acts > ACTS_MAX)
		errx(EX_USAGE, "at most %d acts", ACTS_MAX);
	if (script) {
		run_one(
		    find_setup(optind < argc ? argv[optind] : "plain"), script);
		return EX_OK;
	}
	for (size_t i = 0; i < SETUPS && optind == argc; i++)
		all += look_through(&setups[i]);
	for (int i = optind; i < argc; i++)
		all += look_through(find_setup(argv[i]));
	printf("all: %llu runs, %llu states\n", (unsigned long long)search.runs,
	    (unsigned long long)all);
	return EX_OK;
}
