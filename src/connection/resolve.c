/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../deadline.h"
#include "../fd.h"
#include "../wait.h"
#include "confine.h"
#include "resolve.h"

#define FORK_RETRY_MS 5

/* The next address of the list, from *at on, that is of family or is not. */
static const struct addrinfo *next_of(
    const struct addrinfo **at, int family, bool is_family)
{
	const struct addrinfo *found = *at;

	while (found && (found->ai_family == family) != is_family)
		found = found->ai_next;
	*at = found ? found->ai_next : NULL;
	return found;
}

static void take(
    const struct addrinfo *info, uint16_t port, struct resolved *resolved)
{
	struct address *address = &resolved->list[resolved->count];

	if (!info || resolved->count == RESOLVE_ADDRESSES_MAX ||
	    info->ai_addrlen > sizeof(address->v6))
		return;
	address->length = info->ai_addrlen;
	memcpy(&address->any, info->ai_addr, info->ai_addrlen);
	/* sin_port and sin6_port lie at the same place. */
	address->v4.sin_port = htons(port);
	resolved->count++;
}

static void look_up(
    const char *host, uint16_t port, struct resolved *ret_resolved)
{
	/*
	 * No AI_ADDRCONFIG: it takes ::1 from a machine that has no other IPv6
	 * address, and an unreachable address fails at once anyway.
	 */
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const struct addrinfo *first, *other;
	int family;

	memset(ret_resolved, 0, sizeof(*ret_resolved));
	ret_resolved->error = getaddrinfo(host, NULL, &hints, &list);
	if (ret_resolved->error || !list)
		return;
	family = list->ai_family;
	first = other = list;
	while (first || other) {
		take(next_of(&first, family, true), port, ret_resolved);
		take(next_of(&other, family, false), port, ret_resolved);
	}
	freeaddrinfo(list);
}

/* One write of under PIPE_BUF bytes: it arrives whole or not at all. */
_Static_assert(sizeof(struct resolved) <= 4096, "struct resolved is too large");

static _Noreturn void child(const char *host, uint16_t port,
    const struct settings *settings, int answer_fd, pid_t parent)
{
	struct resolved resolved;
	ssize_t written;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	confine_resolver(settings);
	look_up(host, port, &resolved);
	written = write(answer_fd, &resolved, sizeof(resolved));
	_exit(written == (ssize_t)sizeof(resolved) ? 0 : 1);
}

static int wait_for_answer(
    int answer_fd, int64_t deadline, int watch_fd, struct resolved *resolved)
{
	struct pollfd fds[] = {
	    {.fd = answer_fd, .events = POLLIN}, {.fd = watch_fd}};
	ssize_t n;

	for (;;) {
		int r = wait_for(fds, 2, deadline);

		if (r == -EINTR && wait_order() == WAIT_GO_ON)
			continue;
		if (r == -EINTR)
			return -ECANCELED;
		if (r < 0)
			return r;
		if (fds[1].revents & POLLERR)
			return -ENOTCONN;
		if (fds[0].revents)
			break;
		/* Hung up without an error: it has nothing more to say. */
		fds[1].fd = -1;
	}
	n = read(answer_fd, resolved, sizeof(*resolved));
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*resolved) ? 0 : -ECHILD;
}

/* Waits for a process to become free, where there may be no more. */
static pid_t fork_patiently(int64_t deadline, int watch_fd)
{
	struct pollfd client = {.fd = watch_fd};

	for (;;) {
		int64_t again;
		pid_t pid = fork();
		int r;

		if (pid >= 0 || errno != EAGAIN)
			return pid < 0 ? -errno : pid;
		again = deadline_in_ms(FORK_RETRY_MS);
		if (again > deadline)
			return -EAGAIN;
		r = wait_for(&client, 1, again);
		if (r == -EINTR && wait_order() != WAIT_GO_ON)
			return -ECANCELED;
		if (r > 0 && client.revents & POLLERR)
			return -ENOTCONN;
		if (r > 0)
			client.fd = -1; /* hung up, with no error */
	}
}

int resolve(const char *host, uint16_t port, const struct settings *settings,
    int64_t deadline, int watch_fd, struct resolved *ret_resolved)
{
	int fds[2];
	pid_t parent = getpid(), pid;
	int r;

	/* Ignored, as may have been inherited, it would reap the child. */
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	int answer CLEANUP_FD = fds[0];

	pid = fork_patiently(deadline, watch_fd);
	if (pid < 0) {
		close(fds[1]);
		return pid;
	}
	if (pid == 0)
		child(host, port, settings, fds[1], parent);
	close(fds[1]);
	r = wait_for_answer(answer, deadline, watch_fd, ret_resolved);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}
