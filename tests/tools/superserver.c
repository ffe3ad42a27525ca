/* SPDX-License-Identifier: MIT */
/*
 * superserver: starts a program for each connection as inetd does, in the
 * states in which real super-servers leave their children.
 *
 *	superserver [OPTION]... FILE -- PROGRAM [ARGUMENT]...
 *
 * Listens on a free port of 127.0.0.1, written to FILE.port. The connection is
 * on descriptors 0 and 1. The exit status of each child is added as a line to
 * FILE.status, its process id to FILE.pid before it starts.
 *
 *	stderr     the connection is on descriptor 2 too
 *	keep       hold a duplicate of it when the child is dead, as PID 1 does,
 *	           until both ends have closed
 *	signals    block all signals, ignore SIGTERM and SIGPIPE
 *	stray      leave descriptors 3 to 20 open
 *	nonblock   make it non-blocking, as one that polls may have it
 *	timestamps have the kernel report each segment in the error queue
 *	gone       wait until the client is gone before starting
 *	times=N    end after N connections (1)
 *	port=N     listen on this port, of every address
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/net_tstamp.h>

struct options {
	bool on_stderr, keep, signals, stray, gone, nonblock, timestamps;
	int times, port;
};

static void write_line(const char *base, const char *suffix, int number)
{
	char path[4096], temporary[4200];
	FILE *file;

	snprintf(path, sizeof(path), "%s.%s", base, suffix);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (strcmp(suffix, "port") != 0) {
		file = fopen(path, "a");
		if (file) {
			fprintf(file, "%d\n", number);
			fclose(file);
		}
		return;
	}
	file = fopen(temporary, "w");
	if (!file)
		exit(1);
	fprintf(file, "%d\n", number);
	fclose(file);
	rename(temporary, path);
}

static int start_listening(int port, const char *base)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(port ? INADDR_ANY : INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    listen(fd, 512) < 0)
		exit(1);
	getsockname(fd, (struct sockaddr *)&address, &length);
	write_line(base, "port", ntohs(address.sin_port));
	return fd;
}

static _Noreturn void start(
    const struct options *options, int connection, char *argv[])
{
	sigset_t all;

	dup2(connection, 0);
	dup2(connection, 1);
	if (options->on_stderr)
		dup2(connection, 2);
	for (int fd = 3; options->stray && fd <= 20; fd++) {
		int null = open("/dev/null", O_RDWR);

		if (null >= 0 && null < fd)
			dup2(null, fd);
	}
	if (options->signals) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
	}
	execvp(argv[0], argv);
	_exit(127);
}

/* Until a reset, or the end of both directions, at most ten seconds. */
static void wait_until_gone(int connection)
{
	struct pollfd fd = {.fd = connection};

	poll(&fd, 1, 10000);
}

static char **parse(int argc, char *argv[], struct options *options)
{
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "stderr") == 0)
			options->on_stderr = true;
		else if (strcmp(argv[i], "keep") == 0)
			options->keep = true;
		else if (strcmp(argv[i], "signals") == 0)
			options->signals = true;
		else if (strcmp(argv[i], "stray") == 0)
			options->stray = true;
		else if (strcmp(argv[i], "gone") == 0)
			options->gone = true;
		else if (strcmp(argv[i], "nonblock") == 0)
			options->nonblock = true;
		else if (strcmp(argv[i], "timestamps") == 0)
			options->timestamps = true;
		else if (sscanf(argv[i], "times=%d", &options->times) != 1 &&
			 sscanf(argv[i], "port=%d", &options->port) != 1)
			break;
	}
	return argv + i;
}

static pid_t serve(const struct options *options, int connection,
    const char *base, char *program[])
{
	const int stamps =
	    SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	pid_t pid;

	if (options->gone)
		wait_until_gone(connection);
	if (options->nonblock)
		fcntl(connection, F_SETFL, O_RDWR | O_NONBLOCK);
	if (options->timestamps)
		setsockopt(connection, SOL_SOCKET, SO_TIMESTAMPING, &stamps,
		    sizeof(stamps));
	pid = fork();
	if (pid == 0) {
		write_line(base, "pid", getpid());
		start(options, connection, program);
	}
	if (!options->keep)
		close(connection);
	return pid;
}

int main(int argc, char *argv[])
{
	struct options options = {.times = 1};
	char **rest = parse(argc, argv, &options);
	const char *base = rest[0];
	int listener, left, status, kept = -1;

	if (rest + 3 > argv + argc || strcmp(rest[1], "--") != 0) {
		fprintf(stderr, "superserver: see its source\n");
		return 64;
	}
	listener = start_listening(options.port, base);
	for (left = options.times; left > 0; left--) {
		int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (connection < 0)
			return 1;
		serve(&options, connection, base, rest + 2);
		kept = options.keep ? connection : -1;
	}
	while (wait(&status) > 0)
		write_line(base, "status",
		    WIFEXITED(status) ? WEXITSTATUS(status)
				      : 128 + WTERMSIG(status));
	if (kept >= 0)
		wait_until_gone(kept);
	return 0;
}
