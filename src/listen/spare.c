/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../wait.h"
#include "spare.h"
#include "trouble.h"

static void report(const struct spare *spare, int error)
{
	const struct report report = {spare->serial, error};
	struct pollfd out = {
	    .fd = spare->children->reports_out, .events = POLLOUT};
	ssize_t written;

	/*
	 * An error is told where there is room. To wait for that, with signals
	 * blocked, would be for ever if the listener dies: spares, too, have
	 * the other end.
	 */
	if (error && poll(&out, 1, 0) == 0)
		return;
	written = write(out.fd, &report, sizeof(report));
	(void)written; /* the listener is gone: SIGUSR1 tells */
}

/*
 * All but the connection: with one call where its number is above those of the
 * others, as it is but for holes that were inherited.
 */
static void close_others(const struct spare *spare, int connection)
{
	const struct sockets *sockets = spare->sockets;
	const int reports[] = {
	    spare->children->reports_in, spare->children->reports_out};
	bool above = connection > reports[0] && connection > reports[1];

	for (int i = 0; i < sockets->count; i++)
		above = above && connection > sockets->fds[i];
	if (above &&
	    syscall(SYS_close_range, STDERR_FILENO + 1, connection - 1, 0) == 0)
		return;
	for (int i = 0; i < sockets->count; i++)
		close(sockets->fds[i]);
	close(reports[0]);
	close(reports[1]);
}

int spare_wait(const struct spare *spare, struct client *ret_client)
{
	const int listener = spare->sockets->fds[spare->socket];
	struct address peer;
	int fd, off = 0;

	wait_setup_spare(spare->listener, spare->drain_timeout_ms);
	for (;;) {
		fd = wait_accept(listener, &peer);
		if (fd >= 0 || fd == -ECANCELED)
			break;
		/* Somebody else who has the socket made it non-blocking. */
		if (fd == -EAGAIN) {
			ioctl(listener, FIONBIO, &off);
			continue;
		}
		report(spare, -fd);
		if (trouble_is_for_good(-fd))
			return fd;
		/* With signals blocked: they come at the next wait. */
		if (!trouble_is_of_one_connection(-fd))
			poll(NULL, 0, TROUBLE_PAUSE_MS);
	}
	if (fd < 0)
		return fd;
	report(spare, 0);
	close_others(spare, fd);
	client_accepted(fd, &peer, spare->log_address, ret_client);
	return 0;
}
