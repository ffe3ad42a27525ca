/* SPDX-License-Identifier: MIT */
/*
 * talk: one scripted end of a connection, for the tests.
 *
 *	talk connect ADDRESS [from=IP] [times=N] STEP... (one after the other)
 *	talk connect ADDRESS [from=IP] at-once=N STEP...
 *	talk listen ADDRESS PORT_FILE [times=N] STEP...
 *	talk listen ADDRESS PORT_FILE full          (TCP; takes no connection)
 *	talk fds STEP...                            (descriptors 0 and 1)
 *
 * ADDRESS is 127.0.0.1:PORT, [::1]:PORT, unix:/path or unix:@name. A listener
 * on port 0 writes the port that it got to PORT_FILE (an empty line for a unix
 * socket), takes N connections (1) and runs the steps on each, all at once.
 * One that is full has a queue for connections with no place left in it: to who
 * connects it is a host that does not answer.
 *
 * The steps run in order, each within TALK_SECONDS (30) seconds of its own, so
 * that nothing hangs. The first that fails is named, and the exit status is 1.
 *
 *	send:TEXT        send; \xHH, \n, \r, \\ are escapes
 *	last:TEXT        send in one segment with the end
 *	oob:TEXT         send as urgent data
 *	inline           receive urgent data among the rest: expect, get
 *	early-oob        send a segment with urgent data that belongs behind
 *	                 1,000 bytes which never come (IPv4, as root)
 *	tiny:N           send N segments of 100 bytes of the pattern
 *	put:BYTES[@SEED] send a pseudo-random pattern
 *	fill             send until nothing more is taken for 300 ms
 *	acked            wait until all that was sent is acknowledged
 *	expect:TEXT      receive exactly this
 *	get:BYTES[@SEED] receive exactly this pattern
 *	both:BYTES[@SEED] send the pattern and receive it, at the same time
 *	expect-oob:TEXT  receive one byte of urgent data
 *	eof              receive the end, and nothing before it
 *	rest             receive and drop up to the end
 *	reset-seen       receive and drop up to a reset
 *	end-seen         receive and drop up to an end or a reset
 *	nothing          receive an end or a reset, and nothing before it
 *	print            copy to standard output up to the end
 *	echo             send back what comes, up to the end, and shut
 *	upper            the same in upper case
 *	pairs            send back each 8 bytes, once they are all there, as two
 *	                 small writes with a pause between them, up to the end,
 *	                 and shut
 *	quiet:MS         nothing comes for so long
 *	rtt:N            N times two small writes with a pause between them, and
 *	                 their echo; prints how many of the round trips took
 *	                 over 35 ms
 *	shut, reset, close; deaf: close the half for reading
 *	took             print the microseconds since connect() was called
 *	wait:MS          be late
 *	within:MS        the step that follows has only so long
 *	touch:FILE       make a file: something else may go on
 *	await:FILE       wait until there is one
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#define CHUNK_BYTES 65536

struct talk {
	int in, out;
	int64_t deadline_us;
	int64_t start_us; /* of the connection */
	int within_ms;    /* for the next step, if not 0 */
	const char *step;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static _Noreturn void fail(const struct talk *talk, const char *what)
{
	fprintf(stderr, "talk: %s: %s\n", talk->step, what);
	exit(1);
}

