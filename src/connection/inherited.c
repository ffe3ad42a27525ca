/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../fd.h"
#include "../record/journal.h"
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

static int socket_option(int fd, int option)
{
	int value;
	socklen_t length = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0)
		return -errno;
	return value;
}

/* Whether standard error is a socket of LISTEN_FDS, whoever they are for. */
static bool is_listen_fd(const struct stat *status)
{
	const char *count_text = getenv("LISTEN_FDS");
	struct stat other;
	uint64_t count;

	if (!count_text || !S_ISSOCK(status->st_mode) ||
	    text_parse_number(count_text, INHERITED_LISTENERS_MAX, &count) < 0)
		return false;
	for (int i = 0; i < (int)count; i++)
		if (fstat(LISTEN_FDS_START + i, &other) == 0 &&
		    is_same_file(status, &other))
			return true;
	return false;
}

/* A network's socket is nobody's log, whatever else there is. */
static bool is_inet(int fd)
{
	int domain = socket_option(fd, SO_DOMAIN);

	return domain == AF_INET || domain == AF_INET6;
}

static bool stderr_is_client(const struct stat status[3])
{
	if (!can_be_client(&status[2]))
		return false;
	if (is_same_file(&status[2], &status[0]) || is_listen_fd(&status[2]))
		return true;
	if (!is_same_file(&status[2], &status[1]))
		return S_ISSOCK(status[2].st_mode) && is_inet(STDERR_FILENO);
	/* Pipes shared by 1 and 2 alone are "2>&1 |", not a client. */
	if (S_ISFIFO(status[2].st_mode))
		return can_be_client(&status[0]);
	return !journal_is_behind(STDERR_FILENO);
}

/*
 * Opens /dev/null in place of a descriptor that is closed: the lowest free
 * number is this one, since those below are open.
 */
static int replace_closed(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null == fd)
		return 0;
	if (null < 0)
		return -errno;
	close(null);
	return -EBADF;
}

int inherited_secure_stdio(struct inherited *ret_inherited)
{
	struct stat status[3] = {0};
	int r = 0;

	*ret_inherited = (struct inherited){.kind = INHERITED_NOTHING};
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &status[fd]) == 0) {
			ret_inherited->stdio[fd] = status[fd].st_mode;
			continue;
		}
		ret_inherited->stderr_was_closed = fd == STDERR_FILENO;
		if (r == 0)
			r = errno == EBADF ? replace_closed(fd) : -errno;
		/* What is not known may be the client. */
		if (r < 0)
			status[fd].st_mode = S_IFSOCK;
	}
	ret_inherited->stderr_is_client = stderr_is_client(status);
	return r;
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

/* Closes `first` and all above it. A kernel that cannot leaves them. */
static void close_from(int first)
{
	syscall(SYS_close_range, first, ~0U, 0);
}

/* Puts /dev/null on what stands at 0 to 2 and is not to be used. */
static int settle_stdio(const struct inherited *inherited)
{
	bool nobody =
	    inherited->kind != INHERITED_CONNECTION || inherited->by_listen_fds;
	int null CLEANUP_FD = -1;

	if (!nobody && !inherited->stderr_is_client)
		return 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	if (inherited->stderr_is_client && dup2(null, STDERR_FILENO) < 0)
		return -errno;
	for (int fd = STDIN_FILENO; nobody && fd <= STDOUT_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	return 0;
}

int inherited_settle(struct inherited *inherited)
{
	int ours =
	    inherited->by_listen_fds
		? inherited->in +
		      (inherited->listeners > 1 ? inherited->listeners : 1)
		: STDERR_FILENO + 1;

	close_from(ours);
	if (inherited->kind == INHERITED_LISTENERS &&
	    !inherited->by_listen_fds) {
		inherited->in = inherited->out =
		    fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (inherited->in < 0)
			return -errno;
	}
	return settle_stdio(inherited);
}

/* A stream socket: a listening one, or a connection and who is behind it. */
static void find_kind(struct inherited *inherited, int fd)
{
	struct address *peer = &inherited->peer;
	socklen_t length = sizeof(peer->local);

	inherited->kind = INHERITED_CONNECTION;
	if (getpeername(fd, &peer->any, &length) == 0) {
		peer->length =
		    length < sizeof(peer->local) ? length : sizeof(peer->local);
		return;
	}
	inherited->peer_error = -errno;
	if (socket_option(fd, SO_ACCEPTCONN) > 0)
		inherited->kind = INHERITED_LISTENERS;
}

static int find_listen_fds(
    struct inherited *inherited, int count, const char **ret_why)
{
	int listening = 0;

	for (int i = 0; i < count; i++) {
		int fd = LISTEN_FDS_START + i;

		if (socket_option(fd, SO_TYPE) != SOCK_STREAM) {
			*ret_why = "LISTEN_FDS: expected stream sockets only";
			return -EINVAL;
		}
		listening += socket_option(fd, SO_ACCEPTCONN) > 0;
	}
	if (count > 1 && listening < count) {
		*ret_why = "LISTEN_FDS: expected listening sockets, or one "
			   "connection";
		return -EINVAL;
	}
	inherited->in = inherited->out = LISTEN_FDS_START;
	inherited->listeners = listening;
	inherited->by_listen_fds = true;
	inherited->names = getenv("LISTEN_FDNAMES");
	find_kind(inherited, LISTEN_FDS_START);
	return 0;
}

static int find_stdin(struct inherited *inherited, const char **ret_why)
{
	const mode_t mode = inherited->stdio[STDIN_FILENO];

	if (mode == 0 || S_ISCHR(mode))
		return 0;
	if (S_ISFIFO(mode) || S_ISREG(mode)) {
		inherited->kind = INHERITED_CONNECTION;
		inherited->out = STDOUT_FILENO;
		inherited->peer_error = -ENOTSOCK;
		return 0;
	}
	if (S_ISSOCK(mode) &&
	    socket_option(STDIN_FILENO, SO_TYPE) == SOCK_STREAM) {
		inherited->listeners = 1;
		find_kind(inherited, STDIN_FILENO);
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
