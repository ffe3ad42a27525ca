/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes headers of the PROXY protocol: the input is what a client sends first.
 * Each beginning of it has to be a part of what the whole is; what is accepted
 * is read a second time in a simple way, and written and read back.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../../src/connection/proxy_header.h"
#include "fuzz.h"

/* All beginnings of so many bytes are tried, and then some. */
#define EACH_UP_TO 300
#define STEP       97

/* A block of that size, as the protocol has them. */
#define FIXED 16

/* In memory of the exact size: the sanitizer sees what lies beside it. */
static ssize_t parse(
    const uint8_t *bytes, size_t size, struct proxy_ends *ret_ends)
{
	char *copy = malloc(size ? size : 1);
	ssize_t n;

	memcpy(copy, bytes, size);
	memset(ret_ends, 0xa5, sizeof(*ret_ends));
	n = proxy_header_parse(copy, size, ret_ends);
	free(copy);
	return n;
}

/* More, until it is clear; and then what it is for good. */
static void check_beginnings(const uint8_t *bytes, size_t size, ssize_t whole)
{
	struct proxy_ends ends;
	ssize_t before = 0;

	for (size_t i = 0; i <= size; i += i < EACH_UP_TO ? 1 : STEP) {
		ssize_t n = parse(bytes, i, &ends);

		RULE(n <= (ssize_t)i, "%zd of %zu", n, i);
		RULE(before ? n == before : n == 0 || n == whole,
		    "%zd of the first %zu, %zd before, %zd of all", n, i,
		    before, whole);
		before = n;
	}
}

static bool is_same(const struct address *a, const struct address *b)
{
	return a->length == b->length &&
	       memcmp(&a->any, &b->any, a->length) == 0;
}

/* An address and a port, as words. */
static struct address read_words(const char *ip, const char *port, bool is_six)
{
	struct address address = {0};
	unsigned n[4], number = (unsigned)strtoul(port, NULL, 10);
	char again[64];

	snprintf(again, sizeof(again), "%u", number);
	RULE(number < 65536 && strcmp(again, port) == 0, "port \"%s\"", port);
	if (is_six) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons((uint16_t)number);
		address.length = sizeof(address.v6);
		RULE(inet_pton(AF_INET6, ip, &address.v6.sin6_addr) == 1,
		    "\"%s\"", ip);
		return address;
	}
	RULE(sscanf(ip, "%3u.%3u.%3u.%3u", &n[0], &n[1], &n[2], &n[3]) == 4,
	    "\"%s\"", ip);
	snprintf(again, sizeof(again), "%u.%u.%u.%u", n[0], n[1], n[2], n[3]);
	RULE(strcmp(again, ip) == 0, "\"%s\"", ip);
	address.v4.sin_family = AF_INET;
	address.v4.sin_port = htons((uint16_t)number);
	address.v4.sin_addr.s_addr =
	    htonl(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]);
	address.length = sizeof(address.v4);
	return address;
}

static struct proxy_ends read_line(const uint8_t *bytes, size_t size)
{
	char line[108] = "", family[8], from[64], to[64], ports[2][8];
	char again[256];
	struct proxy_ends ends = {0};
	bool is_six;

	RULE(size <= 107 && bytes[size - 2] == '\r' && bytes[size - 1] == '\n',
	    "a line of %zu", size);
	memcpy(line, bytes, size - 2);
	if (strncmp(line, "PROXY UNKNOWN", 13) == 0) {
		RULE(!line[13] || line[13] == ' ', "\"%s\"", line);
		return ends;
	}
	RULE(strlen(line) == size - 2, "a NUL in \"%s\"", line);
	RULE(sscanf(line, "PROXY %7s %63s %63s %7s %7s", family, from, to,
		 ports[0], ports[1]) == 5,
	    "\"%s\"", line);
	/* One blank between two of them, and nothing else. */
	snprintf(again, sizeof(again), "PROXY %s %s %s %s %s", family, from, to,
	    ports[0], ports[1]);
	RULE(strcmp(line, again) == 0, "\"%s\" is \"%s\"", line, again);
	is_six = strcmp(family, "TCP6") == 0;
	RULE(is_six || strcmp(family, "TCP4") == 0, "\"%s\"", family);
	ends.client = read_words(from, ports[0], is_six);
	ends.dialled = read_words(to, ports[1], is_six);
	return ends;
}