static _Noreturn void fail_errno(const struct talk *talk, const char *what)
{
	fprintf(
	    stderr, "talk: %s: %s: %s\n", talk->step, what, strerror(errno));
	exit(1);
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Waits for events until the step's deadline; fails when it is over. */
static void wait_for(const struct talk *talk, int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int64_t left = (talk->deadline_us - now_us()) / 1000;

	if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
		fail(talk, "timed out");
}

/* A receive; returns 0 at the end, -1 at a reset, and fails on the rest. */
static ssize_t receive(const struct talk *talk, void *buffer, size_t size)
{
	ssize_t n;

	wait_for(talk, talk->in, POLLIN);
	n = read(talk->in, buffer, size);
	if (n < 0 && errno != ECONNRESET && errno != EPIPE)
		fail_errno(talk, "receive");
	return n;
}

static void send_all(
    const struct talk *talk, const char *bytes, size_t size, int flags)
{
	while (size) {
		ssize_t n;

		wait_for(talk, talk->out, POLLOUT);
		n = send(talk->out, bytes, size,
		    MSG_NOSIGNAL | MSG_DONTWAIT | flags);
		if (n < 0 && errno == ENOTSOCK)
			n = write(talk->out, bytes, size);
		if (n < 0 && errno != EAGAIN)
			fail_errno(talk, "send");
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
}

/* The pattern: xorshift64*, one byte of each number. */
struct pattern {
	uint64_t state;
};

static struct pattern pattern_begin(uint64_t seed)
{
	return (struct pattern){seed * 0x9e3779b97f4a7c15 + 1};
}

static void pattern_fill(struct pattern *pattern, char *buffer, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		pattern->state ^= pattern->state >> 12;
		pattern->state ^= pattern->state << 25;
		pattern->state ^= pattern->state >> 27;
		buffer[i] = (char)(pattern->state * 0x2545f4914f6cdd1d >> 56);
	}
}

/* "BYTES@SEED" */
static size_t parse_amount(const char *argument, struct pattern *ret_pattern)
{
	char *end;
	size_t size = strtoull(argument, &end, 10);

	*ret_pattern =
	    pattern_begin(*end == '@' ? strtoull(end + 1, NULL, 10) : 1);
	return size;
}

static size_t unescape(const char *text, char *out)
{
	char *start = out;

	for (; *text; text++) {
		unsigned value;

		if (text[0] != '\\') {
			*out++ = *text;
		} else if (sscanf(text, "\\x%2x", &value) == 1) {
			*out++ = (char)value;
			text += 3;
		} else {
			text++;
			*out = *text;
			if (*text == 'n')
				*out = '\n';
			else if (*text == 'r')
				*out = '\r';
			out++;
		}
	}
	return (size_t)(out - start);
}

static void last(struct talk *talk, const char *bytes, size_t size)
{
	send_all(talk, bytes, size, MSG_MORE);
	shutdown(talk->out, SHUT_WR);
}

static void put(struct talk *talk, const char *argument)
{
	static char buffer[CHUNK_BYTES];
	struct pattern pattern;
	size_t left = parse_amount(argument, &pattern);

	while (left) {
		size_t size = left < sizeof(buffer) ? left : sizeof(buffer);

		pattern_fill(&pattern, buffer, size);
		send_all(talk, buffer, size, 0);
		left -= size;
	}
}

static void get_bytes(
    struct talk *talk, const char *wanted, size_t size, const char *what)
{
	static char buffer[CHUNK_BYTES];
	ssize_t n;

	for (size_t at = 0; at < size; at += (size_t)n) {
		n = receive(talk, buffer, size - at);
		if (n <= 0)
			fail(talk, n ? "a reset came" : "the end came");
		if (memcmp(buffer, wanted + at, (size_t)n) != 0)
			fail(talk, what);
	}
}

static void get(struct talk *talk, const char *argument)
{
	static char wanted[CHUNK_BYTES];
	struct pattern pattern;
	size_t left = parse_amount(argument, &pattern);

	while (left) {
		size_t size = left < sizeof(wanted) ? left : sizeof(wanted);

		pattern_fill(&pattern, wanted, size);
		get_bytes(talk, wanted, size, "the pattern is broken");
		left -= size;
	}
}

/* A second process sends; this one receives. */
static void both(struct talk *talk, const char *argument)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		put(talk, argument);
		_exit(0);
	}
	get(talk, argument);
	if (waitpid(pid, &status, 0) < 0 || status)
		fail(talk, "the sending half failed");
}

