/* SPDX-License-Identifier: MIT */
/*
 * start: what it costs to start a program with a connection on its standard
 * input, as inetd does, and to wait until it has exited.
 *
 *	start eof|served TIMES PROGRAM [ARGUMENT]... [-- PROGRAM ...]...
 *
 * The programs take turns. Prints a line for each: the least and the median of
 * the microseconds, and the least page faults. "@" in an argument is the port
 * of an echo.
 *
 *	eof     the client has closed before the start
 *	served  the client has sent "\1hello" before the start; it takes "hello"
 *	        back, closes its half, and waits for the end
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 8
#define LIMIT_S      20 /* for one start; callgrind is slow */

struct program {
	char **argv;
	int64_t *times_ns;
	long faults;
};

static int listener, null;

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int listen_on_free_port(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		fail("listen");
	*ret_address = address;
	return fd;
}

/* The target: an echo in a process of its own, which ends with this one. */
static pid_t start_echo(int echo_listener)
{
	char buffer[4096];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	alarm(600);
	for (;;) {
		int fd = accept(echo_listener, NULL, NULL);
		ssize_t n;

		while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
			send(fd, buffer, (size_t)n, MSG_NOSIGNAL);
		close(fd);
	}
}

static void put_port(char *argv[], int port)
{
	for (; *argv; argv++) {
		char *at = strchr(*argv, '@'), *with;

		if (!at)
			continue;
		if (asprintf(&with, "%.*s%d%s", (int)(at - *argv), *argv, port,
			at + 1) < 0)
			fail("memory");
		*argv = with;
	}
}

static bool talk(int client)
{
	char answer[16];

	return recv(client, answer, 5, MSG_WAITALL) == 5 &&
	       shutdown(client, SHUT_WR) == 0 &&
	       recv(client, answer, sizeof(answer), 0) == 0;
}

/* They become standard input and output; whoever starts has no other use. */
static void hand_over(int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
}

/*
 * vfork(): nothing of this process is copied, and posix_spawn() would look at
 * each of 64 signals first.
 */
static pid_t spawn(char *argv[])
{
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* A pipe that is at its end: with a socket a start would be TCP's as well. */
static void hand_over_end(void)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fail("pipe");
	hand_over(in[0], out[1]);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
}

static int hand_over_connection(const struct sockaddr_in *address)
{
	const struct timeval limit = {.tv_sec = LIMIT_S};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int connection;

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(
		client, (const struct sockaddr *)address, sizeof(*address)) < 0)
		fail("connect");
	send(client, "\1hello", 6, MSG_NOSIGNAL);
	connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	hand_over(connection, connection);
	close(connection);
	return client;
}

static void start_once(struct program *program, int nth, bool served,
    const struct sockaddr_in *address)
{
	int client = -1, status;
	struct rusage usage;
	int64_t began_ns;
	bool good = true;
	pid_t pid;

	if (served)
		client = hand_over_connection(address);
	else
		hand_over_end();
	alarm(LIMIT_S);
	began_ns = now_ns();
	pid = spawn(program->argv);
	if (served) {
		hand_over(null, null); /* or the client would see no end */
		good = talk(client);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || status != 0 || !good) {
		fprintf(stderr, "start: %s: status %d%s\n", program->argv[0],
		    status, good ? "" : ", was not served");
		exit(1);
	}
	program->times_ns[nth] = now_ns() - began_ns;
	if (nth == 0 || usage.ru_minflt < program->faults)
		program->faults = usage.ru_minflt;
	hand_over(null, null);
	if (served)
		close(client);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

int main(int argc, char *argv[])
{
	struct program programs[PROGRAMS_MAX] = {0};
	struct sockaddr_in address, echo_address;
	int times = argc > 3 ? atoi(argv[2]) : 0;
	int count = 0, echo_listener;
	FILE *results;
	pid_t echo;

	if (argc < 4 || times < 1) {
		fprintf(stderr, "start: see its source\n");
		return 64;
	}
	for (int i = 3; i < argc && count < PROGRAMS_MAX; i++) {
		programs[count].argv = argv + i;
		programs[count++].times_ns =
		    calloc((size_t)times + 1, sizeof(int64_t));
		do
			i++;
		while (i < argc && strcmp(argv[i], "--") != 0);
		argv[i] = NULL;
	}
	results = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "w");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!results || null < 0)
		fail("descriptors");
	hand_over(null, null);
	listener = listen_on_free_port(&address);
	echo_listener = listen_on_free_port(&echo_address);
	echo = start_echo(echo_listener);
	for (int i = 0; i < count; i++)
		put_port(programs[i].argv, ntohs(echo_address.sin_port));
	for (int n = 0; n < times; n++)
		for (int i = 0; i < count; i++)
			start_once(&programs[i], n,
			    strcmp(argv[1], "served") == 0, &address);
	kill(echo, SIGKILL);
	for (int i = 0; i < count; i++) {
		const int middle = times / 2;

		qsort(programs[i].times_ns, (size_t)times, sizeof(int64_t),
		    by_size);
		fprintf(results, "%.1f %.1f %ld\n",
		    (double)programs[i].times_ns[0] / 1e3,
		    (double)programs[i].times_ns[middle] / 1e3,
		    programs[i].faults);
	}
	return fclose(results) ? 1 : 0;
}
