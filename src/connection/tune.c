/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "../fd.h"
#include "tune.h"

#define AT(member) offsetof(struct settings, member)

/* Of IPPROTO_TCP; in the unit of the option. 0 is the kernel's. */
static const struct {
	uint16_t setting; /* offset in struct settings */
	uint16_t unit;    /* of the setting's, in one of the option's */
	int option;
} patience[] = {
    {AT(keepalive_ms), 1000, TCP_KEEPIDLE},
    {AT(keepalive_interval_ms), 1000, TCP_KEEPINTVL},
    {AT(keepalive_probes), 1, TCP_KEEPCNT},
    {AT(user_timeout_ms), 1, TCP_USER_TIMEOUT},
};

#define PATIENCE_COUNT (sizeof(patience) / sizeof(*patience))

void tune_no_delay(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int value_of(const struct settings *settings, size_t i)
{
	uint32_t value;

	memcpy(&value, (const char *)settings + patience[i].setting,
	    sizeof(value));
	return (int)(value / patience[i].unit);
}

static void set(int fd, size_t i, int value)
{
	setsockopt(fd, IPPROTO_TCP, patience[i].option, &value, sizeof(value));
}

void tune_patience(int fd, const struct settings *settings)
{
	const int on = 1;

	for (size_t i = 0; i < PATIENCE_COUNT; i++) {
		int value = value_of(settings, i);

		if (value)
			set(fd, i, value);
	}
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/*
 * Only a socket that was never told can say what the kernel's value is: there
 * is none by which one that was could forget it (tcp_setsockopt() in Linux).
 */
static void forget(int fd, size_t i)
{
	int fresh CLEANUP_FD = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value;
	socklen_t length = sizeof(value);

	if (fresh < 0)
		fresh = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fresh >= 0 && getsockopt(fresh, IPPROTO_TCP, patience[i].option,
			      &value, &length) == 0)
		set(fd, i, value);
}

void tune_patience_anew(
    int fd, const struct settings *before, const struct settings *settings)
{
	tune_patience(fd, settings);
	for (size_t i = 0; i < PATIENCE_COUNT; i++)
		if (value_of(before, i) && !value_of(settings, i))
			forget(fd, i);
}

void tune_ends(const struct client *client, int target,
    const struct address *address, const struct settings *settings)
{
	if (client->is_inet && !client->is_tuned)
		tune_patience(client->in, settings);
	if (address_is_inet(address))
		tune_patience(target, settings);
}
