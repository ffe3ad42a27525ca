/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "arguments.h"
#include "config.h"
#include "env_file.h"

enum source {
	FROM_NOWHERE,
	FROM_FILE,
	FROM_ENVIRONMENT,
	FROM_ARGUMENTS
};

/* A value on its way into the configuration, and how it is named in errors. */
struct given {
	enum source source;
	const struct option *option;
	const char *value;
	struct text *why;
};

/*
 * Ends the error line that the caller began with a name. Of the value there is
 * as much as leaves room for what was expected.
 */
static int refuse(struct text *why, const char *value, const char *expected)
{
	const size_t others = strlen(expected) + sizeof(" : ");
	const size_t room = why->size - why->length;

	if (value && room > others) {
		text_add_char(why, ' ');
		text_add_bytes(why, value, strnlen(value, room - others));
	}
	text_add_all(why, ": ", expected, NULL);
	return -EINVAL;
}

_Static_assert(ROUTE_UNIT % _Alignof(struct route) == 0, "routes misalign");
_Static_assert(CONFIG_MEMORY_BYTES / ROUTE_UNIT <= UINT16_MAX,
    "the places of routes do not fit");

/* Memory that lives as long as the configuration; NULL when it is used up. */
static void *take_memory(struct config *config, size_t size)
{
	const size_t unit = ROUTE_UNIT;
	void *taken = config->memory + config->memory_used;

	size = (size + unit - 1) / unit * unit;
	if (size > CONFIG_MEMORY_BYTES - config->memory_used)
		return NULL;
	config->memory_used += size;
	return taken;
}

