/* SPDX-License-Identifier: MIT */
/*
 * kills [from=N] ROUNDS SEED PROGRAM ARGUMENTS...: kills a listening byte-proxy
 * and what is around it, at random moments, and looks at what is left.
 *
 * A round is CLIENTS connections through it at once. Each sends numbered blocks
 * of a pattern; the target acknowledges each one by its number when it has
 * verified it, and notes that in memory that all here share. In the midst of it
 * SIGKILL hits the listener, one of its processes, the process that serves one
 * connection at the target, all of the target, or a client. Then
 *
 *	- each block that a client has an acknowledgement of was received, after
 *	  all those before it, once, and unchanged;
 *	- connections that the kill was not for are served to their end: when
 *	  the listener was killed, all that had one block acknowledged;
 *	- no process is left, but spares and their listener if that lives; it
 *	  has the descriptors that it had;
 *	- with what was killed started again, on the same ports, the next
 *	  connection works.
 *
 * What is killed, when, and the sizes come from SEED and the number of the
 * round; from=N begins with that one. Processes that lose their parent become
 * children of this one, so that none is overlooked.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS     6
#define BLOCKS      40
#define BLOCK_BYTES 40000
#define WINDOW      4 /* blocks on their way */
#define MOMENT_US   60000
#define LIMIT_S     10 /* for each step of anything */

enum victim {
	LISTENER,
	CHILD,
	SERVER,
	TARGET,
	CLIENT,
	VICTIMS
};

static const char *const victim_names[VICTIMS] = {
    "listener", "child", "server", "target", "client"};

/* How a client's connection went; its exit status. */
enum ending {
	SERVED,
	CUT,
	BROKEN,
	STUCK
};

struct header {
	uint32_t connection, number, size;
};

/* Of one connection, shared. */
struct slot {
	_Atomic pid_t server;
	_Atomic uint32_t verified;     /* by the target */
	_Atomic uint32_t acknowledged; /* to the client */
	_Atomic bool wrong;
};

struct kills {
	char **program;
	pid_t listener, target, clients[CLIENTS];
	pid_t struck; /* the last child of the listener that was */
	int listener_port, target_port;
	int descriptors; /* of the listener */
	unsigned round;
	uint64_t random;
	enum victim victim;
	unsigned killed[VICTIMS], endings[VICTIMS], amid;
	uint64_t acknowledged;
};

/* One more than the clients: for the connection after the kill. */
static struct slot *slots;
static struct kills kills;

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "kills: round %u, %s: ", kills.round,
	    victim_names[kills.victim]);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	if (kills.listener > 0)
		kill(kills.listener, SIGKILL);
	if (kills.target > 0)
		kill(-kills.target, SIGKILL);
	_exit(1);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* SplitMix64. */
static uint64_t draw(uint64_t below)
{
	uint64_t number = kills.random += 0x9e3779b97f4a7c15;

	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
	number = (number ^ number >> 27) * 0x94d049bb133111eb;
	return (number ^ number >> 31) % below;
}

static char byte_of(const struct header *header, size_t at)
{
	return (char)(header->connection * 101 + header->number * 31 + at * 7 +
		      (at >> 8));
}

static struct sockaddr_in address_of(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)port)};
}

/* A port that stays this run's: it is bound, and does not listen. */
static int reserve_port(void)
{
	struct sockaddr_in address = address_of(0);
	socklen_t length = sizeof(address);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		fail("no port: %s", strerror(errno));
	return ntohs(address.sin_port);
}

static int listen_on(int port)
{
	struct sockaddr_in address = address_of(port);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 64) < 0)
		fail("port %d is not free: %s", port, strerror(errno));
	return fd;
}

