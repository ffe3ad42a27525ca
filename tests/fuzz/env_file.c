/* SPDX-License-Identifier: MIT */
/* Fuzzes what reads an environment file: the input is the file. */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>

#include "../../src/config/env_file.h"
#include "fuzz.h"

static void check_name(const char *name)
{
	RULE(*name && !isdigit((unsigned char)*name), "name \"%s\"", name);
	for (; *name; name++)
		RULE(isalnum((unsigned char)*name) || *name == '_',
		    "character %#x", (unsigned)*name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* Of the exact size: the sanitizer sees what lies beside it. */
	char *buffer = malloc(size + 1);
	struct env_file file;
	struct env_assignment assignment = {0};
	const char *why = NULL, *end;
	unsigned line = 1;
	int r;

	memcpy(buffer, bytes, size);
	buffer[size] = '\0';
	size = strlen(buffer); /* env_file_load() refuses a NUL */
	end = buffer + size;
	file = (struct env_file){.at = buffer, .end = buffer + size, .line = 1};
	while ((r = env_file_next(&file, &assignment, &why)) > 0) {
		check_name(assignment.name);
		RULE(assignment.name >= buffer && assignment.value > buffer &&
			 assignment.value <= end,
		    "outside of the file");
		RULE(assignment.value + strlen(assignment.value) <= file.at,
		    "longer than what was read");
		RULE(assignment.line >= line && assignment.line <= file.line,
		    "line %u", assignment.line);
		line = assignment.line;
	}
	RULE(r == 0 || why, "no reason");
	RULE(file.at <= end, "behind the end");
	free(buffer);
	return 0;
}
