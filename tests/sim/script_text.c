/* SPDX-License-Identifier: MIT */
/* Scripts as they are written. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

static const char names[ACT_KINDS][8] = {"send", "urgent", "stall", "read",
    "deaf", "end", "close", "reset", "vanish", "time", "signal", "eintr",
    "short", "fail"};

const char *script_act_name(const struct act *act)
{
	return names[act->kind];
}

void script_write(const struct run *run)
{
	for (unsigned i = 0; i < run->count; i++) {
		const struct act *act = &run->acts[i];

		if (act->kind < ACT_TIME)
			fprintf(stderr, "%s:", kernel_end_name(act->end));
		fprintf(stderr, "%s", names[act->kind]);
		if (act->amount)
			fprintf(stderr, "=%u", act->amount);
		if (act->when != WHEN_ASLEEP)
			fprintf(stderr, "@%u", act->when);
		fputc(i + 1 < run->count ? ' ' : '\n', stderr);
	}
	if (!run->count)
		fputs("nothing\n", stderr);
}

static bool parse_act(const char *word, struct act *ret_act)
{
	struct act act = {.when = WHEN_ASLEEP};
	const char *name = strchr(word, ':');
	size_t length;

	act.end = strncmp(word, "target:", 7) == 0 ? SIM_TARGET : SIM_CLIENT;
	name = name ? name + 1 : word;
	length = strcspn(name, "=@");
	while (act.kind < ACT_KINDS &&
	       (strlen(names[act.kind]) != length ||
		   strncmp(names[act.kind], name, length) != 0))
		act.kind++;
	if (strchr(name, '='))
		act.amount = (uint32_t)strtoul(strchr(name, '=') + 1, NULL, 10);
	if (strchr(name, '@'))
		act.when = (uint8_t)strtoul(strchr(name, '@') + 1, NULL, 10);
	*ret_act = act;
	return act.kind < ACT_KINDS;
}

int script_parse(const char *text, struct act *acts, unsigned max)
{
	char *copy = strdup(text), *rest = copy, *word;
	unsigned count = 0;
	bool good = true;

	while (good && (word = strsep(&rest, " \t\n")))
		if (*word)
			good = count < max && parse_act(word, &acts[count++]);
	free(copy);
	return good ? (int)count : -1;
}