static void fill(struct talk *talk)
{
	static char buffer[CHUNK_BYTES];
	struct pollfd out = {.fd = talk->out, .events = POLLOUT};
	size_t total = 0;

	while (poll(&out, 1, 300) == 1) {
		ssize_t n = send(talk->out, buffer, sizeof(buffer),
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		/* Of a pipe poll() promises no more room (pipe(7)). */
		if (n < 0 && errno == ENOTSOCK)
			n = write(talk->out, buffer, PIPE_BUF);
		if (n < 0 && errno != EAGAIN)
			fail_errno(talk, "send");
		if (n > 0)
			total += (size_t)n;
		if (now_us() > talk->deadline_us)
			fail(talk, "timed out");
	}
	if (talk->out == STDOUT_FILENO)
		return;
	printf("%zu\n", total);
	fflush(stdout);
}

static void acked(const struct talk *talk)
{
	int left;

	while (ioctl(talk->out, SIOCOUTQ, &left) == 0 && left > 0) {
		if (now_us() > talk->deadline_us)
			fail(talk, "timed out");
		pause_ms(1);
	}
}

/* Receives and drops. Returns 0 at the end, -1 at a reset. */
static ssize_t drop(struct talk *talk, bool printing)
{
	static char buffer[CHUNK_BYTES];
	ssize_t n;

	while ((n = receive(talk, buffer, sizeof(buffer))) > 0)
		if (printing && fwrite(buffer, 1, (size_t)n, stdout) == 0)
			fail(talk, "standard output");
	fflush(stdout);
	return n;
}

static void echo(struct talk *talk, bool upper)
{
	static char buffer[CHUNK_BYTES];
	ssize_t n;

	while ((n = receive(talk, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; upper && i < n; i++)
			buffer[i] = (char)toupper((unsigned char)buffer[i]);
		send_all(talk, buffer, (size_t)n, 0);
	}
	if (n < 0)
		fail(talk, "a reset came");
	shutdown(talk->out, SHUT_WR);
}

/* After an end reads say no more than that: a reset shows in poll() alone. */
static void reset_after_end(struct talk *talk)
{
	int error = 0;
	socklen_t length = sizeof(error);

	wait_for(talk, talk->in, 0);
	getsockopt(talk->in, SOL_SOCKET, SO_ERROR, &error, &length);
	if (!error)
		fail(talk, "an end came");
}

static void expect_oob(struct talk *talk, const char *argument)
{
	char c;

	wait_for(talk, talk->in, POLLPRI);
	if (recv(talk->in, &c, 1, MSG_OOB) != 1)
		fail_errno(talk, "recv");
	if (c != *argument)
		fail(talk, "another byte came");
}

static void quiet(struct talk *talk, const char *argument)
{
	struct pollfd in = {.fd = talk->in, .events = POLLIN};

	if (poll(&in, 1, atoi(argument)) != 0)
		fail(talk, "something came");
}

/*
 * The second has to be a segment of its own: what a proxy finds together it
 * sends together, and nothing waits.
 */
static void send_pair(const struct talk *talk, const char *bytes)
{
	send_all(talk, bytes, 4, 0);
	pause_ms(2);
	send_all(talk, bytes + 4, 4, 0);
}

static void pairs(struct talk *talk)
{
	char pair[8];
	size_t held = 0;
	ssize_t n;

	while ((n = receive(talk, pair + held, sizeof(pair) - held)) > 0) {
		held += (size_t)n;
		if (held == sizeof(pair)) {
			send_pair(talk, pair);
			held = 0;
		}
	}
	if (n < 0)
		fail(talk, "a reset came");
	shutdown(talk->out, SHUT_WR);
}

static void rtt(struct talk *talk, const char *argument)
{
	int slow = 0;
	int rounds = atoi(argument);

	for (int i = 0; i < rounds; i++) {
		int64_t start = now_us();

		send_pair(talk, "pingpong");
		get_bytes(talk, "pingpong", 8, "the echo is broken");
		slow += now_us() - start > 35000;
	}
	printf("%d\n", slow);
	fflush(stdout);
}

static void reset(struct talk *talk)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(talk->out, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(talk->out);
}

static void await(struct talk *talk, const char *path)
{
	while (access(path, F_OK) != 0) {
		if (now_us() > talk->deadline_us)
			fail(talk, "timed out");
		pause_ms(5);
	}
}

static void touch(struct talk *talk, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	if (fd < 0)
		fail_errno(talk, path);
	close(fd);
}

static void tiny(struct talk *talk, const char *argument)
{
	struct pattern pattern = pattern_begin(1);
	char segment[100];

	for (int left = atoi(argument); left > 0; left--) {
		pattern_fill(&pattern, segment, sizeof(segment));
		send_all(talk, segment, sizeof(segment), 0);
	}
}

/* One of the two sequence numbers of a connection (tcp(7), TCP_REPAIR). */
static uint32_t sequence_of(const struct talk *talk, int queue)
{
	uint32_t number = 0;
	socklen_t length = sizeof(number);

	setsockopt(
	    talk->out, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue));
	if (getsockopt(
		talk->out, IPPROTO_TCP, TCP_QUEUE_SEQ, &number, &length) < 0)
		fail_errno(talk, "TCP_QUEUE_SEQ");
	return number;
}

static uint32_t sum_of(const void *bytes, size_t length, uint32_t sum)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return sum;
}

