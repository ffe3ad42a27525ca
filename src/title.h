/* SPDX-License-Identifier: MIT */
/*
 * What ps(1) and systemctl(1) show of a process: /proc/PID/cmdline (proc(5)),
 * which is the memory in which execve(2) left the arguments, and behind them
 * the environment. Writing to it takes no system call.
 */
#ifndef TITLE_H
#define TITLE_H

#include "text.h"

/* Remembers where the arguments are. Without it there is no title. */
void title_init(int argc, char *argv[]);

/* Writes it in place of the arguments, as much of it as they have room for. */
void title_set(const struct text *title);

/*
 * The same, for who needs neither arguments nor environment any more: what
 * the arguments have no room for goes on over the environment, of which then
 * nothing is left (environ(7)).
 */
void title_set_last(const struct text *title);

#endif
