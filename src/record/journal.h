/* SPDX-License-Identifier: MIT */
/*
 * The journal's native protocol: one datagram of NAME=value lines to a socket
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). Written by hand since loading
 * libsystemd for it cost every process more than all of its other work.
 */
#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "../text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * Whether $JOURNAL_STREAM (systemd.exec(5)) says that this descriptor is
 * connected to the journal.
 */
bool journal_is_behind(int fd);

/*
 * Adds one line: prefix and key in upper case, and the value, in which every
 * control character becomes '?' (a newline would end the field).
 */
void journal_add(
    struct text *entry, const char *prefix, const char *key, const char *value);

/*
 * Sends one datagram to the unix socket at `path`, at once or not at all: a
 * receiver that does not keep up loses messages and never holds up a
 * connection. Returns 0 or a negative errno.
 */
int journal_send(const char *path, const char *bytes, size_t length);

/* Returns a socket that sends to `path`, or a negative errno. */
int journal_connect(const char *path);

#endif
