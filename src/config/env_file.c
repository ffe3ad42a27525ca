/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "../fd.h"
#include "env_file.h"

int env_file_load(
    const char *path, char *buffer, size_t size, struct env_file *ret_file)
{
	size_t length = 0;
	ssize_t n;
	/* A reload must not wait for whoever might write to a FIFO. */
	int fd CLEANUP_FD =
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	do {
		n = read(fd, buffer + length, size - length);
		if (n < 0)
			return -errno;
		length += (size_t)n;
		if (length == size)
			return -EFBIG;
	} while (n > 0);
	buffer[length] = '\0';
	if (strlen(buffer) != length)
		return -EILSEQ;
	*ret_file =
	    (struct env_file){.at = buffer, .end = buffer + length, .line = 1};
	return 0;
}

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

/* Takes one character and counts lines. */
static char take(struct env_file *file)
{
	char c = *file->at++;

	if (c == '\n')
		file->line++;
	return c;
}

static void skip_line(struct env_file *file)
{
	while (file->at < file->end && !is_newline(*file->at))
		file->at++;
}

/*
 * Takes what stands between quotes and adds it at `out`. Unquoted text is
 * never longer than the quoted, so `out` stays behind file->at. Returns the
 * new end, or NULL when the quote is not closed.
 */
static char *take_quoted(struct env_file *file, char quote, char *out)
{
	while (file->at < file->end) {
		char c = take(file);

		if (c == quote)
			return out;
		if (c == '\\' && quote == '"' && file->at < file->end) {
			char escaped = take(file);

			if (escaped == '\n')
				continue;
			if (!strchr("\"\\`$", escaped))
				*out++ = '\\';
			c = escaped;
		}
		*out++ = c;
	}
	return NULL;
}

/* Takes an unquoted stretch up to the end of the line. */
static char *take_bare(struct env_file *file, char *out)
{
	char *end = out; /* behind the last character that is no blank */

	while (file->at < file->end && !is_newline(*file->at)) {
		char c = take(file);
		bool escaped = c == '\\';

		if (escaped) {
			if (file->at == file->end)
				break;
			c = take(file);
			if (is_newline(c)) {
				end = out;
				continue;
			}
		}
		*out++ = c;
		if (escaped || !is_blank(c))
			end = out;
	}
	return end;
}

/* Takes a value with its quotes. Returns -EINVAL when one is not closed. */
static int take_value(struct env_file *file, char **ret_value)
{
	char *out = file->at;

	*ret_value = out;
	/* Before text begins, blanks fall away and quotes are quotes. */
	while (file->at < file->end && !is_newline(*file->at)) {
		char c = *file->at;

		if (c == '\'' || c == '"') {
			take(file);
			out = take_quoted(file, c, out);
			if (!out)
				return -EINVAL;
		} else if (is_blank(c)) {
			take(file);
		} else {
			out = take_bare(file, out);
			break;
		}
	}
	if (file->at < file->end)
		take(file); /* the newline, over which the NUL may go */
	*out = '\0';
	return 0;
}

static bool is_variable_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t length = strlen(name);

	return length && strchr(letters, name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == length;
}

/* Takes "NAME" up to "="; returns NULL for a line without one. */
static char *take_name(struct env_file *file)
{
	char *name = file->at;
	char *end = name;

	while (file->at < file->end && !is_newline(*file->at) &&
	       *file->at != '=') {
		if (!is_blank(*file->at++))
			end = file->at;
	}
	if (*file->at != '=')
		return NULL;
	file->at++;
	*end = '\0';
	return name;
}

int env_file_next(struct env_file *file, struct env_assignment *ret_assignment,
    const char **ret_why)
{
	while (file->at < file->end) {
		char c = *file->at;
		char *name, *value;

		if (is_blank(c)) {
			take(file);
			continue;
		}
		ret_assignment->line = file->line;
		if (c == '#' || c == ';') {
			skip_line(file);
			continue;
		}
		name = take_name(file);
		if (!name)
			continue;
		ret_assignment->name = name;
		if (!is_variable_name(name)) {
			*ret_why = "expected NAME=value";
			return -EINVAL;
		}
		if (take_value(file, &value) < 0) {
			*ret_why = "expected a closing quote";
			return -EINVAL;
		}
		ret_assignment->value = value;
		return 1;
	}
	return 0;
}
