/* SPDX-License-Identifier: MIT */
/* The arguments: "--option value" and "--option=value". */
#ifndef CONFIG_ARGUMENTS_H
#define CONFIG_ARGUMENTS_H

#include "options.h"

/*
 * Takes the option at argv[*at], and its value where it has one; *at is what
 * comes next then. The value of an option without one is "yes".
 *
 * Begins the line `why` anew with the name of the option, for errors about its
 * value. Returns 0, or -EINVAL when `why` says what was expected.
 */
int arguments_next(char *const argv[], int *at,
    const struct option **ret_option, const char **ret_value, struct text *why);

#endif