/* Returns false at the end, at a reset, and with EAGAIN when it takes long. */
static bool receive_all(int fd, void *buffer, size_t size)
{
	char *at = buffer;

	for (size_t done = 0; done < size;) {
		ssize_t n = recv(fd, at + done, size - done, 0);

		if (n == 0)
			errno = 0;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool send_all(int fd, const void *buffer, size_t size)
{
	const char *at = buffer;

	for (size_t done = 0; done < size;) {
		ssize_t n = send(fd, at + done, size - done, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void limit_steps(int fd)
{
	const struct timeval limit = {.tv_sec = LIMIT_S};
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* A block that is cut off is verified as far as it came. */
static bool take_block(int fd, const struct header *header)
{
	static char block[BLOCK_BYTES];
	struct slot *slot = &slots[header->connection];

	for (size_t at = 0; at < header->size;) {
		ssize_t n = recv(fd, block, header->size - at, 0);

		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++, at++)
			slot->wrong |= block[i] != byte_of(header, at);
	}
	return true;
}

/* The target's process for one connection. */
static void serve(int fd)
{
	struct header header;
	uint32_t next = 1;

	limit_steps(fd);
	while (receive_all(fd, &header, sizeof(header))) {
		struct slot *slot;

		/* Not by an address that nobody sent. */
		if (header.connection > CLIENTS || header.size > BLOCK_BYTES) {
			for (int i = 0; i <= CLIENTS; i++)
				slots[i].wrong = true;
			return;
		}
		slot = &slots[header.connection];
		slot->server = getpid();
		slot->wrong |= header.number != next++;
		if (!take_block(fd, &header))
			return;
		slot->verified = header.number;
		if (!send_all(fd, &header.number, sizeof(header.number)))
			return;
	}
	shutdown(fd, SHUT_WR);
}

static pid_t start_target(void)
{
	int listener = listen_on(kills.target_port);
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (fd >= 0 && fork() == 0) {
				close(listener);
				serve(fd);
				_exit(0);
			}
			close(fd);
		}
	}
	setpgid(pid, pid);
	close(listener);
	return pid;
}

static bool take_acknowledgement(int fd, struct slot *slot)
{
	uint32_t number;

	if (!receive_all(fd, &number, sizeof(number)))
		return false;
	slot->wrong |= number != slot->acknowledged + 1;
	slot->acknowledged = number;
	return true;
}

static enum ending send_blocks(int fd, uint32_t connection, uint32_t blocks)
{
	static char block[sizeof(struct header) + BLOCK_BYTES];
	struct slot *slot = &slots[connection];
	struct header header = {.connection = connection};
	char byte = '\1';

	if (!send_all(fd, &byte, 1))
		return CUT;
	while (header.number < blocks) {
		header.number++;
		header.size = (uint32_t)draw(BLOCK_BYTES);
		memcpy(block, &header, sizeof(header));
		for (size_t i = 0; i < header.size; i++)
			block[sizeof(header) + i] = byte_of(&header, i);
		if (!send_all(fd, block, sizeof(header) + header.size))
			return CUT;
		if (header.number - slot->acknowledged >= WINDOW &&
		    !take_acknowledgement(fd, slot))
			return CUT;
	}
	shutdown(fd, SHUT_WR);
	while (slot->acknowledged < blocks)
		if (!take_acknowledgement(fd, slot))
			return CUT;
	return recv(fd, &byte, 1, 0) == 0 ? SERVED : CUT;
}

static enum ending run_client(uint32_t connection, uint32_t blocks)
{
	struct sockaddr_in address = address_of(kills.listener_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum ending ending = CUT;

	limit_steps(fd);
	errno = 0;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		ending = send_blocks(fd, connection, blocks);
	if (ending == CUT && errno == EAGAIN)
		ending = STUCK;
	close(fd);
	return slots[connection].wrong ? BROKEN : ending;
}

/* Tries again while the listener is about to start. */
static void expect_service(void)
{
	int64_t end_us = now_us() + LIMIT_S * INT64_C(1000000);
	enum ending ending;

	do {
		memset(&slots[CLIENTS], 0, sizeof(*slots));
		ending = run_client(CLIENTS, 3);
	} while (ending == CUT && errno == ECONNREFUSED && now_us() < end_us);
	if (ending != SERVED)
		fail("the next connection: %d, %s", ending, strerror(errno));
}

static int count_descriptors(pid_t pid)
{
	char path[64];
	int count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

static void start_listener(void)
{
	char port[32], map[64], address[] = "--listen-address=127.0.0.1";
	char *argv[32];
	int count = 0;

	snprintf(port, sizeof(port), "--listen-port=%d", kills.listener_port);
	snprintf(
	    map, sizeof(map), "--map=0x01=127.0.0.1:%d", kills.target_port);
	for (; count < 24 && kills.program[count]; count++)
		argv[count] = kills.program[count];
	argv[count++] = address;
	argv[count++] = port;
	argv[count++] = map;
	argv[count] = NULL;
	kills.listener = fork();
	if (kills.listener == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[0], argv);
		_exit(127);
	}
	expect_service();
	kills.descriptors = count_descriptors(kills.listener);
}

/* Fills `pids` with the children of a process; returns how many. */
static int children_of(pid_t pid, pid_t *pids, int most)
{
	char path[64];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (count < most && fscanf(file, "%d", &pids[count]) == 1)
		count++;
	fclose(file);
	return count;
}

/* Whether it waits for its connection, by its title. */
static bool is_spare(pid_t pid)
{
	char path[64], title[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	if (!fgets(title, sizeof(title), file))
		title[0] = '\0';
	fclose(file);
	return strcmp(title, "byte-proxy: waiting") == 0;
}

/*
 * No process but the listener, its spares, and the target. A spare that was
 * killed takes a connection that comes before it has noticed, and dies then.
 */
static bool is_calm(void)
{
	pid_t pids[1024];
	int count;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	count = children_of(getpid(), pids, 1024);
	for (int i = 0; i < count; i++)
		if (pids[i] != kills.listener && pids[i] != kills.target)
			return false;
	if (kills.target && children_of(kills.target, pids, 1024) > 0)
		return false;
	count = kills.listener ? children_of(kills.listener, pids, 1024) : 0;
	for (int i = 0; i < count; i++)
		if (pids[i] == kills.struck || !is_spare(pids[i]))
			return false;
	return true;
}

static void expect_calm(void)
{
	int64_t end_us = now_us() + LIMIT_S * INT64_C(1000000);

	while (!is_calm()) {
		if (now_us() > end_us)
			fail("processes are left");
		usleep(1000);
	}
	if (kills.listener &&
	    count_descriptors(kills.listener) != kills.descriptors)
		fail("the listener has other descriptors than before");
}

/* Returns which connection was hit, or -1: any, or none. */
static int strike(void)
{
	unsigned which = (unsigned)draw(CLIENTS);
	pid_t pids[1024];
	int count;

	switch (kills.victim) {
	case LISTENER:
		kill(kills.listener, SIGKILL);
		return -1;
	case CHILD:
		count = children_of(kills.listener, pids, 1024);
		if (count) {
			kills.struck = pids[draw((uint64_t)count)];
			kill(kills.struck, SIGKILL);
		}
		return -1;
	case SERVER:
		/* It may have ended: no process that has its number now. */
		count = children_of(kills.target, pids, 1024);
		while (count > 0 && pids[count - 1] != slots[which].server)
			count--;
		if (count)
			kill(pids[count - 1], SIGKILL);
		return (int)which;
	case TARGET:
		kill(-kills.target, SIGKILL);
		return -1;
	default:
		kill(kills.clients[which], SIGKILL);
		return (int)which;
	}
}

/* Whether the kill may have cut this connection off. */
static bool may_be_cut(int connection, int hit)
{
	switch (kills.victim) {
	case LISTENER:
		return slots[connection].acknowledged == 0;
	case CHILD: /* it is one only, see judge() */
	case TARGET:
		return true;
	default:
		return connection == hit;
	}
}

static void judge(int hit)
{
	int cut = 0, status;

	for (int i = 0; i < CLIENTS; i++) {
		const struct slot *slot = &slots[i];
		int ending;

		waitpid(kills.clients[i], &status, 0);
		ending = WIFEXITED(status) ? WEXITSTATUS(status) : CUT;
		cut += ending == CUT;
		kills.acknowledged += slot->acknowledged;
		kills.amid += ending == CUT && slot->acknowledged > 0;
		if (slot->wrong || ending == BROKEN)
			fail("connection %d: other bytes came", i);
		if (slot->acknowledged > slot->verified)
			fail("connection %d: %u acknowledged, %u received", i,
			    slot->acknowledged, slot->verified);
		if (ending == STUCK)
			fail("connection %d hangs", i);
		if (ending == CUT && !may_be_cut(i, hit))
			fail("connection %d was cut off after %u blocks", i,
			    slot->acknowledged);
	}
	if (kills.victim == CHILD && cut > 1)
		fail("%d connections were cut off", cut);
	kills.endings[kills.victim] += (unsigned)cut;
}

static void run_round(uint64_t seed)
{
	int hit;

	kills.random = seed * 1000003 + kills.round;
	kills.victim = (enum victim)draw(VICTIMS);
	memset(slots, 0, (CLIENTS + 1) * sizeof(*slots));
	for (uint32_t i = 0; i < CLIENTS; i++) {
		kills.clients[i] = fork();
		if (kills.clients[i] == 0) {
			kills.random += i << 8;
			_exit(run_client(i, BLOCKS));
		}
	}
	usleep((useconds_t)draw(MOMENT_US));
	hit = strike();
	kills.killed[kills.victim]++;
	judge(hit);
	if (kills.victim == LISTENER)
		kills.listener = 0;
	if (kills.victim == TARGET)
		kills.target = 0;
	expect_calm();
	if (!kills.target)
		kills.target = start_target();
	if (!kills.listener)
		start_listener();
	else
		expect_service();
}

static void finish(void)
{
	int status;

	kill(kills.listener, SIGTERM);
	waitpid(kills.listener, &status, 0);
	if (status)
		fail("after SIGTERM the listener's status is %d", status);
	kills.listener = 0;
	kill(-kills.target, SIGKILL);
	kills.target = 0;
	expect_calm();
	close(listen_on(kills.listener_port));
}

int main(int argc, char *argv[])
{
	unsigned first = 1, rounds;
	uint64_t seed;

	if (argc > 1 && sscanf(argv[1], "from=%u", &first) == 1) {
		argc--;
		argv++;
	}
	if (argc < 4) {
		fprintf(stderr, "kills: see its source\n");
		return 64;
	}
	rounds = (unsigned)atoi(argv[1]);
	seed = strtoull(argv[2], NULL, 10);
	kills.program = argv + 3;
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	slots = mmap(NULL, (CLIENTS + 1) * sizeof(*slots),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED)
		return 1;
	kills.listener_port = reserve_port();
	kills.target_port = reserve_port();
	kills.target = start_target();
	start_listener();
	for (kills.round = first; kills.round < first + rounds; kills.round++)
		run_round(seed);
	finish();
	for (int i = 0; i < VICTIMS; i++)
		printf("%s %u cut %u\n", victim_names[i], kills.killed[i],
		    kills.endings[i]);
	printf("amid %u acknowledged %llu\n", kills.amid,
	    (unsigned long long)kills.acknowledged);
	return 0;
}
