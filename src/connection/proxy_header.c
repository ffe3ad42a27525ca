/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "proxy_header.h"

/* With the end of the line. */
#define LINE_MAX_BYTES ((size_t)107)

/* Behind the signature: version and command, family and kind, a length. */
#define FIXED_BYTES   ((size_t)16)
#define VERSION_2     0x20
#define COMMAND_LOCAL 0
#define COMMAND_PROXY 1
#define KIND_STREAM   1

enum family {
	FAMILY_UNSPEC,
	FAMILY_INET,
	FAMILY_INET6,
	FAMILY_UNIX,
	FAMILIES
};

/* Of the addresses, without and with their ports. */
static const uint8_t address_bytes[FAMILIES] = {0, 4, 16, 108};
static const uint8_t block_bytes[FAMILIES] = {0, 12, 36, 216};

#define TLV_BYTE  0xe0 /* PP2_TYPE_MIN_CUSTOM */
#define TLV_BYTES 4    /* type, two bytes of length, the byte */

static const char line_start[] = "PROXY ";
static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

#define BYTES_OF(constant) (sizeof(constant) - 1)

/* Whether the bytes, as many as there are, may become what is wanted. */
static bool begin_with(
    const char *bytes, size_t length, const char *wanted, size_t size)
{
	return memcmp(bytes, wanted, length < size ? length : size) == 0;
}

/* Digits only, and none in front that says nothing. */
static bool parse_port(const char *word, in_port_t *ret_port)
{
	uint64_t port;

	if ((word[0] == '0' && word[1]) ||
	    text_parse_number(word, UINT16_MAX, &port) < 0)
		return false;
	*ret_port = htons((uint16_t)port);
	return true;
}

static bool parse_ip(
    const char *ip, const char *port, bool is_v6, struct address *ret_address)
{
	struct address address = {0};
	void *place = is_v6 ? (void *)&address.v6.sin6_addr
			    : (void *)&address.v4.sin_addr;
	int family = is_v6 ? AF_INET6 : AF_INET;

	address.any.sa_family = (sa_family_t)family;
	address.length = is_v6 ? sizeof(address.v6) : sizeof(address.v4);
	/* sin_port and sin6_port lie at the same place. */
	if (inet_pton(family, ip, place) != 1 ||
	    !parse_port(port, &address.v4.sin_port))
		return false;
	*ret_address = address;
	return true;
}

/* "TCP4 192.0.2.1 192.0.2.2 1024 80", each blank of which becomes a NUL. */
static bool parse_words(char *line, struct proxy_ends *ret_ends)
{
	struct proxy_ends ends;
	char *words[5];
	bool is_v6;

	for (int i = 0; i < 5; i++) {
		words[i] = line;
		line += strcspn(line, " ");
		if (*line != (i < 4 ? ' ' : '\0'))
			return false;
		*line++ = '\0';
	}
	is_v6 = strcmp(words[0], "TCP6") == 0;
	if ((!is_v6 && strcmp(words[0], "TCP4") != 0) ||
	    !parse_ip(words[1], words[3], is_v6, &ends.client) ||
	    !parse_ip(words[2], words[4], is_v6, &ends.dialled))
		return false;
	*ret_ends = ends;
	return true;
}

static ssize_t parse_line(
    const char *bytes, size_t length, struct proxy_ends *ret_ends)
{
	static const char unknown[] = "UNKNOWN";
	char line[LINE_MAX_BYTES];
	const char *end;
	size_t size;

	if (length > LINE_MAX_BYTES)
		length = LINE_MAX_BYTES;
	end = memchr(bytes, '\n', length);
	if (!end)
		return length < LINE_MAX_BYTES ? 0 : -EMSGSIZE;
	if (end[-1] != '\r')
		return -EBADMSG;
	bytes += BYTES_OF(line_start);
	size = (size_t)(end - 1 - bytes);
	memcpy(line, bytes, size);
	line[size] = '\0';
	if (size >= BYTES_OF(unknown) &&
	    memcmp(line, unknown, BYTES_OF(unknown)) == 0 &&
	    (size == BYTES_OF(unknown) || line[BYTES_OF(unknown)] == ' '))
		*ret_ends = (struct proxy_ends){0};
	else if (strlen(line) != size || !parse_words(line, ret_ends))
		return -EBADMSG;
	return end + 1 - (bytes - BYTES_OF(line_start));
}

