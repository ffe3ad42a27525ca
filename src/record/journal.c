/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../address.h"
#include "../fd.h"
#include "journal.h"

/* The variable is "8:1234", device and inode. */
bool journal_is_behind(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	TEXT(expected, 48);

	if (!stream || fstat(fd, &status) < 0)
		return false;
	text_add_number(&expected, status.st_dev);
	text_add_char(&expected, ':');
	text_add_number(&expected, status.st_ino);
	return strcmp(stream, expected.start) == 0;
}

void journal_add(
    struct text *entry, const char *prefix, const char *key, const char *value)
{
	text_add(entry, prefix);
	for (; *key; key++) {
		bool lower = *key >= 'a' && *key <= 'z';

		text_add_char(entry, (char)(*key - (lower ? 'a' - 'A' : 0)));
	}
	text_add_char(entry, '=');
	text_add_printable(entry, value);
	text_add_char(entry, '\n');
}

static int datagram_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int journal_send(const char *path, const char *bytes, size_t length)
{
	struct address address;
	int fd CLEANUP_FD = datagram_socket();

	if (fd < 0)
		return fd;
	if (address_parse_unix(path, &address) < 0)
		return -EINVAL;
	if (sendto(fd, bytes, length, MSG_NOSIGNAL, &address.any,
		address.length) < 0)
		return -errno;
	return 0;
}

int journal_connect(const char *path)
{
	struct address address;
	int fd CLEANUP_FD = datagram_socket();

	if (fd < 0)
		return fd;
	if (address_parse_unix(path, &address) < 0)
		return -EINVAL;
	if (connect(fd, &address.any, address.length) < 0)
		return -errno;
	return fd_take(&fd);
}
