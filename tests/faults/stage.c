/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loopback.h"
#include "stage.h"

#define ARGUMENT_BYTES 64
#define ARGUMENTS_MAX \
	(sizeof(((struct scenario *)0)->arguments) / sizeof(char *))

/* What goes up begins with what the client sends first. */
static char up[64 + PATTERN_BYTES], down[PATTERN_BYTES];

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void stage_init(
    struct stage *stage, const struct scenario *scenario, const char *program)
{
	sigset_t child;
	uint64_t state = 1;

	memset(stage, 0, sizeof(*stage));
	stage->scenario = scenario;
	stage->program = program;
	memcpy(up, scenario->lead, scenario->lead_length);
	for (size_t i = 0; i < PATTERN_BYTES; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		up[scenario->lead_length + i] = (char)(state >> 33);
		down[i] = (char)(state >> 45);
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	stage->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	stage->target_fd = loopback_bind();
	stage->refusing_fd = loopback_bind();
	stage->own_fd = loopback_bind();
	if (stage->signals < 0 || listen(stage->target_fd, 8) < 0)
		fail("stage");
}

static struct peer client_of(const struct scenario *scenario, int in, int out)
{
	return (struct peer){.in = in,
	    .out = out,
	    .is_socket = in == out,
	    .last = scenario->client_last,
	    .bytes = up,
	    .length = scenario->lead_length + scenario->up,
	    .expected = scenario->echoes ? up + scenario->lead_length : down,
	    .expected_length = scenario->down};
}

static void add_client(struct stage *stage, int in, int out)
{
	int i = stage->clients_count++;

	stage->clients[i] = client_of(stage->scenario, in, out);
	stage->client_ports[i] = in == out && in >= 0 ? loopback_port(in) : 0;
	stage->first_target[i] = stage->targets_count;
}

static void accept_target(struct stage *stage)
{
	const struct scenario *scenario = stage->scenario;
	int fd =
	    accept4(stage->target_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (stage->targets_count == TARGETS_MAX)
		fail("too many connections to the target");
	stage->targets[stage->targets_count++] = (struct peer){.in = fd,
	    .out = fd,
	    .is_socket = true,
	    .last = scenario->target_last,
	    .bytes = scenario->echoes ? up + scenario->lead_length : down,
	    .length = scenario->down,
	    .echoes = scenario->echoes,
	    .expected = up + scenario->lead_length,
	    .expected_length = scenario->up,
	    .has_header = scenario->has_header};
}

/* Appends the argument; a name in it stands for what that is in this run. */
static void expand(const struct stage *stage, const char *from, char *to)
{
	const struct {
		const char *name, *host;
		int fd;
	} names[] = {{"TARGET", "127.0.0.1:", stage->target_fd},
	    {"REFUSED", "127.0.0.1:", stage->refusing_fd},
	    {"PORT", "", stage->target_fd}, {"OWN", "", stage->own_fd}};
	const size_t count = sizeof(names) / sizeof(*names);
	const char *limit = to + ARGUMENT_BYTES - 24;
	size_t i;

	while (*from && to < limit) {
		for (i = 0; i < count; i++)
			if (strncmp(from, names[i].name,
				strlen(names[i].name)) == 0)
				break;
		if (i == count) {
			*to++ = *from++;
			continue;
		}
		to += sprintf(
		    to, "%s%d", names[i].host, loopback_port(names[i].fd));
		from += strlen(names[i].name);
	}
	*to = '\0';
}

static char **arguments_of(const struct stage *stage)
{
	static char text[ARGUMENTS_MAX][ARGUMENT_BYTES];
	static char *argv[ARGUMENTS_MAX + 2];
	size_t count = 0;

	argv[0] = (char *)stage->program;
	for (; stage->scenario->arguments[count]; count++) {
		expand(stage, stage->scenario->arguments[count], text[count]);
		argv[count + 1] = text[count];
	}
	argv[count + 1] = NULL;
	return argv;
}

/* What byte-proxy has as descriptors 0 and 1, and the first client. */
static void set_the_scene(struct stage *stage, int ret_fds[2])
{
	int to[2], from[2], client;

	switch (stage->scenario->way) {
	case WAY_SOCKET:
		ret_fds[0] = ret_fds[1] = loopback_pair(&client);
		stage->kept = fcntl(ret_fds[0], F_DUPFD_CLOEXEC, 0);
		add_client(stage, client, client);
		break;
	case WAY_PIPES:
		loopback_pipe(to);
		loopback_pipe(from);
		fcntl(to[1], F_SETFL, O_NONBLOCK);
		fcntl(from[0], F_SETFL, O_NONBLOCK);
		ret_fds[0] = to[0];
		ret_fds[1] = from[1];
		add_client(stage, from[0], to[1]);
		break;
	case WAY_LISTEN:
		ret_fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
		ret_fds[1] = fcntl(ret_fds[0], F_DUPFD_CLOEXEC, 0);
		break;
	}
}

static void begin(struct stage *stage, const struct fault *fault)
{
	int fds[3], said[2];

	stage->clients_count = stage->targets_count = 0;
	stage->said_length = 0;
	stage->said[0] = '\0';
	stage->kept = -1;
	stage->is_hung = stage->was_told = false;
	set_the_scene(stage, fds);
	loopback_pipe(said);
	fcntl(said[0], F_SETFL, O_NONBLOCK);
	stage->said_fd = said[0];
	fds[2] = said[1];
	tracer_start(&stage->tracer, fault, arguments_of(stage), fds);
	close(fds[0]);
	if (fds[1] != fds[0])
		close(fds[1]);
	close(fds[2]);
}

static void read_said(struct stage *stage)
{
	ssize_t n = read(stage->said_fd, stage->said + stage->said_length,
	    SAID_BYTES - 1 - stage->said_length);

	if (n > 0)
		stage->said_length += (size_t)n;
	stage->said[stage->said_length] = '\0';
}

static bool clients_are_over(const struct stage *stage)
{
	for (int i = 0; i < stage->clients_count; i++)
		if (!peer_is_over(&stage->clients[i]))
			return false;
	return true;
}

static bool targets_are_over(const struct stage *stage)
{
	for (int i = 0; i < stage->targets_count; i++)
		if (!peer_is_over(&stage->targets[i]))
			return false;
	return true;
}

/* The next client of a listener, as soon as it listens; or its end. */
static void go_on(struct stage *stage)
{
	const struct process *listener = &stage->tracer.process[0];

	if (stage->scenario->way != WAY_LISTEN || stage->was_told ||
	    !listener->is_alive || !clients_are_over(stage))
		return;
	if (stage->clients_count == CLIENTS_MAX) {
		stage->was_told = true;
		kill(listener->pid, SIGTERM);
	} else if (listener->counts[SYS_listen]) {
		int fd = loopback_connect(loopback_port(stage->own_fd));

		if (fd >= 0)
			add_client(stage, fd, fd);
	}
}

/* The two places of a peer. */
static struct pollfd *pair(struct pollfd *polls, size_t i)
{
	return polls + 2 * i;
}

/* Polls once; returns whether anything is left to wait for. */
static bool step(struct stage *stage)
{
	struct pollfd polls[3 + 2 * (CLIENTS_MAX + TARGETS_MAX)] = {
	    {.fd = stage->signals, .events = POLLIN},
	    {.fd = stage->said_fd, .events = POLLIN},
	    {.fd = stage->target_fd, .events = POLLIN}};
	struct pollfd *targets = polls + 3;
	struct pollfd *clients = targets + 2 * (nfds_t)stage->targets_count;
	const int clients_count = stage->clients_count;
	const int targets_count = stage->targets_count;
	struct signalfd_siginfo signal;
	bool over = tracer_is_over(&stage->tracer) && clients_are_over(stage) &&
		    targets_are_over(stage);
	int ready;

	for (int i = 0; i < targets_count; i++)
		peer_poll(&stage->targets[i], pair(targets, (size_t)i));
	for (int i = 0; i < clients_count; i++)
		peer_poll(&stage->clients[i], pair(clients, (size_t)i));
	ready =
	    poll(polls, 3 + 2 * ((nfds_t)clients_count + (nfds_t)targets_count),
		over ? 0 : 100);
	if (over && (ready <= 0 || !polls[2].revents)) {
		read_said(stage);
		return false;
	}
	while (read(stage->signals, &signal, sizeof(signal)) > 0)
		;
	tracer_step(&stage->tracer);
	if (polls[1].revents)
		read_said(stage);
	if (polls[2].revents)
		accept_target(stage);
	for (int i = 0; i < targets_count; i++)
		peer_step(&stage->targets[i], pair(targets, (size_t)i));
	for (int i = 0; i < clients_count; i++)
		peer_step(&stage->clients[i], pair(clients, (size_t)i));
	if (stage->kept >= 0 && !stage->tracer.process[0].is_alive) {
		close(stage->kept);
		stage->kept = -1;
	}
	go_on(stage);
	return true;
}

static void end(struct stage *stage)
{
	tracer_end(&stage->tracer);
	for (int i = 0; i < stage->clients_count; i++)
		peer_close(&stage->clients[i]);
	for (int i = 0; i < stage->targets_count; i++)
		peer_close(&stage->targets[i]);
	for (int i = stage->clients_count; i <= CLIENTS_MAX; i++)
		stage->first_target[i] = stage->targets_count;
	close(stage->said_fd);
	if (stage->kept >= 0)
		close(stage->kept);
}

void stage_run(struct stage *stage, const struct fault *fault)
{
	int64_t limit = now_ms() + LIMIT_MS;

	begin(stage, fault);
	while (step(stage))
		if (now_ms() >= limit) {
			stage->is_hung = true;
			break;
		}
	end(stage);
}