/* A socket's name, which ends where only NULs follow; "" has none. */
static void take_name(const char *bytes, struct address *ret_address)
{
	struct sockaddr_un *local = &ret_address->local;
	size_t size = address_bytes[FAMILY_UNIX];

	local->sun_family = AF_UNIX;
	if (bytes[0])
		size = strnlen(bytes, size);
	while (size && !bytes[size - 1])
		size--;
	memcpy(local->sun_path, bytes, size);
	ret_address->length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* An address of a block whose ports are at `port`. */
static void take_address(enum family family, const char *bytes,
    const char *port, struct address *ret_address)
{
	struct address address = {0};

	if (family == FAMILY_UNIX) {
		take_name(bytes, &address);
	} else if (family == FAMILY_INET) {
		address.v4.sin_family = AF_INET;
		address.length = sizeof(address.v4);
		memcpy(&address.v4.sin_addr, bytes, 4);
		memcpy(&address.v4.sin_port, port, 2);
	} else {
		address.v6.sin6_family = AF_INET6;
		address.length = sizeof(address.v6);
		memcpy(&address.v6.sin6_addr, bytes, 16);
		memcpy(&address.v6.sin6_port, port, 2);
	}
	*ret_address = address;
}

static ssize_t parse_block(
    const char *bytes, size_t length, struct proxy_ends *ret_ends)
{
	const uint8_t *fixed = (const uint8_t *)bytes + BYTES_OF(signature);
	const char *block = bytes + FIXED_BYTES;
	unsigned command, kind, family;
	size_t size;

	if (length < FIXED_BYTES)
		return 0;
	command = fixed[0] & 0xf;
	family = fixed[1] >> 4;
	kind = fixed[1] & 0xf;
	size = (size_t)fixed[2] << 8 | fixed[3];
	if ((fixed[0] & 0xf0) != VERSION_2 || command > COMMAND_PROXY)
		return -EBADMSG;
	/* What comes with LOCAL is ignored, its family too. */
	if (command == COMMAND_PROXY &&
	    (family >= FAMILIES || kind > KIND_STREAM + 1 ||
		(kind && size < block_bytes[family])))
		return -EBADMSG;
	size += FIXED_BYTES;
	if (size > PROXY_HEADER_MAX)
		return -EMSGSIZE;
	if (length < size)
		return 0;
	*ret_ends = (struct proxy_ends){0};
	if (command == COMMAND_PROXY && kind == KIND_STREAM && family) {
		const size_t one = address_bytes[family];

		take_address(family, block, block + 2 * one, &ret_ends->client);
		take_address(family, block + one, block + 2 * one + 2,
		    &ret_ends->dialled);
	}
	return (ssize_t)size;
}

ssize_t proxy_header_parse(
    const char *bytes, size_t length, struct proxy_ends *ret_ends)
{
	if (begin_with(bytes, length, line_start, BYTES_OF(line_start)))
		return length < BYTES_OF(line_start)
			   ? 0
			   : parse_line(bytes, length, ret_ends);
	if (begin_with(bytes, length, signature, BYTES_OF(signature)))
		return parse_block(bytes, length, ret_ends);
	return -ENOMSG;
}

static bool is_v4(const struct address *address)
{
	return address->any.sa_family == AF_INET ||
	       IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
}

static enum family family_of(const struct proxy_ends *ends)
{
	const struct address *client = &ends->client;
	const struct address *dialled = &ends->dialled;

	if (address_is_inet(client) && address_is_inet(dialled))
		return is_v4(client) && is_v4(dialled) ? FAMILY_INET
						       : FAMILY_INET6;
	if (client->length && client->any.sa_family == AF_UNIX &&
	    dialled->length && dialled->any.sa_family == AF_UNIX)
		return FAMILY_UNIX;
	return FAMILY_UNSPEC;
}

/* Without the brackets and the scope that address_add_ip_to() has. */
static void add_ip(
    const struct address *address, enum family family, struct text *text)
{
	TEXT(ip, 80);

	address_add_ip_to(address, &ip);
	if (ip.start[0] == '[') {
		text_add_bytes(text, ip.start + 1, strcspn(ip.start + 1, "%]"));
		return;
	}
	if (family == FAMILY_INET6)
		text_add(text, "::ffff:");
	text_add(text, ip.start);
}

static size_t write_line(
    const struct proxy_ends *ends, enum family family, char *ret_bytes)
{
	struct text line = {0, PROXY_HEADER_WRITTEN_MAX, ret_bytes};

	text_add(&line, line_start);
	if (family != FAMILY_INET && family != FAMILY_INET6) {
		text_add(&line, "UNKNOWN\r\n");
		return line.length;
	}
	text_add(&line, family == FAMILY_INET ? "TCP4 " : "TCP6 ");
	add_ip(&ends->client, family, &line);
	text_add_char(&line, ' ');
	add_ip(&ends->dialled, family, &line);
	text_add_char(&line, ' ');
	text_add_number(&line, ntohs(ends->client.v4.sin_port));
	text_add_char(&line, ' ');
	text_add_number(&line, ntohs(ends->dialled.v4.sin_port));
	text_add(&line, "\r\n");
	return line.length;
}

/* To places that are zero. */
static void put_address(
    const struct address *address, enum family family, char *bytes, char *port)
{
	const struct in6_addr *six = &address->v6.sin6_addr;
	const bool is_six = address->any.sa_family == AF_INET6;

	if (family == FAMILY_UNIX) {
		memcpy(bytes, address->local.sun_path,
		    address->length - offsetof(struct sockaddr_un, sun_path));
		return;
	}
	memcpy(port, &address->v4.sin_port, 2);
	if (family == FAMILY_INET) {
		memcpy(bytes,
		    is_six ? (const void *)&six->s6_addr[12]
			   : (const void *)&address->v4.sin_addr,
		    4);
	} else if (is_six) {
		memcpy(bytes, six, 16);
	} else {
		bytes[10] = bytes[11] = (char)0xff;
		memcpy(bytes + 12, &address->v4.sin_addr, 4);
	}
}

static size_t write_block(const struct proxy_ends *ends, enum family family,
    uint8_t byte, char *ret_bytes)
{
	const size_t one = address_bytes[family];
	const size_t size = block_bytes[family] + TLV_BYTES;
	char *block = ret_bytes + FIXED_BYTES;
	char *tlv = block + block_bytes[family];
	uint8_t *fixed = (uint8_t *)ret_bytes + BYTES_OF(signature);

	memset(ret_bytes, 0, FIXED_BYTES + size);
	memcpy(ret_bytes, signature, BYTES_OF(signature));
	fixed[0] = VERSION_2 | COMMAND_PROXY;
	fixed[1] = (uint8_t)(family << 4 | (family ? KIND_STREAM : 0));
	fixed[3] = (uint8_t)size;
	if (family) {
		put_address(&ends->client, family, block, block + 2 * one);
		put_address(
		    &ends->dialled, family, block + one, block + 2 * one + 2);
	}
	tlv[0] = (char)TLV_BYTE;
	tlv[2] = 1;
	tlv[3] = (char)byte;
	return FIXED_BYTES + size;
}

size_t proxy_header_write(enum proxy_protocol version,
    const struct proxy_ends *ends, uint8_t byte,
    char ret_bytes[PROXY_HEADER_WRITTEN_MAX])
{
	const enum family family = family_of(ends);

	return version == PROXY_PROTOCOL_V1
		   ? write_line(ends, family, ret_bytes)
		   : write_block(ends, family, byte, ret_bytes);
}
