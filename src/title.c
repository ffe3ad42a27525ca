/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "title.h"

static char *start, *arguments_end;

void title_init(int argc, char *argv[])
{
	const char *last;

	if (argc < 1)
		return;
	last = argv[argc - 1];
	start = argv[0];
	arguments_end = start + (last - start) + strlen(last) + 1;
}

/* To `end`, which is not before arguments_end. */
static void write_up_to(const char *end, const struct text *title)
{
	size_t length = title->length;

	if (length > (size_t)(end - start) - 1)
		length = (size_t)(end - start) - 1;
	memcpy(start, title->start, length);
	start[length] = '\0';
	/*
	 * A byte other than NUL at the end of the arguments is the sign that
	 * they were written over. Then the kernel shows what comes up to the
	 * first NUL, behind that end as well, and of the rest nothing.
	 */
	if (start + length + 1 < arguments_end)
		arguments_end[-1] = ' ';
}

void title_set(const struct text *title)
{
	if (start)
		write_up_to(arguments_end, title);
}

void title_set_last(const struct text *title)
{
	static char *nothing[] = {NULL};
	const char *end = arguments_end;

	if (!start)
		return;
	/* The variables are there as the kernel laid them out, or are not. */
	for (char **entry = environ; end <= start + title->length; entry++) {
		if (*entry != end)
			break;
		end += strlen(end) + 1;
	}
	if (end != arguments_end)
		environ = nothing;
	write_up_to(end, title);
}