static void early_oob(struct talk *talk)
{
	struct {
		struct tcphdr header;
		/* cppcheck-suppress unusedStructMember */
		char payload[10]; /* of whatever */
	} segment = {0};
	struct {
		struct in_addr from, to;
		uint16_t protocol, length;
	} pseudo;
	struct sockaddr_in here = {0}, there = {0};
	socklen_t length = sizeof(here);
	int on = 1, off = 0, raw = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
	uint32_t sum;

	getsockname(talk->out, (struct sockaddr *)&here, &length);
	getpeername(talk->out, (struct sockaddr *)&there, &length);
	if (setsockopt(talk->out, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) < 0)
		fail_errno(talk, "TCP_REPAIR");
	segment.header.ack_seq = htonl(sequence_of(talk, TCP_RECV_QUEUE));
	segment.header.seq = htonl(sequence_of(talk, TCP_SEND_QUEUE) + 1000);
	setsockopt(talk->out, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	segment.header.source = here.sin_port;
	segment.header.dest = there.sin_port;
	segment.header.doff = sizeof(segment.header) / 4;
	segment.header.ack = segment.header.psh = segment.header.urg = 1;
	segment.header.window = htons(512);
	segment.header.urg_ptr = htons(5);
	pseudo.from = here.sin_addr;
	pseudo.to = there.sin_addr;
	pseudo.protocol = htons(IPPROTO_TCP);
	pseudo.length = htons(sizeof(segment));
	sum = sum_of(
	    &segment, sizeof(segment), sum_of(&pseudo, sizeof(pseudo), 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	segment.header.check = htons((uint16_t)~sum);
	there.sin_port = 0;
	if (sendto(raw, &segment, sizeof(segment), 0, (struct sockaddr *)&there,
		sizeof(there)) < 0)
		fail_errno(talk, "raw socket");
	close(raw);
}

/* The argument of a step, if it is this one. */
static const char *is(const char *step, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(step, name, length) != 0)
		return NULL;
	if (name[length - 1] == ':' || step[length] == '\0')
		return step + length;
	return NULL;
}

static bool run_sending(struct talk *talk, const char *step)
{
	static char text[65536];
	const char *argument;

	if ((argument = is(step, "send:")))
		send_all(talk, text, unescape(argument, text), 0);
	else if ((argument = is(step, "last:")))
		last(talk, text, unescape(argument, text));
	else if ((argument = is(step, "oob:")))
		send_all(talk, text, unescape(argument, text), MSG_OOB);
	else if ((argument = is(step, "put:")))
		put(talk, argument);
	else if (is(step, "early-oob"))
		early_oob(talk);
	else if ((argument = is(step, "tiny:")))
		tiny(talk, argument);
	else if ((argument = is(step, "both:")))
		both(talk, argument);
	else if ((argument = is(step, "rtt:")))
		rtt(talk, argument);
	else if (is(step, "fill"))
		fill(talk);
	else if (is(step, "acked"))
		acked(talk);
	else if (is(step, "echo"))
		echo(talk, false);
	else if (is(step, "upper"))
		echo(talk, true);
	else if (is(step, "pairs"))
		pairs(talk);
	else
		return false;
	return true;
}

static bool run_receiving(struct talk *talk, const char *step)
{
	static char text[65536];
	const char *argument;
	char c;

	if ((argument = is(step, "expect:"))) {
		get_bytes(talk, text, unescape(argument, text), "other bytes");
	} else if ((argument = is(step, "get:"))) {
		get(talk, argument);
	} else if ((argument = is(step, "expect-oob:"))) {
		expect_oob(talk, argument);
	} else if ((argument = is(step, "quiet:"))) {
		quiet(talk, argument);
	} else if (is(step, "eof")) {
		ssize_t n = receive(talk, &c, 1);

		if (n)
			fail(talk, n < 0 ? "a reset came" : "a byte came");
	} else if (is(step, "nothing")) {
		if (receive(talk, &c, 1) > 0)
			fail(talk, "a byte came");
	} else if (is(step, "rest")) {
		if (drop(talk, false) < 0)
			fail(talk, "a reset came");
	} else if (is(step, "reset-seen")) {
		if (drop(talk, false) == 0)
			reset_after_end(talk);
	} else if (is(step, "end-seen")) {
		drop(talk, false);
	} else if (is(step, "print")) {
		if (drop(talk, true) < 0)
			fail(talk, "a reset came");
	} else {
		return false;
	}
	return true;
}

static void run_step(struct talk *talk, const char *step)
{
	const char *argument;

	if (run_sending(talk, step) || run_receiving(talk, step))
		return;
	if (is(step, "shut"))
		shutdown(talk->out, SHUT_WR);
	else if (is(step, "took"))
		printf("%lld\n", (long long)(now_us() - talk->start_us));
	else if (is(step, "inline"))
		setsockopt(
		    talk->in, SOL_SOCKET, SO_OOBINLINE, &(int){1}, sizeof(int));
	else if (is(step, "deaf"))
		shutdown(talk->in, SHUT_RD);
	else if (is(step, "reset"))
		reset(talk);
	else if (is(step, "close"))
		close(talk->out);
	else if ((argument = is(step, "wait:")))
		pause_ms(atoi(argument));
	else if ((argument = is(step, "within:")))
		talk->within_ms = atoi(argument);
	else if ((argument = is(step, "touch:")))
		touch(talk, argument);
	else if ((argument = is(step, "await:")))
		await(talk, argument);
	else
		fail(talk, "there is no such step");
}

static void run(struct talk *talk, char *const steps[])
{
	const char *seconds = getenv("TALK_SECONDS");
	int limit_ms = seconds ? atoi(seconds) * 1000 : 30000;

	for (; *steps; steps++) {
		int ms = talk->within_ms ? talk->within_ms : limit_ms;

		talk->within_ms = 0;
		talk->step = *steps;
		talk->deadline_us = now_us() + (int64_t)ms * 1000;
		run_step(talk, *steps);
	}
}

struct address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
};

static struct address parse_address(const struct talk *talk, const char *text)
{
	struct address address = {0};
	char host[64] = "";
	int port = 0;

	if (strncmp(text, "unix:", 5) == 0) {
		address.local.sun_family = AF_UNIX;
		strncpy(address.local.sun_path, text + 5,
		    sizeof(address.local.sun_path) - 1);
		address.length =
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				strlen(text + 5));
		if (text[5] == '@')
			address.local.sun_path[0] = '\0';
	} else if (sscanf(text, "[%63[^]]]:%d", host, &port) == 2 &&
		   inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons((uint16_t)port);
		address.length = sizeof(address.v6);
	} else if (sscanf(text, "%63[^:]:%d", host, &port) == 2 &&
		   inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons((uint16_t)port);
		address.length = sizeof(address.v4);
	} else {
		fail(talk, "no such address");
	}
	return address;
}

