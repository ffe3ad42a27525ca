/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "target.h"

static const char *parse_port(const char *text, uint16_t *ret_port)
{
	static const char range[] = "expected a port from 1 to 65535";
	const struct servent *service;
	uint64_t number;
	int r;

	if (!*text)
		return "expected a port after the host";
	r = text_parse_number(text, 65535, &number);
	if (r == -ERANGE || (r == 0 && number == 0))
		return range;
	if (r == 0) {
		*ret_port = (uint16_t)number;
		return NULL;
	}
	service = getservbyname(text, "tcp");
	if (!service)
		return "expected a port number or the name of a TCP service";
	*ret_port = ntohs((uint16_t)service->s_port);
	return NULL;
}

/* Whether a resolver would take the last label for a part of an address. */
static bool ends_in_number(const char *host)
{
	const char *last = strrchr(host, '.');
	size_t digits;

	last = last ? last + 1 : host;
	digits = strspn(last, "0123456789");
	if (digits == 1 && *last == '0' && (last[1] == 'x' || last[1] == 'X'))
		digits = 2 + strspn(last + 2, "0123456789abcdefABCDEF");
	return *last && !last[digits];
}

/* Labels are not empty and have '-' only inside; one "." at the end is fine. */
static bool has_bad_label(const char *host)
{
	for (const char *label = host; *label;) {
		size_t length = strcspn(label, ".");

		if (!length || *label == '-' || label[length - 1] == '-')
			return true;
		label += length;
		label += *label == '.';
	}
	return false;
}

/* RFC 1123, 2.1, and the underscore that many networks use. */
static const char *check_name(const char *host)
{
	if (!*host)
		return "expected a host before the port";
	if (strlen(host) > 253)
		return "expected a host name of at most 253 characters";
	if (ends_in_number(host))
		return "expected an IPv4 address of four numbers up to 255";
	if (host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] ||
	    has_bad_label(host))
		return "expected a host name of letters, digits, '-', '.', "
		       "'_', or an IPv6 address in brackets";
	return NULL;
}

static const char *parse_bracketed(char *copy, struct target *target)
{
	const char *why;
	char *end = strchr(copy, ']');

	if (!end || end[1] != ':')
		return "expected [IPv6 address]:port";
	*end = '\0';
	why = parse_port(end + 2, &target->port);
	if (why)
		return why;
	if (!strchr(copy, ':') ||
	    address_parse_ip(copy + 1, target->port, &target->address) < 0)
		return "expected an IPv6 address within the brackets, and "
		       "behind % an interface that there is";
	return NULL;
}

static const char *parse_host_port(char *copy, struct target *target)
{
	const char *why;
	char *colon = strrchr(copy, ':');

	if (!colon)
		return "expected host:port, [IPv6 address]:port, unix:/path or "
		       "unix:@name";
	*colon = '\0';
	if (strchr(copy, ':'))
		return "expected one host:port (an IPv6 address stands in "
		       "brackets)";
	why = parse_port(colon + 1, &target->port);
	if (why)
		return why;
	if (address_parse_ip(copy, target->port, &target->address) == 0)
		return NULL;
	target->host = copy;
	return check_name(copy);
}

const char *target_parse(
    const char *text, char *copy, struct target *ret_target)
{
	struct target target = {.text = text};
	const char *why = NULL;

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return "expected a target without blanks and control "
			       "characters";
	if (strncmp(copy, "unix:", 5) == 0) {
		if (address_parse_unix(copy + 5, &target.address) < 0)
			why = "expected unix:/path or unix:@name of at most "
			      "107 bytes";
	} else if (*copy == '[') {
		why = parse_bracketed(copy, &target);
	} else {
		why = parse_host_port(copy, &target);
	}
	if (!why)
		*ret_target = target;
	return why;
}
