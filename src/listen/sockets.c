/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../connection/tune.h"
#include "../fd.h"
#include "sockets.h"

/*
 * As long as the kernel lets it be, net.core.somaxconn. (SOMAXCONN is what that
 * was when the C library was made: 128 of musl's.)
 */
#define QUEUE INT_MAX

static void tune(int fd, const struct settings *settings)
{
	tune_no_delay(fd);
	tune_patience(fd, settings);
}

static int bind_one(const struct address *address, bool ipv6_only,
    const struct settings *settings, int *ret_fd)
{
	const int on = 1, only = ipv6_only;
	int fd CLEANUP_FD =
	    socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (address->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0)
		return -errno;
	tune(fd, settings);
	if (bind(fd, &address->any, address->length) < 0 ||
	    listen(fd, QUEUE) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int sockets_bind(const struct settings *settings, struct sockets *ret_sockets)
{
	struct address address = settings->listen_address;
	bool everywhere = !address.length;
	int r;

	if (everywhere)
		address_parse_ip("::", 0, &address);
	/* sin_port and sin6_port lie at the same place. */
	address.v4.sin_port = htons((uint16_t)settings->listen_port);
	r = bind_one(&address, !everywhere, settings, &ret_sockets->fds[0]);
	if (everywhere && (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)) {
		address_parse_ip(
		    "0.0.0.0", (uint16_t)settings->listen_port, &address);
		r = bind_one(&address, false, settings, &ret_sockets->fds[0]);
	}
	ret_sockets->count = r == 0;
	return r;
}

void sockets_inherit(const struct inherited *inherited,
    const struct settings *settings, struct sockets *ret_sockets)
{
	int off = 0;

	ret_sockets->count = inherited->listeners;
	ret_sockets->names = inherited->names;
	for (int i = 0; i < inherited->listeners; i++) {
		ret_sockets->fds[i] = inherited->in + i;
		ioctl(ret_sockets->fds[i], FIONBIO, &off);
		tune(ret_sockets->fds[i], settings);
	}
}

unsigned sockets_queued(const struct sockets *sockets, int i)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	/* Of a listening socket this is the length of its queue. */
	if (getsockopt(sockets->fds[i], IPPROTO_TCP, TCP_INFO, &info, &length))
		return 0;
	return info.tcpi_unacked;
}

void sockets_tune_anew(const struct sockets *sockets,
    const struct settings *before, const struct settings *settings)
{
	for (int i = 0; i < sockets->count; i++)
		tune_patience_anew(sockets->fds[i], before, settings);
}

void sockets_refuse_new(const struct sockets *sockets)
{
	const int nowhere = INT_MAX;

	for (int i = 0; i < sockets->count; i++)
		setsockopt(sockets->fds[i], SOL_SOCKET, SO_BINDTOIFINDEX,
		    &nowhere, sizeof(nowhere));
}

void sockets_add_name(const struct sockets *sockets, int i, struct text *text)
{
	const char *name = sockets->names;

	for (; name && i > 0; i--) {
		name = strchr(name, ':');
		name += name != NULL;
	}
	if (name)
		text_add_bytes(text, name, strcspn(name, ":"));
}

bool sockets_have_connections(const struct sockets *sockets)
{
	struct pollfd polls[INHERITED_LISTENERS_MAX];

	for (int i = 0; i < sockets->count; i++)
		polls[i] =
		    (struct pollfd){.fd = sockets->fds[i], .events = POLLIN};
	return poll(polls, (nfds_t)sockets->count, 0) > 0;
}

void sockets_close(struct sockets *sockets)
{
	for (int i = 0; i < sockets->count; i++)
		close(sockets->fds[i]);
	sockets->count = 0;
}
