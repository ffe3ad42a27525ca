/* SPDX-License-Identifier: MIT */
/*
 * The configuration: routes and settings out of the arguments, the
 * environment and a file. Arguments win over the environment, and the
 * environment over the file; the routes of a stronger source replace those of
 * a weaker one as a whole.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "options.h"
#include "route.h"

#define CONFIG_FILE_BYTES   ((size_t)128 * 1024)
#define CONFIG_MEMORY_BYTES ((size_t)320 * 1024)

struct config {
	struct settings settings;
	bool listen_port_argument; /* --listen-port was an argument */
	enum option_id action;     /* OPTION_CHECK, _HELP, _VERSION, or _MAP
				      for none of them */
	unsigned routes_from;      /* the strongest source so far */
	struct routes routes;
	/* What the above points into: for few routes it is the same page. */
	size_t memory_used;
	_Alignas(ROUTE_UNIT) char memory[CONFIG_MEMORY_BYTES];
	char file[CONFIG_FILE_BYTES];
};

enum config_verdict {
	CONFIG_GOOD,
	CONFIG_BAD_ARGUMENT,
	CONFIG_BAD /* a variable, the file, or no route at all */
};

/*
 * Loads all three sources into `config`, which need not be initialised and
 * which argv and environ have to outlive. With --help and --version only the
 * arguments are looked at. On a verdict other than CONFIG_GOOD `ret_why` holds
 * one line that names the option, the variable, or the file and line, the
 * value, and what was expected.
 */
enum config_verdict config_load(int argc, char *const argv[],
    char *const environment[], struct config *config, struct text *ret_why);

#endif
