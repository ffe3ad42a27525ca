/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "arguments.h"

static int refuse(struct text *why, const char *expected)
{
	text_add_all(why, ": ", expected, NULL);
	return -EINVAL;
}

int arguments_next(char *const argv[], int *at,
    const struct option **ret_option, const char **ret_value, struct text *why)
{
	const char *argument = argv[(*at)++];
	const char *name = argument + 2;
	const char *equals;

	why->length = 0;
	text_add(why, argument);
	if (strncmp(argument, "--", 2) != 0 || !*name)
		return refuse(why, "expected an option that begins with --");
	equals = strchrnul(name, '=');
	*ret_option = option_by_argument(name, (size_t)(equals - name));
	if (!*ret_option)
		return refuse(why, "there is no such option, see --help");
	if (!(*ret_option)->value[0]) {
		*ret_value = "yes";
		return *equals ? refuse(why, "this option takes no value") : 0;
	}
	why->length = 0;
	text_add_all(why, "--", (*ret_option)->name, NULL);
	*ret_value = *equals ? equals + 1 : argv[*at];
	if (!*ret_value)
		return refuse(why, "expected a value behind it");
	if (!*equals)
		(*at)++;
	return 0;
}
