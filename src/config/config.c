/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

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

/* Ends the error line that the caller began with a name. */
static int refuse(struct text *why, const char *value, const char *expected)
{
	if (value)
		text_add_all(why, " ", value, NULL);
	text_add_all(why, ": ", expected, NULL);
	return -EINVAL;
}

static char *copy_text(struct config *config, const char *text, size_t length)
{
	char *copy = config->copies + config->copies_length;

	if (length >= CONFIG_COPY_BYTES - config->copies_length)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	config->copies_length += length + 1;
	return copy;
}

static int add_route(struct config *config, const struct given *given,
    const char *item, size_t length)
{
	const char *text = copy_text(config, item, length);
	char *copy = copy_text(config, item, length);
	bool keep = given->option == &options[OPTION_MAP_KEEP];
	const char *expected;

	if (!text || !copy)
		return refuse(given->why, NULL, "too many routes to hold");
	if (config->routes_from != given->source) {
		memset(&config->routes, 0, offsetof(struct routes, list));
		config->routes_from = given->source;
	}
	expected = routes_add(&config->routes, text, copy, keep);
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
 * Applies one variable of ours; `name` is followed by anything that is not
 * part of it. An empty value stands for a variable that is not set.
 */
static int apply_variable(
    struct config *config, struct given *given, const char *name, size_t length)
{
	size_t prefix = sizeof(OPTION_VARIABLE_PREFIX) - 1;

	given->option = option_by_variable(name + prefix, length - prefix);
	text_add_bytes(given->why, name, length);
	if (!given->option)
		return refuse(given->why, NULL, "there is no such setting");
	if (given->option == &options[OPTION_ENV_FILE] &&
	    given->source == FROM_FILE)
		return refuse(given->why, given->value,
		    "a file cannot name another file");
	return *given->value ? apply(config, given) : 0;
}

static int load_environment(
    struct config *config, char *const environment[], struct text *why)
{
	for (char *const *entry = environment; *entry; entry++) {
		struct given given = {.source = FROM_ENVIRONMENT, .why = why};
		const char *equals = strchr(*entry, '=');
		int r;

		if (!is_ours(*entry) || !equals)
			continue;
		given.value = equals + 1;
		why->length = 0;
		r = apply_variable(
		    config, &given, *entry, (size_t)(equals - *entry));
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_file(const char *path, int error, struct text *why)
{
	why->length = 0;
	text_add(why, path);
	if (error == -EFBIG)
		return refuse(why, NULL, "expected a file of under 128 KiB");
	if (error == -EILSEQ)
		return refuse(why, NULL, "expected a text file without NUL");
	return refuse(why, NULL, strerror(-error));
}

static int load_file(struct config *config, const char *path, struct text *why)
{
	struct given given = {.source = FROM_FILE, .why = why};
	struct env_assignment assignment;
	struct env_file file;
	const char *expected;
	int r;

	r = env_file_load(path, config->file, sizeof(config->file), &file);
	if (r < 0)
		return refuse_file(path, r, why);
	for (;;) {
		r = env_file_next(&file, &assignment, &expected);
		if (r == 0)
			return 0;
		why->length = 0;
		text_add_all(why, path, ":", NULL);
		text_add_number(why, assignment.line);
		text_add(why, ": ");
		if (r < 0) {
			text_add(why, assignment.name);
			return refuse(why, NULL, expected);
		}
		if (!is_ours(assignment.name))
			continue;
		given.value = assignment.value;
		r = apply_variable(
		    config, &given, assignment.name, strlen(assignment.name));
		if (r < 0)
			return r;
	}
}

/* Takes one argument, and its value where it has one, from argv at *at. */
static int take_argument(char *const argv[], int *at, struct given *given)
{
	const char *argument = argv[(*at)++];
	const char *name = argument + 2;
	const char *equals;
	size_t length;

	given->why->length = 0;
	text_add(given->why, argument);
	if (strncmp(argument, "--", 2) != 0 || !*name)
		return refuse(
		    given->why, NULL, "expected an option that begins with --");
	equals = strchr(name, '=');
	length = equals ? (size_t)(equals - name) : strlen(name);
	given->option = option_by_argument(name, length);
	if (!given->option)
		return refuse(
		    given->why, NULL, "there is no such option, see --help");
	if (!given->option->value[0]) {
		if (equals)
			return refuse(
			    given->why, NULL, "this option takes no value");
		given->value = "yes";
		return 0;
	}
	given->why->length = 0;
	text_add_all(given->why, "--", given->option->name, NULL);
	given->value = equals ? equals + 1 : argv[*at];
	if (!given->value)
		return refuse(given->why, NULL, "expected a value behind it");
	if (!equals)
		(*at)++;
	return 0;
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
		r = take_argument(argv, &at, &given);
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
		r = take_argument(argv, &at, &given);
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

	memset(config, 0, offsetof(struct config, routes.list));
	config->copies_length = 0;
	option_defaults(&config->settings);
	if (load_early_arguments(config, argc, argv, ret_why) < 0)
		return CONFIG_BAD_ARGUMENT;
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

/* Adds the bytes of one route as they would be configured. */
static void add_route_lines(
    const struct config *config, unsigned index, struct text *text)
{
	const struct routes *routes = &config->routes;
	const struct route *route = &routes->list[index];
	const char *option =
	    options[route->keep ? OPTION_MAP_KEEP : OPTION_MAP].name;

	text_add_all(text, option, " ", NULL);
	if (routes->other == index + 1) {
		text_add(text, "*");
	} else {
		unsigned first = 0, last;

		while (routes->by_byte[first] != index + 1)
			first++;
		last = first;
		while (last < 255 && routes->by_byte[last + 1] == index + 1)
			last++;
		text_add_byte(text, (uint8_t)first);
		if (last > first) {
			text_add_char(text, '-');
			text_add_byte(text, (uint8_t)last);
		}
	}
	text_add_all(text, "=", route->target.text, "\n", NULL);
}

void config_add_to(const struct config *config, struct text *text)
{
	for (unsigned i = 0; i < config->routes.count; i++)
		add_route_lines(config, i, text);
	option_add_settings(&config->settings, text);
}
