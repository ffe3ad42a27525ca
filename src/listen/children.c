/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../record/log.h"
#include "../text.h"
#include "children.h"

#define REPORTS_AT_ONCE 64
#define LIST_KEPT       512 /* children, whose memory is not given back */

int children_init(struct children *ret_children)
{
	size_t size = CHILDREN_MAX * sizeof(struct child);
	int ends[2], r;
	void *list = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (list == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* Only this end: a spare whose report is late must wait with it. */
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	madvise(list, size, MADV_DONTFORK);
	*ret_children = (struct children){.list = list,
	    .reports_in = ends[0],
	    .reports_out = ends[1],
	    .sources.stale = true};
	return 0;
}

void children_add(
    struct children *children, pid_t pid, unsigned socket, bool counts)
{
	children->list[children->count++] = (struct child){.pid = pid,
	    .serial = children->forked++,
	    .socket = (uint16_t)socket,
	    .spare = true,
	    .counts = counts};
	children->spares[socket]++;
	if (children->longest < children->count)
		children->longest = children->count;
}

static void take_report(struct children *children, const struct report *report)
{
	if (report->error) {
		children->error = report->error;
		return;
	}
	/* Most often it is among the last that were forked. */
	for (unsigned i = children->count; i-- > 0;) {
		struct child *child = &children->list[i];

		if (child->serial != report->serial)
			continue;
		child->source = report->source;
		if (!child->spare)
			return;
		child->spare = false;
		children->sources.stale |= !child->counts;
		children->handlers++;
		children->accepted++;
		children->spares[child->socket]--;
		children->taken[child->socket]++;
		if (children->untuned[child->socket])
			children->untuned[child->socket]--;
		return;
	}
}

void children_take_reports(struct children *children)
{
	struct report reports[REPORTS_AT_ONCE];
	ssize_t n;

	do {
		n = read(children->reports_in, reports, sizeof(reports));
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*reports); i++)
			take_report(children, &reports[i]);
	} while (n == (ssize_t)sizeof(reports));
}

int children_count_sources(struct children *children)
{
	int r;

	if (!sources_try_lock(children->reports_out))
		return 0;
	r = sources_clear(&children->sources);
	if (r == 0) {
		children_take_reports(children);
		children->sources.stale = false;
		for (unsigned i = 0; i < children->count; i++)
			if (children->list[i].source != SOURCE_NONE)
				sources_take(&children->sources,
				    children->list[i].source, CHILDREN_MAX);
	}
	sources_unlock(children->reports_out);
	return r;
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

static void forget(struct children *children, unsigned i, int status)
{
	const struct child *child = &children->list[i];

	/* It may have become a handler since the last look, or been counted. */
	if (child->spare || (child->counts && child->source == SOURCE_NONE))
		children_take_reports(children);
	if (child->spare) {
		children->spares[child->socket]--;
		children->spare_died |= WIFSIGNALED(status);
		/* It may have counted, and not reported it. */
		children->sources.stale |= WIFSIGNALED(status);
	} else {
		children->handlers--;
		/* The same, where it had to wait to be counted. */
		children->sources.stale |= WIFSIGNALED(status) &&
					   child->counts &&
					   child->source == SOURCE_NONE;
		sources_give_back(&children->sources, child->source);
		if (status == 0)
			children->served++;
		else
			children->refused++;
	}
	children->list[i] = children->list[--children->count];
}

/* When a flood is over, what of the list is in use no more is the kernel's. */
static void give_back_memory(struct children *children)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size, kept;

	if (children->longest <= LIST_KEPT ||
	    children->count > children->longest / 4)
		return;
	kept = children->count > LIST_KEPT ? children->count : LIST_KEPT;
	kept = (kept * sizeof(struct child) + page - 1) / page * page;
	size = CHILDREN_MAX * sizeof(struct child);
	if (kept < size)
		madvise(
		    (char *)children->list + kept, size - kept, MADV_DONTNEED);
	children->longest = children->count;
}

void children_reap(struct children *children)
{
	int status;
	pid_t pid;

	children_take_reports(children);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		unsigned i = children->count;

		while (i > 0 && children->list[i - 1].pid != pid)
			i--;
		if (WIFSIGNALED(status))
			report_death(pid, WTERMSIG(status));
		if (i > 0)
			forget(children, i - 1, status);
	}
	give_back_memory(children);
}

void children_signal(const struct children *children, int signal)
{
	for (unsigned i = 0; i < children->count; i++)
		kill(children->list[i].pid, signal);
}

static bool is_spare_before(const struct child *child, uint32_t serial)
{
	/* Serials may wrap around. */
	return child->spare && (int32_t)(child->serial - serial) < 0;
}

void children_retire_before(const struct children *children, uint32_t serial)
{
	for (unsigned i = 0; i < children->count; i++)
		if (is_spare_before(&children->list[i], serial))
			kill(children->list[i].pid, SIGUSR2);
}

void children_retire_some(
    const struct children *children, unsigned socket, unsigned count)
{
	for (unsigned i = 0; i < children->count && count > 0; i++) {
		const struct child *child = &children->list[i];

		if (!child->spare || child->socket != socket)
			continue;
		kill(child->pid, SIGUSR2);
		count--;
	}
}

bool children_has_spares(const struct children *children, uint32_t serial)
{
	for (unsigned i = 0; i < children->count; i++)
		if (is_spare_before(&children->list[i], serial))
			return true;
	return false;
}
