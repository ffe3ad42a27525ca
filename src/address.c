/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>

#include "address.h"

bool address_is_inet(const struct address *address)
{
	return address->length && (address->any.sa_family == AF_INET ||
				      address->any.sa_family == AF_INET6);
}

void address_unmap(const struct address *address, struct address *ret_address)
{
	const struct sockaddr_in6 *six = &address->v6;
	struct address v4 = {.length = sizeof(v4.v4)};

	*ret_address = *address;
	if (address->any.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return;
	v4.v4.sin_family = AF_INET;
	v4.v4.sin_port = six->sin6_port;
	memcpy(&v4.v4.sin_addr, &six->sin6_addr.s6_addr[12],
	    sizeof(v4.v4.sin_addr));
	*ret_address = v4;
}

static int parse_scope(const char *scope, uint32_t *ret_index)
{
	uint64_t number;

	*ret_index = if_nametoindex(scope);
	if (*ret_index)
		return 0;
	if (text_parse_number(scope, UINT32_MAX, &number) < 0 || !number)
		return -EINVAL;
	*ret_index = (uint32_t)number;
	return 0;
}

int address_parse_ip(
    const char *literal, uint16_t port, struct address *ret_address)
{
	char plain[INET6_ADDRSTRLEN];
	struct address address = {0};
	const char *scope = strchr(literal, '%');
	size_t length = scope ? (size_t)(scope - literal) : strlen(literal);

	if (length >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, literal, length);
	plain[length] = '\0';

	if (!scope && inet_pton(AF_INET, plain, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(port);
		address.length = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, plain, &address.v6.sin6_addr) == 1) {
		if (scope &&
		    parse_scope(scope + 1, &address.v6.sin6_scope_id) < 0)
			return -EINVAL;
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(port);
		address.length = sizeof(address.v6);
	} else {
		return -EINVAL;
	}
	*ret_address = address;
	return 0;
}

int address_parse_unix(const char *name, struct address *ret_address)
{
	struct address address = {0};
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2 ||
	    length >= sizeof(address.local.sun_path))
		return -EINVAL;
	address.local.sun_family = AF_UNIX;
	memcpy(address.local.sun_path, name, length);
	address.length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (name[0] == '@')
		address.local.sun_path[0] = '\0';
	else
		address.length++; /* a path ends in its NUL */
	*ret_address = address;
	return 0;
}

static void add_unix(
    const struct sockaddr_un *local, socklen_t length, struct text *text)
{
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	size_t i = 0;

	text_add(text, "unix");
	if (length <= offsetof(struct sockaddr_un, sun_path))
		return;
	text_add_char(text, ':');
	if (local->sun_path[0] == '\0') {
		text_add_char(text, '@');
		i = 1;
	} else {
		size = strnlen(local->sun_path, size);
	}
	for (; i < size; i++) {
		const char *c = &local->sun_path[i];

		text_add_bytes(text, *c > ' ' && *c <= '~' ? c : "?", 1);
	}
}

static void add_scope(uint32_t index, struct text *text)
{
	if (!index)
		return;
	text_add_char(text, '%');
	text_add_number(text, index);
}

static void add_v4(const uint8_t *bytes, struct text *text)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			text_add_char(text, '.');
		text_add_number(text, bytes[i]);
	}
}

/*
 * RFC 5952, 4: lower case, no leading zeros, and "::" for the longest run of
 * two zeros or more, the first of several. inet_ntop(3) writes the same by
 * way of printf, for which each process would pay a page of code.
 */
static void add_v6(const struct in6_addr *address, struct text *text)
{
	unsigned group[8];
	int longest = 0, run = 0, start = -1;

	for (int i = 7; i >= 0; i--) {
		const uint8_t *bytes = &address->s6_addr[(size_t)i * 2];

		group[i] = (unsigned)bytes[0] << 8 | bytes[1];
		run = group[i] ? 0 : run + 1;
		if (run > 1 && run >= longest) {
			longest = run;
			start = i;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			text_add(text, "::");
			i += longest - 1;
			continue;
		}
		if (i > 0 && i != start + longest)
			text_add_char(text, ':');
		text_add_hex(text, group[i]);
	}
}

void address_add_ip_to(const struct address *address, struct text *text)
{
	const struct in6_addr *six = &address->v6.sin6_addr;

	if (address->any.sa_family == AF_INET) {
		add_v4((const uint8_t *)&address->v4.sin_addr, text);
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(six)) {
		add_v4(&six->s6_addr[12], text);
		return;
	}
	text_add_char(text, '[');
	add_v6(six, text);
	add_scope(address->v6.sin6_scope_id, text);
	text_add_char(text, ']');
}

void address_add_prefix_to(const struct address *address, struct text *text)
{
	struct address network = *address;

	if (address->any.sa_family == AF_INET6 &&
	    !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
		memset(&network.v6.sin6_addr.s6_addr[6], 0, 10);
		network.v6.sin6_scope_id = 0;
		address_add_ip_to(&network, text);
		text_add(text, "/48");
		return;
	}
	if (address->any.sa_family == AF_INET6)
		network.v6.sin6_addr.s6_addr[15] = 0;
	else
		network.v4.sin_addr.s_addr &= htonl(0xffffff00);
	address_add_ip_to(&network, text);
	text_add(text, "/24");
}

void address_add_to(const struct address *address, struct text *text)
{
	if (address_is_inet(address)) {
		address_add_ip_to(address, text);
		text_add_char(text, ':');
		/* sin_port and sin6_port lie at the same place. */
		text_add_number(text, ntohs(address->v4.sin_port));
	} else if (address->any.sa_family == AF_UNIX) {
		add_unix(&address->local, address->length, text);
	} else {
		text_add(text, "unknown");
	}
}
