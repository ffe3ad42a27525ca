/* SPDX-License-Identifier: MIT */
/*
 * faults: runs byte-proxy again and again, each time with one of its system
 * calls failing, and judges what became of the connection.
 *
 *	faults [OPTION]... PROGRAM SCENARIO
 *
 *	-l            list the calls of a run without a fault
 *	-a            list the scenarios
 *	-c CALL       this call only
 *	-n N          of a call that is made often, the first N (12)
 *	-e N          N errors of each call, and not all
 *	-o "P CALL N ERROR"
 *	              this one fault only: of process P (0), the N-th CALL
 *	-v            a line for each run
 *
 * Prints what went wrong, a line each, and one that adds it up; the exit status
 * is 1 if anything did.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "judge.h"
#include "stage.h"

#define RESULTS_MAX 24

struct options {
	bool lists, is_verbose;
	unsigned occurrences, errors;
	const char *one;
	const struct call *call; /* NULL: all of them */
};

struct tally {
	unsigned faults, missed, failed, survived;
	unsigned results;
	struct {
		char name[ENDED_BYTES];
		unsigned count;
	} result[RESULTS_MAX];
};

static struct stage stage;

static const char *name_of(int kind)
{
	if (kind == FAULT_SHORT)
		return "SHORT";
	return kind ? strerrorname_np(kind) : "none";
}

static void count(struct tally *tally, const char *name)
{
	unsigned i = 0;

	while (i < tally->results && strcmp(tally->result[i].name, name) != 0)
		i++;
	if (i == RESULTS_MAX)
		return;
	if (i == tally->results) {
		tally->results++;
		strcpy(tally->result[i].name, name);
	}
	tally->result[i].count++;
}

static void print_run(const struct fault *fault, const struct verdict *verdict)
{
	const struct call *call = call_of(fault->place.number);
	const int status = stage.tracer.status;

	printf(
	    "%s %s: \"%d %s %u %s\" %s: status %d, result %s, error \"%s\"\n",
	    verdict->why ? "FAILED" : "ok", stage.scenario->name,
	    fault->place.process, call ? call->name : "none", fault->place.n,
	    name_of(fault->kind), verdict->why ? verdict->why : "",
	    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
	    verdict->ended, verdict->error);
	if (verdict->why)
		printf("%s", stage.said);
	fflush(stdout);
}

static void try(const struct options *options, const struct fault *fault,
    struct tally *tally)
{
	struct verdict verdict;

	stage_run(&stage, fault);
	verdict = judge(&stage);
	tally->faults += stage.tracer.came;
	tally->missed += !stage.tracer.came;
	tally->failed += verdict.why != NULL;
	tally->survived += verdict.survived && stage.tracer.came;
	if (stage.tracer.came && !verdict.survived && !verdict.why)
		count(tally, verdict.ended);
	if (verdict.why || options->is_verbose)
		print_run(fault, &verdict);
}

/* All of a call's errors, or some, others for each occurrence. */
static void try_errors(const struct options *options, const struct call *call,
    const struct place *place, struct tally *tally)
{
	struct fault fault = {.place = *place, .kind = FAULT_SHORT};
	unsigned errors = 0;

	if (call->length)
		try(options, &fault, tally);
	while (call->errors[errors])
		errors++;
	for (unsigned i = 0; i < errors; i++) {
		/* EINTR, and then the rest in turn. */
		unsigned at =
		    i ? 1 + (i - 1 + place->n * options->errors) % (errors - 1)
		      : 0;

		if (options->errors && i >= options->errors)
			break;
		fault.kind = call->errors[at];
		try(options, &fault, tally);
	}
}

static void print_call(const struct seen *seen)
{
	const struct call *call = call_of(seen->place.number);

	printf("%d %s %u (%#lx, %#lx, %#lx)\n", seen->place.process,
	    call ? call->name : "no row for this call", seen->place.n,
	    (unsigned long)seen->arguments[0],
	    (unsigned long)seen->arguments[1],
	    (unsigned long)seen->arguments[2]);
}

