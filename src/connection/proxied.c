/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "proxied.h"

static const char *why(ssize_t error)
{
	switch (error) {
	case -ENOMSG:
		return "not a PROXY header";
	case -EMSGSIZE:
		return "a PROXY header that is too long";
	case -ENODATA:
		return "a PROXY header that is cut off";
	default:
		return "a PROXY header that is wrong";
	}
}

/* The client is whom the header names, if it does. */
static void note(struct proxied *proxied, enum log_address how)
{
	struct text name = {0, sizeof(proxied->name), proxied->name};

	proxied->name[0] = '\0';
	if (proxied->ends.client.length)
		client_add_name(&proxied->ends.client, how, &name);
}

ssize_t proxied_receive(const struct client *client, char *buffer, size_t chunk,
    int64_t deadline, enum log_address how, bool *ret_waited, size_t *ret_skip,
    struct proxied *ret_proxied)
{
	size_t held = 0;
	ssize_t header = 0;

	*ret_waited = false;
	for (;;) {
		bool waited;
		ssize_t n = client_first_chunk(
		    client, buffer + held, chunk, deadline, &waited);

		*ret_waited |= waited;
		if (n == 0 && held && !header)
			header = -ENODATA;
		else if (n <= 0)
			return n;
		held += (size_t)n;
		if (!header)
			header = proxy_header_parse(
			    buffer, held, &ret_proxied->ends);
		if (header < 0) {
			ret_proxied->why = why(header);
			return -EBADMSG;
		}
		if (header && !ret_proxied->name[0])
			note(ret_proxied, how);
		if (header && held > (size_t)header)
			break;
	}
	*ret_skip = (size_t)header;
	return (ssize_t)(held - (size_t)header);
}

size_t proxied_prepend(enum proxy_protocol version, const struct client *client,
    struct proxied *proxied, uint8_t byte, char *at)
{
	char header[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_ends *ends = &proxied->ends;
	size_t size;

	if (!ends->client.length)
		client_ends(client, &ends->client, &ends->dialled);
	size = proxy_header_write(version, ends, byte, header);
	memcpy(at - size, header, size);
	return size;
}
