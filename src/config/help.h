/* SPDX-License-Identifier: MIT */
/* What --help prints, out of the table of options. */
#ifndef CONFIG_HELP_H
#define CONFIG_HELP_H

#include "../text.h"

/* Adds the help: one screen of 80 columns. */
void help_add_to(struct text *text);

#endif
