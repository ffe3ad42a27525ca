/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "origin.h"

/* linux/in6.h, which cannot be included beside netinet/in.h */
#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

void origin_choose(const struct settings *settings,
    const struct address *client, struct origin *ret_origin)
{
	*ret_origin = (struct origin){
	    .address = settings->source, .mark = settings->mark};
	if (!settings->transparent || !address_is_inet(client))
		return;
	address_unmap(client, &ret_origin->address);
	/* sin_port and sin6_port lie at the same place. */
	ret_origin->address.v4.sin_port = 0;
	ret_origin->is_foreign = true;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno
									: 0;
}

int origin_bind(const struct origin *origin, int fd, int family)
{
	const struct address *address = &origin->address;
	const bool six = family == AF_INET6;
	int r = 0;

	if (family == AF_UNIX)
		return 0;
	if (origin->mark)
		r = set(fd, SOL_SOCKET, SO_MARK, (int)origin->mark);
	if (r < 0 || !address->length)
		return r;
	if (address->any.sa_family != family)
		return -EAFNOSUPPORT;
	if (origin->is_foreign)
		r = six ? set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
			: set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	if (r < 0)
		return r;
	/* Of an older kernel the port is taken here, and is used up sooner. */
	set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, &address->any, address->length) < 0 ? -errno : 0;
}
