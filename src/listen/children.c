/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/wait.h>

#include "../record/log.h"
#include "../text.h"
#include "children.h"

void children_add(struct children *children, pid_t pid)
{
	children->pids[children->count++] = pid;
}

static void forget(struct children *children, pid_t pid, int status)
{
	for (unsigned i = 0; i < children->count; i++) {
		if (children->pids[i] != pid)
			continue;
		children->pids[i] = children->pids[--children->count];
		if (status == 0)
			children->served++;
		else
			children->refused++;
		return;
	}
}

static void report_death(pid_t pid, int signal)
{
	TEXT(pid_text, 24);
	TEXT(signal_text, 24);

	text_add_number(&pid_text, (uint64_t)pid);
	text_add_number(&signal_text, (uint64_t)signal);
	log_say(LOG_ERR, "handler died", "handler", pid_text.start, "signal",
	    signal_text.start, NULL);
}

void children_reap(struct children *children)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		forget(children, pid, status);
		if (WIFSIGNALED(status))
			report_death(pid, WTERMSIG(status));
	}
}

void children_signal(const struct children *children, int signal)
{
	for (unsigned i = 0; i < children->count; i++)
		kill(children->pids[i], signal);
}
