/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../title.h"
#include "../wait.h"
#include "sources.h"
#include "spare.h"
#include "spares.h"
#include "trouble.h"

/* The listener looks as often, and it has to come to it. */
#define GIVEN_BACK_MS (3 * SPARES_LOOK_US / 1000)

static void report(const struct spare *spare, int error, uint64_t source)
{
	const struct report report = {spare->serial, error, source};
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

/*
 * Counts a connection of the source, if it may have one more. One that has just
 * ended counts until the listener has looked.
 *
 * One that has to wait reports that it is no spare any more, so that another is
 * forked for those who need not.
 *
 * Returns with the lock, which is given up when the reports' pipe is closed:
 * what is counted is reported first.
 */
static bool may_have(
    const struct spare *spare, uint64_t source, bool *ret_reported)
{
	const int lock = spare->children->reports_out;
	struct sources sources = spare->children->sources;

	sources_lock(lock);
	if (sources_take(&sources, source, spare->per_source))
		return true;
	sources_unlock(lock);
	report(spare, 0, SOURCE_NONE);
	*ret_reported = true;
	poll(NULL, 0, GIVEN_BACK_MS);
	sources_lock(lock);
	return sources_take(&sources, source, spare->per_source);
}

/* It has a connection: from here on it is a handler. */
static int take(const struct spare *spare, int fd, const struct address *peer,
    struct client *ret_client)
{
	struct sources sources = spare->children->sources;
	uint64_t source = source_of(peer);
	bool limited = spare->per_source && source != SOURCE_NONE;
	bool reported = false;
	bool refused = limited && !may_have(spare, source, &reported);

	if (!reported || !refused)
		report(spare, 0, refused ? SOURCE_NONE : source);
	close_others(spare, fd);
	sources_leave(&sources); /* also if the limit is off by now */
	client_accepted(
	    fd, peer, spare->is_tuned, spare->log_address, ret_client);
	return refused ? -EDQUOT : 0;
}

/*
 * The page of the arguments is shared with the listener until it is written
 * to. That is a fault, which is taken here, where nobody waits, so that the
 * connection's title costs none. (A name lookup may still need the
 * environment.)
 */
static void show_waiting(void)
{
	TEXT(title, 32);

	text_add(&title, "byte-proxy: waiting");
	title_set(&title);
}

int spare_wait(const struct spare *spare, struct client *ret_client)
{
	const int listener = spare->sockets->fds[spare->socket];
	struct address peer;
	bool was_short = false;
	int fd, off = 0;

	show_waiting();
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
		report(spare, -fd, SOURCE_NONE);
		if (trouble_is_for_good(-fd))
			return fd;
		/* With signals blocked: they come at the next wait. */
		if (!trouble_is_of_one_connection(-fd))
			poll(NULL, 0, TROUBLE_PAUSE_MS);
		/* Its limit is that of its fork. By now there may be more. */
		if (fd == -EMFILE && was_short)
			return fd;
		was_short = fd == -EMFILE;
	}
	if (fd < 0)
		return fd;
	return take(spare, fd, &peer, ret_client);
}
