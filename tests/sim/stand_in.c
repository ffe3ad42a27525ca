/* SPDX-License-Identifier: MIT */
/* What of the relay's neighbours has no part in the simulation. */
#include "../../src/connection/confine.h"
#include "../../src/connection/tune.h"
#include "../../src/record/record.h"

void tune_no_delay(int fd)
{
	(void)fd;
}

void tune_ends(const struct client *client, int target,
    const struct address *address, const struct settings *settings)
{
	(void)client;
	(void)target;
	(void)address;
	(void)settings;
}

const char *confine_relay(const struct settings *settings)
{
	(void)settings;
	return NULL;
}

socklen_t confine_reset_length(void)
{
	return sizeof(sa_family_t);
}

void record_show(const struct record *record)
{
	(void)record;
}
