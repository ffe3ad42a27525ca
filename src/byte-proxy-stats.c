/* SPDX-License-Identifier: MIT */
/*
 * byte-proxy-stats: reads byte-proxy's records back from the journal, and
 * prints tables of them. The arguments, and the exit status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "stats/human.h"
#include "stats/json.h"
#include "stats/table.h"
#include "version.h"

#define FOLLOW_US 3600000000 /* then it looks anyway */

struct arguments {
	struct reader_source source;
	struct table_style style;
	bool follow, json;
};

static const char help[] =
    "Usage: byte-proxy-stats [OPTION]...\n"
    "What byte-proxy's records in the journal add up to: by route, by result, "
    "what\n"
    "was refused and why, and the clients with the most connections.\n\n"
    "  --since TIME      leave out what was before: \"2026-11-24 10:00\", "
    "10:00, today,\n"
    "                    yesterday, \"5min ago\", -2h, @SECONDS\n"
    "  --until TIME      leave out what came then or later\n"
    "  --follow          go on, and print it anew when there is more\n"
    "  --json            print an object a line, for programs\n"
    "  --directory DIR   read the journal in this directory\n"
    "  --file FILE       read this journal file; may be given several times\n"
    "  --help            print this\n"
    "  --version         print the version\n";

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int refuse(
    int status, const char *what, const char *value, const char *why)
{
	fprintf(stderr, "byte-proxy-stats: %s%s%s: %s\n", what,
	    value ? " " : "", value ? value : "", why);
	return status;
}

/* Parses the argument of --since or --until. Returns 0 or a status. */
static int take_time(const char *name, uint64_t *ret_us)
{
	if (human_parse_time(optarg, now_us(), ret_us) == 0)
		return 0;
	return refuse(EX_USAGE, name, optarg,
	    "expected a time such as \"2026-11-24 10:00\", 10:00, today, "
	    "\"5min ago\" or @SECONDS");
}

static int check_together(const struct arguments *arguments)
{
	const struct reader_source *source = &arguments->source;

	if (source->directory && source->files[0])
		return refuse(EX_USAGE, "--file", source->files[0],
		    "expected --directory or --file, not both");
	if (source->until_us != READER_NO_LIMIT && arguments->follow)
		return refuse(EX_USAGE, "--follow", NULL,
		    "expected no --until beside it");
	return 0;
}

/*
 * Parses the arguments; `files` has room for all of them. Returns -1 to go on,
 * or the exit status.
 */
static int parse(
    int argc, char *argv[], const char **files, struct arguments *arguments)
{
	static const struct option options[] = {
	    {"since", required_argument, NULL, 's'},
	    {"until", required_argument, NULL, 'u'},
	    {"follow", no_argument, NULL, 'f'},
	    {"json", no_argument, NULL, 'j'},
	    {"directory", required_argument, NULL, 'd'},
	    {"file", required_argument, NULL, 'i'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {0},
	};
	struct reader_source *source = &arguments->source;
	size_t count = 0;
	int option, status = 0;

	source->files = files;
	while (!status &&
	       (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			status = take_time("--since", &source->since_us);
			break;
		case 'u':
			status = take_time("--until", &source->until_us);
			break;
		case 'f':
			arguments->follow = true;
			break;
		case 'j':
			arguments->json = true;
			break;
		case 'd':
			source->directory = optarg;
			break;
		case 'i':
			files[count++] = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return EX_OK;
		case 'v':
			puts("byte-proxy-stats " VERSION);
			return EX_OK;
		default:
			/* getopt_long(3) has said what is wrong. */
			return EX_USAGE;
		}
	}
	if (!status && optind < argc)
		return refuse(EX_USAGE, argv[optind], NULL,
		    "expected an option that begins with --");
	if (!status)
		status = check_together(arguments);
	if (!count)
		source->files = NULL;
	return status ? status : -1;
}

static void print(const struct arguments *arguments, struct tally *tally)
{
	bool terminal = isatty(STDOUT_FILENO);

	tally_sort(tally);
	if (arguments->json) {
		json_print(stdout, tally);
	} else {
		/* Home, and clear what is below. */
		if (arguments->follow && terminal)
			fputs("\033[H\033[J", stdout);
		table_print(stdout, tally, &arguments->style);
		if (arguments->follow && !terminal)
			fputc('\n', stdout);
	}
}

/* Adds all that is there. Returns whether there was any, or < 0 (errno). */
static int add_all(struct reader *reader, struct tally *tally)
{
	struct connection connection;
	bool any = false;
	int r;

	while ((r = reader_next(reader, &connection)) > 0) {
		r = tally_add(tally, &connection);
		if (r < 0)
			return r;
		any = true;
	}
	return r < 0 ? r : any;
}

/*
 * Says what may be missing: who may not read the system's journal sees nothing
 * of it, and no error.
 */
static void hint(const struct arguments *arguments, const struct tally *tally,
    const struct reader *reader)
{
	if (!tally->connections && geteuid() != 0 &&
	    !arguments->source.directory && !arguments->source.files)
		fputs("byte-proxy-stats: no records (of the system's journal, "
		      "root and the group systemd-journal see all)\n",
		    stderr);
	if (reader_damaged(reader))
		fprintf(stderr,
		    "byte-proxy-stats: %llu damaged records are left out\n",
		    (unsigned long long)reader_damaged(reader));
}

static int run(const struct arguments *arguments, struct reader *reader,
    struct tally *tally)
{
	const struct timespec pause = {.tv_sec = 1};
	int r = add_all(reader, tally);

	if (r < 0)
		return r;
	hint(arguments, tally, reader);
	print(arguments, tally);
	while (arguments->follow && fflush(stdout) == 0) {
		/* Once a second at most, however often something comes. */
		nanosleep(&pause, NULL);
		r = reader_wait(reader, FOLLOW_US);
		if (r == 0)
			r = add_all(reader, tally);
		if (r < 0)
			return r;
		if (r > 0)
			print(arguments, tally);
	}
	return 0;
}

/* What could not be opened. */
static int refuse_source(const struct reader_source *source, int error)
{
	const char *const *file = source->files;

	if (source->directory)
		return refuse(EX_CONFIG, "--directory", source->directory,
		    strerror(error));
	while (file && file[1] && access(*file, R_OK) == 0)
		file++;
	return refuse(EX_CONFIG, file ? "--file" : "the journal",
	    file ? *file : NULL, strerror(error));
}

static void choose_style(struct table_style *style)
{
	const char *no_colour = getenv("NO_COLOR"); /* no-color.org */

	setlocale(LC_ALL, "");
	style->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	style->colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

int main(int argc, char *argv[])
{
	struct arguments arguments = {.source.until_us = READER_NO_LIMIT};
	struct tally tally = {0};
	struct reader *reader = NULL;
	const char **files = calloc((size_t)argc + 1, sizeof(*files));
	int status, r;

	if (!files)
		return refuse(EX_OSERR, "memory", NULL, strerror(ENOMEM));
	choose_style(&arguments.style);
	status = parse(argc, argv, files, &arguments);
	if (status < 0) {
		status = EX_OK;
		r = reader_open(&arguments.source, &reader);
		if (r < 0)
			status = refuse_source(&arguments.source, -r);
		else if ((r = run(&arguments, reader, &tally)) < 0)
			status =
			    refuse(EX_OSERR, "the journal", NULL, strerror(-r));
	}
	reader_close(reader);
	tally_free(&tally);
	free(files);
	if (fflush(stdout) != 0 || ferror(stdout))
		return refuse(
		    EX_IOERR, "standard output", NULL, strerror(errno));
	return status;
}
