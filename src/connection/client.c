/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../deadline.h"
#include "../fd.h"
#include "../wait.h"
#include "client.h"

#define FINISH_MS    1000
#define FINISH_BYTES ((size_t)16 * 1024 * 1024)

void client_add_name(
    const struct address *address, enum log_address how, struct text *text)
{
	if (how == LOG_ADDRESS_FULL || !address_is_inet(address))
		address_add_to(address, text);
	else if (how == LOG_ADDRESS_PREFIX)
		address_add_prefix_to(address, text);
}

static void set_name(
    struct client *client, const struct address *address, enum log_address how)
{
	struct text name = {0, sizeof(client->name), client->name};

	client->name[0] = '\0';
	client_add_name(address, how, &name);
}

const char *client_name(const struct client *client)
{
	return client->name[0] ? client->name : NULL;
}

void client_accepted(int fd, const struct address *peer, bool is_tuned,
    enum log_address how, struct client *ret_client)
{
	ret_client->in = ret_client->out = fd;
	ret_client->is_socket = true;
	ret_client->is_inet = address_is_inet(peer);
	ret_client->is_tuned = is_tuned && ret_client->is_inet;
	ret_client->named = 0;
	ret_client->peer = *peer;
	set_name(ret_client, peer, how);
}

/* The names of two addresses, the client's and ours, and of their ports. */
static const struct {
	char client[2][16], dialled[2][16]; /* "": there is none */
} variables[] = {
    {{"REMOTE_ADDR", "REMOTE_PORT"}, {"", ""}},
    {{"TCPREMOTEIP", "TCPREMOTEPORT"}, {"TCPLOCALIP", "TCPLOCALPORT"}},
    {{"SOCAT_PEERADDR", "SOCAT_PEERPORT"},
	{"SOCAT_SOCKADDR", "SOCAT_SOCKPORT"}},
};

/*
 * The address that a pair of variables holds. Returns whether there is one; of
 * *ret_has_port, whether it has a port.
 */
static bool find_address(
    const char names[2][16], struct address *ret_address, bool *ret_has_port)
{
	const char *ip = getenv(names[0]);
	const char *port_text = getenv(names[1]);
	char plain[INET6_ADDRSTRLEN + 2];
	uint64_t port = 0;
	size_t length;

	if (!ip)
		return false;
	ip += *ip == '[';
	length = strcspn(ip, "]");
	if (length >= sizeof(plain))
		return false;
	memcpy(plain, ip, length);
	plain[length] = '\0';
	*ret_has_port =
	    port_text && text_parse_number(port_text, 65535, &port) == 0;
	return address_parse_ip(plain, (uint16_t)port, ret_address) == 0;
}

static void set_name_from_environment(
    struct client *client, enum log_address how)
{
	struct address address;
	bool has_port;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (find_address(variables[i].client, &address, &has_port)) {
			set_name(client, &address, how);
			client->named = (uint8_t)(i + 1);
			return;
		}
}

static void find_dialled(int fd, struct address *ret_address)
{
	socklen_t length = sizeof(ret_address->local);

	ret_address->length = 0;
	if (getsockname(fd, &ret_address->any, &length) < 0)
		return;
	/* Of a unix socket it may be one more (unix(7)). */
	ret_address->length = length < sizeof(ret_address->local)
				  ? length
				  : sizeof(ret_address->local);
}

void client_ends(const struct client *client, struct address *ret_client,
    struct address *ret_dialled)
{
	const unsigned named = client->named;
	bool client_port, dialled_port;

	if (named &&
	    find_address(
		variables[named - 1].client, ret_client, &client_port) &&
	    find_address(
		variables[named - 1].dialled, ret_dialled, &dialled_port) &&
	    client_port && dialled_port)
		return;
	*ret_client = client->peer;
	find_dialled(client->in, ret_dialled);
	if (!ret_client->length || !ret_dialled->length)
		ret_client->length = ret_dialled->length = 0;
}

