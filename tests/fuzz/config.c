/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the configuration. The lines of the input are arguments; those that
 * begin with BYTE_PROXY_ are variables; what follows a line "---" is a file of
 * them.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/config/config.h"
#include "../../src/config/show.h"
#include "fuzz.h"

#define WORDS_MAX 64

struct words {
	char *arguments[WORDS_MAX + 3];
	char *variables[WORDS_MAX + 1];
	int arguments_count, variables_count;
	char file_argument[64];
};

static struct config config, again;
static char shown[2 * CONFIG_MEMORY_BYTES];

/* The file, in memory; its descriptor. */
static int make_file(struct words *words, const char *text)
{
	int fd = memfd_create("file", 0);
	size_t size = strlen(text);

	RULE(write(fd, text, size) == (ssize_t)size, "memfd");
	snprintf(words->file_argument, sizeof(words->file_argument),
	    "--env-file=/proc/self/fd/%d", fd);
	words->arguments[words->arguments_count++] = words->file_argument;
	return fd;
}

/* Cuts the text into lines. Returns the file's descriptor or -1. */
static int split(struct words *words, char *text)
{
	char *rest = text, *line;

	words->arguments[words->arguments_count++] = "byte-proxy";
	while ((line = strsep(&rest, "\n"))) {
		if (strcmp(line, "---") == 0)
			return make_file(words, rest ? rest : "");
		if (strncmp(line, "BYTE_PROXY_", 11) == 0) {
			if (words->variables_count < WORDS_MAX)
				words->variables[words->variables_count++] =
				    line;
		} else if (words->arguments_count < WORDS_MAX) {
			words->arguments[words->arguments_count++] = line;
		}
	}
	return -1;
}

/*
 * Two readings have to agree, whatever was in the memory before. Returns
 * whether it is a good configuration.
 */
static bool load_twice(struct words *words, char why[2][512])
{
	enum config_verdict verdicts[2];
	struct config *configs[2] = {&config, &again};

	memset(&again, 0xa5, offsetof(struct config, file));
	for (int i = 0; i < 2; i++) {
		struct text text = {0, sizeof(why[i]), why[i]};

		why[i][0] = '\0';
		verdicts[i] = config_load(words->arguments_count,
		    words->arguments, words->variables, configs[i], &text);
		if (verdicts[i] == CONFIG_GOOD)
			continue;
		RULE(text.length == strlen(why[i]) && text.length,
		    "verdict %d without a reason", verdicts[i]);
	}
	RULE(verdicts[0] == verdicts[1], "%d and %d", verdicts[0], verdicts[1]);
	RULE(verdicts[0] == CONFIG_GOOD || strcmp(why[0], why[1]) == 0,
	    "\"%s\" and \"%s\"", why[0], why[1]);
	RULE(config.routes.count == again.routes.count, "another table");
	if (verdicts[0] == CONFIG_GOOD && config.action != OPTION_HELP &&
	    config.action != OPTION_VERSION)
		RULE(config.routes.count, "good without a route");
	return verdicts[0] == CONFIG_GOOD;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct words words = {0};
	char *text = strndup((const char *)bytes, size);
	char why[2][512];
	int fd = split(&words, text);

	if (load_twice(&words, why)) {
		struct text output = {0, sizeof(shown), shown};

		config_add_to(&config, &output);
		RULE(output.length && shown[output.length - 1] == '\n',
		    "cut off at %zu", output.length);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return 0;
}