static int parse_kind(const char *name)
{
	for (int i = 1; i < 134; i++)
		if (strerrorname_np(i) && strcmp(strerrorname_np(i), name) == 0)
			return i;
	return strcmp(name, "SHORT") == 0 ? FAULT_SHORT : 0;
}

static int try_one(const struct options *options)
{
	char call[32], kind[32];
	struct fault fault;
	struct tally tally = {0};

	if (sscanf(options->one, "%d %31s %u %31s", &fault.place.process, call,
		&fault.place.n, kind) != 4 ||
	    !call_named(call) || !parse_kind(kind)) {
		fprintf(stderr, "faults: no such fault\n");
		return 64;
	}
	fault.place.number = call_named(call)->number;
	fault.kind = parse_kind(kind);
	try(options, &fault, &tally);
	if (!tally.faults)
		fprintf(stderr, "faults: there was no such call\n");
	return tally.failed || !tally.faults;
}

/* Returns whether each of them has a row. */
static bool list(
    const struct options *options, const struct seen *calls, unsigned number)
{
	bool complete = true;

	for (unsigned i = 0; i < number; i++) {
		bool known = call_of(calls[i].place.number) != NULL;

		if (options->lists || !known)
			print_call(&calls[i]);
		if (!known)
			printf("%ld\n", calls[i].place.number);
		complete &= known;
	}
	return complete;
}

static void print_tally(const struct tally *tally)
{
	printf("%s %s: %u faults, %u wrong, %u not reached; %u survived",
	    stage.program, stage.scenario->name, tally->faults, tally->failed,
	    tally->missed, tally->survived);
	for (unsigned i = 0; i < tally->results; i++)
		printf(
		    ", %u %s", tally->result[i].count, tally->result[i].name);
	printf("\n");
}

static int run(const struct options *options)
{
	static struct seen calls[SEEN_MAX];
	const struct fault none = {0};
	struct tally tally = {0};
	struct verdict verdict;
	unsigned number;

	stage_run(&stage, &none);
	verdict = judge(&stage);
	if (verdict.why || !verdict.survived) {
		print_run(&none, &verdict);
		printf("it fails without a fault\n%s", stage.said);
		return 1;
	}
	number = stage.tracer.seen_count;
	memcpy(calls, stage.tracer.seen, sizeof(calls));
	if (!list(options, calls, number))
		return 1;
	for (unsigned i = 0; i < number && !options->lists; i++) {
		const struct place *place = &calls[i].place;

		/* A second handler is as the first. */
		if (place->process > 1 || place->n > options->occurrences ||
		    (options->call && options->call->number != place->number))
			continue;
		try_errors(options, call_of(place->number), place, &tally);
	}
	if (!options->lists)
		print_tally(&tally);
	return tally.failed != 0 || (!options->lists && !tally.faults);
}

int main(int argc, char *argv[])
{
	struct options options = {.occurrences = 12};
	int option;

	while ((option = getopt(argc, argv, "+lac:n:e:o:v")) != -1) {
		if (option == 'l')
			options.lists = true;
		else if (option == 'a')
			return scenarios_print(), 0;
		else if (option == 'c' && call_named(optarg))
			options.call = call_named(optarg);
		else if (option == 'n')
			options.occurrences = (unsigned)atoi(optarg);
		else if (option == 'e')
			options.errors = (unsigned)atoi(optarg);
		else if (option == 'o')
			options.one = optarg;
		else if (option == 'v')
			options.is_verbose = true;
		else
			return 64;
	}
	if (optind + 2 != argc || !scenario_named(argv[optind + 1])) {
		fprintf(stderr, "faults: see its source\n");
		return 64;
	}
	stage_init(&stage, scenario_named(argv[optind + 1]), argv[optind]);
	return options.one ? try_one(&options) : run(&options);
}