static struct address read_name(const uint8_t *bytes)
{
	struct address address = {.local.sun_family = AF_UNIX};
	size_t length = 108;

	memcpy(address.local.sun_path, bytes, length);
	if (bytes[0])
		length = strnlen((const char *)bytes, length);
	while (length && !bytes[length - 1])
		length--;
	memset(address.local.sun_path + length, 0, 108 - length);
	address.length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return address;
}

static struct proxy_ends read_block(const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes + FIXED;
	struct proxy_ends ends = {0};

	RULE(size == FIXED + (size_t)(bytes[14] << 8 | bytes[15]),
	    "a block of %zu", size);
	RULE(bytes[12] == 0x20 || bytes[12] == 0x21, "command %#x", bytes[12]);
	if (bytes[12] == 0x20)
		return ends;
	if (bytes[13] == 0x11) {
		ends.client.length = ends.dialled.length =
		    sizeof(struct sockaddr_in);
		ends.client.v4.sin_family = ends.dialled.v4.sin_family =
		    AF_INET;
		memcpy(&ends.client.v4.sin_addr, at, 4);
		memcpy(&ends.dialled.v4.sin_addr, at + 4, 4);
		memcpy(&ends.client.v4.sin_port, at + 8, 2);
		memcpy(&ends.dialled.v4.sin_port, at + 10, 2);
	} else if (bytes[13] == 0x21) {
		ends.client.length = ends.dialled.length =
		    sizeof(struct sockaddr_in6);
		ends.client.v6.sin6_family = ends.dialled.v6.sin6_family =
		    AF_INET6;
		memcpy(&ends.client.v6.sin6_addr, at, 16);
		memcpy(&ends.dialled.v6.sin6_addr, at + 16, 16);
		memcpy(&ends.client.v6.sin6_port, at + 32, 2);
		memcpy(&ends.dialled.v6.sin6_port, at + 34, 2);
	} else if (bytes[13] == 0x31) {
		ends.client = read_name(at);
		ends.dialled = read_name(at + 108);
	}
	return ends;
}

/* Written in a version, and read back, the ends are the same; or unknown. */
static void check_written(
    enum proxy_protocol version, const struct proxy_ends *ends, uint8_t byte)
{
	char *bytes = malloc(PROXY_HEADER_WRITTEN_MAX);
	size_t size = proxy_header_write(version, ends, byte, bytes);
	const sa_family_t family = ends->client.any.sa_family;
	struct proxy_ends back, wanted = {0};

	RULE(size <= PROXY_HEADER_WRITTEN_MAX, "%zu bytes", size);
	RULE(parse((const uint8_t *)bytes, size, &back) == (ssize_t)size,
	    "what was written is no header");
	if (ends->client.length &&
	    (family != AF_UNIX || version == PROXY_PROTOCOL_V2)) {
		address_unmap(&ends->client, &wanted.client);
		address_unmap(&ends->dialled, &wanted.dialled);
		address_unmap(&back.client, &back.client);
		address_unmap(&back.dialled, &back.dialled);
	}
	RULE(is_same(&back.client, &wanted.client), "another client");
	RULE(is_same(&back.dialled, &wanted.dialled), "another address");
	if (version == PROXY_PROTOCOL_V2)
		RULE((uint8_t)bytes[size - 1] == byte, "another byte");
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct proxy_ends ends, again;
	ssize_t n = parse(bytes, size, &ends);

	RULE(n >= 0 || n == -ENOMSG || n == -EBADMSG || n == -EMSGSIZE, "%zd",
	    n);
	check_beginnings(bytes, size, n);
	if (n <= 0)
		return 0;
	again = bytes[0] == 'P' ? read_line(bytes, (size_t)n)
				: read_block(bytes, (size_t)n);
	RULE(is_same(&ends.client, &again.client) &&
		 is_same(&ends.dialled, &again.dialled),
	    "other ends");
	check_written(PROXY_PROTOCOL_V1, &ends, bytes[size - 1]);
	check_written(PROXY_PROTOCOL_V2, &ends, bytes[size - 1]);
	return 0;
}