static int make_socket(const struct address *address)
{
	const int on = 1;
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void use(struct talk *talk, int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	talk->in = talk->out = fd;
}

/* Written under another name first: whoever sees the file sees all of it. */
static void write_port(struct talk *talk, int fd, const char *path)
{
	struct address address;
	char temporary[4096];
	FILE *file;

	address.length = sizeof(address.local);
	getsockname(fd, &address.any, &address.length);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (!file)
		fail_errno(talk, path);
	if (address.any.sa_family == AF_UNIX)
		fprintf(file, "\n");
	else
		fprintf(file, "%d\n", ntohs(address.v4.sin_port));
	fclose(file);
	if (rename(temporary, path) < 0)
		fail_errno(talk, path);
}

/* How many of this process' children failed. */
static int count_failed(void)
{
	int failed = 0, status;

	while (wait(&status) > 0)
		failed += status != 0;
	return failed;
}

/*
 * The queue has room for one connection, however small it is said to be. Once
 * it is full the kernel drops what asks for one.
 */
static void stay_full(struct talk *talk, int listener, const char *port_file)
{
	struct address address;
	struct pollfd fds[4];
	size_t count = 0;

	address.length = sizeof(address.local);
	getsockname(listener, &address.any, &address.length);
	listen(listener, 0);
	do {
		if (count == sizeof(fds) / sizeof(fds[0]))
			fail(talk, "it takes one more");
		fds[count] = (struct pollfd){
		    .fd = make_socket(&address), .events = POLLOUT};
		fcntl(fds[count].fd, F_SETFL, O_NONBLOCK);
		(void)connect(fds[count].fd, &address.any, address.length);
	} while (poll(&fds[count++], 1, 200) > 0);
	write_port(talk, listener, port_file);
	for (;;)
		pause();
}

static int run_listening(struct talk *talk, char *argv[])
{
	struct address address = parse_address(talk, argv[0]);
	int listener = make_socket(&address);
	int times = 1;
	char **steps = argv + 2;

	if (*steps && sscanf(*steps, "times=%d", &times) == 1)
		steps++;
	if (bind(listener, &address.any, address.length) < 0 ||
	    listen(listener, 512) < 0)
		fail_errno(talk, argv[0]);
	if (*steps && strcmp(*steps, "full") == 0)
		stay_full(talk, listener, argv[1]);
	write_port(talk, listener, argv[1]);
	for (int i = 0; i < times; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			fail_errno(talk, "accept");
		if (times > 1 && fork() != 0) {
			close(fd);
			continue;
		}
		close(listener);
		use(talk, fd);
		run(talk, steps);
		return 0;
	}
	return count_failed() != 0;
}

static void run_connection(struct talk *talk, const struct address *address,
    const struct address *from, char *const steps[], const char *name)
{
	int fd = make_socket(address);

	talk->start_us = now_us();
	if (from->length && bind(fd, &from->any, from->length) < 0)
		fail_errno(talk, "from");
	if (connect(fd, &address->any, address->length) < 0)
		fail_errno(talk, name);
	use(talk, fd);
	run(talk, steps);
	close(fd);
}

static int run_connecting(struct talk *talk, char *argv[])
{
	struct address address = parse_address(talk, argv[0]);
	struct address from = {0};
	int times = 1, at_once = 0;
	char **steps = argv + 1;

	if (*steps && strncmp(*steps, "from=", 5) == 0) {
		char text[80];

		snprintf(text, sizeof(text), "%s:0", *steps++ + 5);
		from = parse_address(talk, text);
	}
	if (*steps && (sscanf(*steps, "times=%d", &times) == 1 ||
			  sscanf(*steps, "at-once=%d", &at_once) == 1))
		steps++;
	for (int i = 0; i < at_once; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail_errno(talk, "fork");
		if (pid == 0) {
			run_connection(talk, &address, &from, steps, argv[0]);
			_exit(0);
		}
	}
	if (at_once)
		return count_failed() != 0;
	for (; times > 0; times--)
		run_connection(talk, &address, &from, steps, argv[0]);
	return 0;
}

int main(int argc, char *argv[])
{
	struct talk talk = {.in = 0, .out = 1, .step = "talk"};

	if (argc > 3 && strcmp(argv[1], "listen") == 0)
		return run_listening(&talk, argv + 2);
	if (argc > 2 && strcmp(argv[1], "connect") == 0)
		return run_connecting(&talk, argv + 2);
	if (argc > 1 && strcmp(argv[1], "fds") == 0)
		run(&talk, argv + 2);
	else
		fail(&talk, "expected connect, listen or fds");
	return 0;
}
