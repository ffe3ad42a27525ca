/* SPDX-License-Identifier: MIT */
/*
 * Files in the syntax of systemd's EnvironmentFile= (systemd.exec(5)):
 * NAME=value lines; comments that begin with '#' or ';'; a backslash at the
 * end of a line joins it to the next; single quotes take everything as it is;
 * in double quotes a backslash escapes only the characters '"', '\', '`' and
 * '$', and joins lines; outside of quotes it escapes any character.
 *
 * Two things that systemd lets pass are errors here, since each is a mistake
 * that would lose routes: a quote that is never closed, and a name that is no
 * variable's name. As since systemd 254, a backslash never continues a comment.
 */
#ifndef CONFIG_ENV_FILE_H
#define CONFIG_ENV_FILE_H

#include <stddef.h>

struct env_file {
	char *at;      /* the next character to read */
	char *end;     /* a NUL stands there */
	unsigned line; /* of `at`, from 1 */
};

struct env_assignment {
	const char *name;
	char *value;
	unsigned line; /* where it begins */
};

/*
 * Reads a whole file, at most size - 1 bytes of it, and ends it with a NUL.
 * Returns 0 or a negative errno; -EFBIG when it is longer, -EILSEQ when it
 * contains a NUL.
 */
int env_file_load(
    const char *path, char *buffer, size_t size, struct env_file *ret_file);

/*
 * Takes the next assignment. Names and values are unquoted in place, within
 * the buffer, and live as long as it does.
 * Returns 1, 0 at the end, or -EINVAL; then *ret_why tells what was expected
 * and ret_assignment->line where.
 */
int env_file_next(struct env_file *file, struct env_assignment *ret_assignment,
    const char **ret_why);

#endif
