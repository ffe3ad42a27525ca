/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fd.h"
#include "../text.h"
#include "inherited.h"

#define LISTEN_FDS_START 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

static bool can_be_client(const struct stat *status)
{
	return S_ISSOCK(status->st_mode) || S_ISFIFO(status->st_mode);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void inherited_secure_stdio(struct inherited *ret_inherited)
{
	struct stat status[3] = {0};

	*ret_inherited = (struct inherited){.kind = INHERITED_NOTHING};
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &status[fd]) == 0)
			continue;
		/* The lowest free number is this one: those below are open. */
		open("/dev/null", O_RDWR);
		ret_inherited->stderr_was_closed = fd == STDERR_FILENO;
	}
	/* Pipes shared by 1 and 2 alone are "2>&1 |", not a client. */
	ret_inherited->stderr_is_client =
	    can_be_client(&status[0]) && can_be_client(&status[2]) &&
	    (is_same_file(&status[2], &status[0]) ||
		is_same_file(&status[2], &status[1]));
}

int inherited_settle(struct inherited *inherited)
{
	bool moves = inherited->kind == INHERITED_LISTENERS &&
		     inherited->in == STDIN_FILENO;
	int null CLEANUP_FD = -1;

	if (!inherited->stderr_is_client && !moves)
		return 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	if (inherited->stderr_is_client && dup2(null, STDERR_FILENO) < 0)
		return -errno;
	if (!moves)
		return 0;
	inherited->in = inherited->out =
	    fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (inherited->in < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	return 0;
}

static int socket_option(int fd, int option)
{
	int value;
	socklen_t length = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0)
		return -errno;
	return value;
}

/* The number of descriptors by LISTEN_FDS, if they are for this process. */
static int count_listen_fds(void)
{
	const char *count_text = getenv("LISTEN_FDS");
	const char *pid_text = getenv("LISTEN_PID");
	uint64_t count, pid;

	if (!count_text || !pid_text ||
	    text_parse_number(pid_text, INT32_MAX, &pid) < 0 ||
	    (pid_t)pid != getpid())
		return 0;
	if (text_parse_number(count_text, INHERITED_LISTENERS_MAX, &count) < 0)
		return -EINVAL;
	return (int)count;
}

static int find_listen_fds(
    struct inherited *inherited, int count, const char **ret_why)
{
	int listening = 0;

	for (int i = 0; i < count; i++) {
		int r = socket_option(LISTEN_FDS_START + i, SO_ACCEPTCONN);

		if (r < 0) {
			*ret_why = "LISTEN_FDS: expected sockets only";
			return -EINVAL;
		}
		listening += r;
	}
	inherited->in = inherited->out = LISTEN_FDS_START;
	inherited->listeners = listening;
	if (listening == count) {
		inherited->kind = INHERITED_LISTENERS;
		return 0;
	}
	if (count == 1) {
		inherited->kind = INHERITED_CONNECTION;
		return 0;
	}
	*ret_why = "LISTEN_FDS: expected listening sockets, or one connection";
	return -EINVAL;
}

static int find_stdin(struct inherited *inherited, const char **ret_why)
{
	struct stat status;
	int r = socket_option(STDIN_FILENO, SO_ACCEPTCONN);

	if (r > 0) {
		inherited->kind = INHERITED_LISTENERS;
		inherited->listeners = 1;
		return 0;
	}
	if (r == 0) {
		inherited->kind = INHERITED_CONNECTION;
		return 0;
	}
	if (fstat(STDIN_FILENO, &status) < 0 || S_ISCHR(status.st_mode))
		return 0;
	if (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode)) {
		inherited->kind = INHERITED_CONNECTION;
		inherited->out = STDOUT_FILENO;
		return 0;
	}
	*ret_why = "standard input: expected a stream socket, a pipe, a file, "
		   "or nothing";
	return -EINVAL;
}

int inherited_find(struct inherited *inherited, const char **ret_why)
{
	int count = count_listen_fds();

	if (count < 0) {
		*ret_why = "LISTEN_FDS: expected at most 64 sockets";
		return -EINVAL;
	}
	if (count > 0)
		return find_listen_fds(inherited, count, ret_why);
	return find_stdin(inherited, ret_why);
}