static char *copy_text(struct config *config, const char *text, size_t length)
{
	char *copy = take_memory(config, length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

static int add_route(struct config *config, const struct given *given,
    const char *item, size_t length)
{
	struct route *place = take_memory(config, route_bytes(item, length));
	char *text = copy_text(config, item, length);
	char *copy = copy_text(config, item, length);
	bool keep = given->option == &options[OPTION_MAP_KEEP];
	const char *expected;

	if (!place || !text || !copy)
		return refuse(given->why, NULL, "too many routes to hold");
	if (config->routes_from != given->source) {
		memset(&config->routes, 0, sizeof(config->routes));
		config->routes.memory = config->memory;
		config->routes_from = given->source;
	}
	expected = routes_add(&config->routes, text, copy, keep, place);
	return expected ? refuse(given->why, text, expected) : 0;
}

/* An argument is one route; a variable is any number, between blanks. */
static int add_routes(struct config *config, const struct given *given)
{
	const char *at = given->value;
	int r = 0;

	if (given->source == FROM_ARGUMENTS)
		return add_route(config, given, at, strlen(at));
	at += strspn(at, " \t\r\n");
	while (*at && r == 0) {
		size_t length = strcspn(at, " \t\r\n");

		r = add_route(config, given, at, length);
		at += length;
		at += strspn(at, " \t\r\n");
	}
	return r;
}

static int apply(struct config *config, const struct given *given)
{
	const char *expected;

	if (given->option->kind == OPTION_ROUTE)
		return add_routes(config, given);
	expected = option_set(given->option, given->value, &config->settings);
	return expected ? refuse(given->why, given->value, expected) : 0;
}

static bool is_ours(const char *variable)
{
	return strncmp(variable, OPTION_VARIABLE_PREFIX,
		   sizeof(OPTION_VARIABLE_PREFIX) - 1) == 0;
}

/*
 * Kubernetes tells every container of a service that is named byte-proxy, by
 * variables such as BYTE_PROXY_SERVICE_HOST, BYTE_PROXY_PORT=tcp://... and
 * BYTE_PROXY_PORT_9092_TCP: they are not meant for us.
 */
static bool is_of_kubernetes(const char *variable)
{
	const char *name = variable + sizeof(OPTION_VARIABLE_PREFIX) - 1;

	return strncmp(name, "SERVICE_", 8) == 0 ||
	       strncmp(name, "PORT_", 5) == 0 ||
	       (strncmp(name, "PORT=", 5) == 0 && strstr(name, "://"));
}

/*
 * Finds the option of one of our variables; `name` is followed by anything that
 * is no part of it. Begins the error line with the name.
 */
static int find_variable_option(
    struct given *given, const char *name, size_t length)
{
	size_t prefix = sizeof(OPTION_VARIABLE_PREFIX) - 1;

	text_add_bytes(given->why, name, length);
	given->option = option_by_variable(name + prefix, length - prefix);
	if (!given->option)
		return refuse(given->why, NULL, "there is no such setting");
	if (given->option == &options[OPTION_ENV_FILE] &&
	    given->source == FROM_FILE)
		return refuse(given->why, given->value,
		    "a file cannot name another file");
	return 0;
}

static int load_environment(
    struct config *config, char *const environment[], struct text *why)
{
	for (char *const *entry = environment; *entry; entry++) {
		struct given given = {.source = FROM_ENVIRONMENT, .why = why};
		const char *equals = strchr(*entry, '=');
		int r;

		/* An empty variable is one that is not set. */
		if (!is_ours(*entry) || !equals || !equals[1] ||
		    is_of_kubernetes(*entry))
			continue;
		given.value = equals + 1;
		why->length = 0;
		r = find_variable_option(
		    &given, *entry, (size_t)(equals - *entry));
		if (r == 0)
			r = apply(config, &given);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_file(const char *path, int error, struct text *why)
{
	why->length = 0;
	text_add(why, path);
	return refuse(why, NULL,
	    error == -EFBIG     ? "expected a file of under 128 KiB"
	    : error == -EILSEQ  ? "expected a text file without NUL"
	    : error == -ENOTSUP ? "expected a regular file"
				: strerror(-error));
}

/* Begins the error line of an assignment. */
static void name_line(struct text *why, const char *path, unsigned line)
{
	why->length = 0;
	text_add_all(why, path, ":", NULL);
	text_add_number(why, line);
	text_add(why, ": ");
}

/*
 * Takes the assignments out of the file: of each variable the last one counts,
 * as in an environment.
 */
static int take_assignments(struct env_file *file, struct given *given,
    const char *path, struct env_assignment *ret_last)
{
	struct env_assignment assignment;
	const char *expected;
	int r;

	while ((r = env_file_next(file, &assignment, &expected)) > 0) {
		if (!is_ours(assignment.name))
			continue;
		name_line(given->why, path, assignment.line);
		given->value = assignment.value;
		if (find_variable_option(
			given, assignment.name, strlen(assignment.name)) < 0)
			return -EINVAL;
		ret_last[given->option - options] = assignment;
	}
	if (r == 0)
		return 0;
	name_line(given->why, path, assignment.line);
	text_add(given->why, *assignment.name ? assignment.name : "no name");
	return refuse(given->why, NULL, expected);
}

static int load_file(struct config *config, const char *path, struct text *why)
{
	struct given given = {.source = FROM_FILE, .why = why};
	struct env_assignment last[OPTIONS_COUNT] = {0};
	struct env_file file;
	int r;

	r = env_file_load(path, config->file, sizeof(config->file), &file);
	if (r < 0)
		return refuse_file(path, r, why);
	r = take_assignments(&file, &given, path, last);
	for (size_t i = 0; i < OPTIONS_COUNT && r == 0; i++) {
		if (!last[i].name || !*last[i].value)
			continue;
		name_line(why, path, last[i].line);
		text_add(why, last[i].name);
		given.option = &options[i];
		given.value = last[i].value;
		r = apply(config, &given);
	}
	return r;
}

/*
 * The arguments say which file to read, and come after it: so they are read
 * twice. The first time only what has to be known early is taken from them.
 */
static int load_early_arguments(
    struct config *config, int argc, char *const argv[], struct text *why)
{
	struct given given = {.source = FROM_ARGUMENTS, .why = why};
	int at = 1, r = 0;

	while (at < argc && r == 0) {
		r = arguments_next(argv, &at, &given.option, &given.value, why);
		if (r < 0)
			break;
		if (given.option == &options[OPTION_ENV_FILE])
			r = apply(config, &given);
		else if (given.option == &options[OPTION_LISTEN_PORT])
			config->listen_port_argument = true;
		else if (given.option->kind == OPTION_ACTION &&
			 config->action < OPTION_HELP)
			config->action =
			    (enum option_id)(given.option - options);
	}
	return r;
}

static int load_arguments(
    struct config *config, int argc, char *const argv[], struct text *why)
{
	struct given given = {.source = FROM_ARGUMENTS, .why = why};
	int at = 1, r = 0;

	while (at < argc && r == 0) {
		r = arguments_next(argv, &at, &given.option, &given.value, why);
		if (r == 0 && given.option->kind != OPTION_ACTION)
			r = apply(config, &given);
	}
	return r;
}

static const char *find_variable(
    char *const environment[], const char *name, size_t length)
{
	for (char *const *entry = environment; *entry; entry++)
		if (strncmp(*entry, name, length) == 0 &&
		    (*entry)[length] == '=' && (*entry)[length + 1])
			return *entry + length + 1;
	return NULL;
}

enum config_verdict config_load(int argc, char *const argv[],
    char *const environment[], struct config *config, struct text *ret_why)
{
	static const char env_file[] = OPTION_VARIABLE_PREFIX "ENV_FILE";
	const char *path;

	memset(config, 0, offsetof(struct config, memory));
	option_defaults(&config->settings);
	if (load_early_arguments(config, argc, argv, ret_why) < 0) {
		/* It may stand behind what is bad. */
		for (int i = 1; i < argc; i++)
			if (strcmp(argv[i], "--check") == 0)
				config->action = OPTION_CHECK;
		return CONFIG_BAD_ARGUMENT;
	}
	if (config->action == OPTION_HELP || config->action == OPTION_VERSION)
		return CONFIG_GOOD;

	path = config->settings.env_file;
	if (!path)
		path =
		    find_variable(environment, env_file, sizeof(env_file) - 1);
	if (path && load_file(config, path, ret_why) < 0)
		return CONFIG_BAD;
	if (load_environment(config, environment, ret_why) < 0)
		return CONFIG_BAD;
	if (load_arguments(config, argc, argv, ret_why) < 0)
		return CONFIG_BAD_ARGUMENT;
	if (!config->routes.count) {
		ret_why->length = 0;
		text_add(ret_why, "no route: expected --map or --map-keep "
				  "BYTE=TARGET, or " OPTION_VARIABLE_PREFIX
				  "MAP in the environment or a --env-file");
		return CONFIG_BAD;
	}
	return CONFIG_GOOD;
}
