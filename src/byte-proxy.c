/* SPDX-License-Identifier: MIT */
/*
 * byte-proxy: routes a TCP connection by the first byte that the client sends.
 * Which way in this is, and the exit status; the way of a connection itself is
 * in connection/serve.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/config.h"
#include "config/help.h"
#include "config/show.h"
#include "connection/confine.h"
#include "connection/inherited.h"
#include "connection/serve.h"
#include "large.h"
#include "listen/listen.h"
#include "privileges.h"
#include "record/journal.h"
#include "record/log.h"
#include "title.h"
#include "version.h"
#include "wait.h"

static struct config config LARGE_FIRST;
static struct config spare_config LARGE;

/* What the client did is no failure of ours (sysexits.h(3head)). */
static int status_of(enum result result)
{
	switch (result) {
	case RESULT_CONNECT_FAILED:
	case RESULT_CONNECT_TIMEOUT:
		return EX_UNAVAILABLE;
	case RESULT_SYSTEM_ERROR:
		return EX_OSERR;
	case RESULT_SOURCE_LIMIT: /* for the listener, which counts these */
		return EX_TEMPFAIL;
	default:
		return EX_OK;
	}
}

static int refuse(int status, const char *what, const char *why)
{
	TEXT(line, 1024);

	text_add_all(&line, what, ": ", why, NULL);
	log_refusal(line.start);
	return status;
}

/* Prints for --help, --version and --check, but never to a client. */
static int print(const struct text *text, enum option_id action)
{
	struct stat status;
	size_t at = 0;
	TEXT(name, 24);

	text_add_all(&name, "--", options[action].name, NULL);
	if (fstat(STDOUT_FILENO, &status) == 0 && S_ISSOCK(status.st_mode) &&
	    !journal_is_behind(STDOUT_FILENO))
		return refuse(EX_USAGE, name.start,
		    "standard output may be a connection");
	while (at < text->length) {
		ssize_t n =
		    write(STDOUT_FILENO, text->start + at, text->length - at);

		if (n < 0)
			return refuse(
			    EX_OSERR, "standard output", strerror(errno));
		at += (size_t)n;
	}
	return EX_OK;
}

static int act(enum option_id action)
{
	static char buffer[2 * CONFIG_MEMORY_BYTES] LARGE;
	struct text text = {0, sizeof(buffer), buffer};

	if (action == OPTION_HELP)
		help_add_to(&text);
	else if (action == OPTION_VERSION)
		text_add(&text, "byte-proxy " VERSION "\n");
	else
		config_add_to(&config, &text);
	return print(&text, action);
}

/* --user; the status of what is wrong with it, or EX_OK. */
static int become_user(void)
{
	const char *user = config.settings.user;
	TEXT(what, 64);
	int r;

	if (!user)
		return EX_OK;
	r = privileges_become(
	    user, config.settings.transparent || config.settings.mark);
	if (r == 0)
		return EX_OK;
	text_add_all(&what, "--user ", user, NULL);
	return refuse(r == -ESRCH ? EX_CONFIG : EX_OSERR, what.start,
	    r == -ESRCH ? "there is no such user" : strerror(-r));
}

static int serve_inherited(struct inherited *inherited)
{
	struct client client;
	int status, r;

	r = wait_setup(WAIT_HANDLER);
	if (r < 0)
		return refuse(EX_OSERR, "signals", strerror(-r));
	r = inherited_settle(inherited);
	if (r < 0)
		return refuse(EX_OSERR, "/dev/null", strerror(-r));
	status = become_user();
	if (status != EX_OK)
		return status;
	r = client_inherited(inherited, config.settings.log_address, &client);
	return status_of(
	    r < 0 ? serve_nobody(&client, r) : serve(&config, &client));
}

static int refuse_bind(int error)
{
	const struct address *address = &config.settings.listen_address;
	TEXT(what, 128);

	if (address->length) {
		text_add(&what, "--listen-address ");
		address_add_ip_to(address, &what);
		text_add_char(&what, ' ');
	}
	text_add(&what, "--listen-port ");
	text_add_number(&what, config.settings.listen_port);
	return refuse(EX_OSERR, what.start, strerror(error));
}

static int listen_and_serve(struct inherited *inherited, int argc, char *argv[])
{
	const struct listen_reload reload = {argc, argv, &spare_config};
	const bool bound = inherited->kind != INHERITED_LISTENERS;
	const enum listen_owner owner = bound ? LISTEN_OURS
					: inherited->by_listen_fds
					    ? LISTEN_OF_MANAGER
					    : LISTEN_OF_OTHER;
	const struct config *accepted_by;
	/* In a page that each handler has anyway, and not on the stack. */
	static struct client client;
	struct sockets sockets = {0};
	const char *why;
	int status, r;

	r = wait_setup(WAIT_LISTENER);
	if (r < 0)
		return refuse(EX_OSERR, "signals", strerror(-r));
	r = inherited_settle(inherited);
	if (r < 0)
		return refuse(EX_OSERR, "/dev/null", strerror(-r));
	if (bound) {
		r = sockets_bind(&config.settings, &sockets);
		if (r < 0)
			return refuse_bind(-r);
	} else {
		sockets_inherit(inherited, &config.settings, &sockets);
	}
	status = become_user();
	if (status != EX_OK)
		return status;
	why = confine_listener(&config.settings);
	if (why)
		return refuse(EX_OSERR, "--confine require", why);
	switch (listen_run(
	    &sockets, owner, &config, &reload, &client, &accepted_by)) {
	case LISTEN_CONNECTION:
		return status_of(serve(accepted_by, &client));
	case LISTEN_REFUSED:
		return status_of(serve_refused(&client));
	case LISTEN_DRAINED:
		return EX_OK;
	default:
		return EX_OSERR;
	}
}

/*
 * Loads the configuration. Returns EX_OK, or what to exit with, having said
 * why. (Apart from main(), so that the line is off the stack when it serves.)
 */
static __attribute__((noinline)) int load(int argc, char *argv[])
{
	enum config_verdict verdict;
	TEXT(why, 1024);

	verdict = config_load(argc, argv, environ, &config, &why);
	if (verdict == CONFIG_GOOD)
		return EX_OK;
	log_refusal(why.start);
	/* To --check the arguments are a configuration to judge. */
	if (verdict == CONFIG_BAD || config.action == OPTION_CHECK)
		return EX_CONFIG;
	return EX_USAGE;
}

int main(int argc, char *argv[])
{
	const struct settings *settings = &config.settings;
	struct inherited inherited;
	const char *why_not;
	int status, r;

	title_init(argc, argv);
	r = inherited_secure_stdio(&inherited);
	log_allow_stderr(
	    !inherited.stderr_is_client && !inherited.stderr_was_closed);
	log_choose(LOG_TO_AUTO, false);
	if (r < 0)
		return refuse(
		    EX_OSERR, "standard input, output, error", strerror(-r));
	status = load(argc, argv);
	if (status != EX_OK)
		return status;
	if (config.action != OPTION_MAP)
		return act(config.action);

	if (!config.listen_port_argument &&
	    inherited_find(&inherited, &why_not) < 0) {
		log_refusal(why_not);
		return EX_CONFIG;
	}
	log_choose(settings->log_to, settings->debug);
	if (inherited.kind == INHERITED_CONNECTION)
		return serve_inherited(&inherited);
	return listen_and_serve(&inherited, argc, argv);
}
