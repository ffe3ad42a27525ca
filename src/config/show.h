/* SPDX-License-Identifier: MIT */
/* What --check prints: the configuration as it would be written. */
#ifndef CONFIG_SHOW_H
#define CONFIG_SHOW_H

#include "config.h"

/* Adds a line a route, a line a setting. */
void config_add_to(const struct config *config, struct text *text);

#endif