/*
 * A terminal has no room of PIPE_BUF when poll() says that it can be written
 * to, and would block. Another description of it can be non-blocking without
 * being so for everybody who has this one; if there can be none, this one is.
 */
static void unblock_terminal(const struct inherited *inherited)
{
	TEXT(path, 32);
	struct stat status, other = {0};
	int out = inherited->out;
	int fd CLEANUP_FD = -1;

	if (!S_ISCHR(inherited->stdio[STDOUT_FILENO]) ||
	    fstat(out, &status) < 0)
		return;
	text_add(&path, "/proc/self/fd/");
	text_add_number(&path, (uint64_t)out);
	/* Of /dev/ptmx, each open is the beginning of a new terminal. */
	if (status.st_rdev != makedev(5, 2))
		fd = open(
		    path.start, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		fstat(fd, &other);
	if (other.st_rdev != status.st_rdev || dup2(fd, out) < 0)
		fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
}

int client_inherited(const struct inherited *inherited, enum log_address how,
    struct client *ret_client)
{
	const struct address *peer = &inherited->peer;

	ret_client->in = inherited->in;
	ret_client->out = inherited->out;
	ret_client->is_socket = inherited->peer_error != -ENOTSOCK;
	ret_client->is_inet = address_is_inet(peer);
	ret_client->is_tuned = false;
	ret_client->named = 0;
	ret_client->peer = *peer;
	if (ret_client->is_socket && inherited->peer_error) {
		strcpy(ret_client->name, "unknown");
		return inherited->peer_error;
	}
	if (ret_client->is_socket) {
		set_name(ret_client, peer, how);
	} else {
		strcpy(ret_client->name, "pipe");
		unblock_terminal(inherited);
	}
	if (!ret_client->is_inet)
		set_name_from_environment(ret_client, how);
	return 0;
}

/*
 * A receive that never blocks on a socket; on others poll comes first. One that
 * was interrupted is to be tried again, as one that found nothing is.
 */
static ssize_t receive(const struct client *client, char *buffer, size_t size)
{
	ssize_t n;

	if (client->is_socket)
		n = recv(client->in, buffer, size, MSG_DONTWAIT);
	else
		n = read(client->in, buffer, size);
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

ssize_t client_first_chunk(const struct client *client, char *buffer,
    size_t size, int64_t deadline, bool *ret_waited)
{
	struct pollfd in = {.fd = client->in, .events = POLLIN};
	/* Mostly the byte is there before the process is. */
	ssize_t n = client->is_socket ? receive(client, buffer, size) : -EAGAIN;

	*ret_waited = n == -EAGAIN;
	while (n == -EAGAIN) {
		int r = wait_for(&in, 1, deadline);

		if (r == -EINTR) {
			if (wait_order() != WAIT_GO_ON)
				return -ECANCELED;
			continue;
		}
		if (r < 0)
			return r;
		n = receive(client, buffer, size);
	}
	return n;
}

void client_refuse(const struct client *client, char *buffer, size_t size)
{
	size_t dropped = 0;
	ssize_t n;

	if (shutdown(client->out, SHUT_WR) < 0)
		return;
	do {
		n = receive(client, buffer, size);
		dropped += n > 0 ? (size_t)n : 0;
	} while (n > 0 && dropped < FINISH_BYTES);
}

void client_finish(const struct client *client, char *buffer, size_t size)
{
	struct pollfd in = {.fd = client->in, .events = POLLIN};
	size_t dropped = 0;
	int64_t deadline;

	if (!client->is_socket)
		return;
	if (shutdown(client->out, SHUT_WR) < 0)
		return;
	deadline = deadline_in_ms(FINISH_MS);
	while (dropped < FINISH_BYTES) {
		ssize_t n = receive(client, buffer, size);

		if (n == 0 || (n < 0 && n != -EAGAIN))
			return;
		if (n > 0)
			dropped += (size_t)n;
		/* However slowly it goes on sending. */
		if (deadline_now() >= deadline)
			return;
		if (n > 0)
			continue;
		if (wait_order() != WAIT_GO_ON)
			return;
		wait_for(&in, 1, deadline);
	}
}
