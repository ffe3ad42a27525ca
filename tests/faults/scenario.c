/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "scenario.h"

#define LEAD(text) .lead = (text), .lead_length = sizeof(text) - 1

#define TIMES "--connect-timeout", "2s", "--first-byte-timeout", "2s"
#define SMALL .up = 5, .down = 5, .echoes = true

static const struct scenario scenarios[] = {
    {.name = "small",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "require",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--confine", "require"}},
    {.name = "unconfined",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--confine", "off"}},
    {.name = "bulk",
	.result = "closed",
	LEAD("\x01"),
	.up = PATTERN_BYTES,
	.down = PATTERN_BYTES,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "pipes",
	.way = WAY_PIPES,
	.result = "closed",
	LEAD("\x01"),
	.up = 65536,
	.down = 65536,
	.echoes = true,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "refused",
	.result = "connect-failed",
	LEAD("\x01"),
	.up = 5,
	.arguments = {TIMES, "--map", "0x01=REFUSED"}},
    {.name = "fallback",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=REFUSED,TARGET"}},
    {.name = "name",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=localhost:PORT"}},
    {.name = "no-route",
	.result = "no-route",
	LEAD("\x02"),
	.up = 5,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "target-reset",
	.result = "target-reset",
	LEAD("\x01"),
	SMALL,
	.client_last = LAST_WAIT,
	.target_last = LAST_RESET,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "client-reset",
	.result = "client-reset",
	LEAD("\x01"),
	SMALL,
	.client_last = LAST_RESET,
	.target_last = LAST_WAIT,
	.arguments = {TIMES, "--map", "0x01=TARGET"}},
    {.name = "proxy",
	.result = "closed",
	LEAD("PROXY TCP4 192.0.2.7 192.0.2.8 4000 443\r\n\x01"),
	SMALL,
	.has_header = true,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--accept-proxy",
	    "--proxy-protocol", "v2"}},
    {.name = "proxy-out",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.has_header = true,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--proxy-protocol", "v2"}},
    {.name = "user",
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--user", "nobody"}},
    /* With room for one there is one spare: no fault is another's. */
    {.name = "listener",
	.way = WAY_LISTEN,
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--listen-port", "OWN",
	    "--max-connections", "1", "--drain-timeout", "300ms"}},
    {.name = "sources",
	.way = WAY_LISTEN,
	.result = "closed",
	LEAD("\x01"),
	SMALL,
	.arguments = {TIMES, "--map", "0x01=TARGET", "--listen-port", "OWN",
	    "--max-connections", "1", "--max-connections-per-source", "4",
	    "--drain-timeout", "300ms"}},
};

#define SCENARIOS (sizeof(scenarios) / sizeof(*scenarios))

const struct scenario *scenario_named(const char *name)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}

void scenarios_print(void)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		puts(scenarios[i].name);
}
