/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../fd.h"
#include "../privileges.h"
#include "../record/log.h"
#include "confine.h"
#include "confine_filter.h"

/* Of either compiler, or as the Makefile says. Only this place knows of it. */
#if defined(__SANITIZE_ADDRESS__) || defined(INSTRUMENTED)
#define WITH_INSTRUMENTS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_INSTRUMENTS true
#endif
#endif
#ifndef WITH_INSTRUMENTS
#define WITH_INSTRUMENTS false
#endif

/* Above standard error: both ends, the log, two pipes; and to spare. */
#define RELAY_DESCRIPTORS 16

/* landlock(7), here as they are today; the headers may be older. */
struct ruleset {
	uint64_t files, tcp, scopes;
};
struct beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));
#define READ_FILES    (UINT64_C(1) << 2 | UINT64_C(1) << 3)
#define TCP_BIND      UINT64_C(1)
#define SCOPE_SIGNALS (UINT64_C(1) << 1)
#define RULE_BENEATH  1
#define RULE_PORT     2

/* All that can be denied, from the newest version on. */
static const struct version {
	struct ruleset all;
	size_t bytes;
} versions[] = {
    {{0xffff, 3, 3}, 24}, /* 6: signals and abstract unix sockets */
    {{0xffff, 3, 0}, 16}, /* 5: ioctl() of devices */
    {{0x7fff, 3, 0}, 16}, /* 4: TCP */
    {{0x7fff, 0, 0}, 8},  /* 3: truncation */
    {{0x3fff, 0, 0}, 8},  /* 2: moves from one directory to another */
    {{0x1fff, 0, 0}, 8},  /* 1 */
};
#define VERSIONS (sizeof(versions) / sizeof(*versions))

/* What a listener found out is known to its handlers. */
static unsigned version;
static bool is_serving;
static bool tcp_is_denied;
static bool has_kept_capabilities; /* whatever was reloaded since */

/* Capabilities are kept up to the connect(). */
static bool keeps_capabilities(const struct settings *settings)
{
	return has_kept_capabilities || settings->transparent || settings->mark;
}

/* Of what the version can deny, `wanted`. Returns its descriptor. */
static int create_ruleset(const struct ruleset *wanted)
{
	for (;;) {
		const struct version *try = &versions[version];
		const struct ruleset ruleset = {try->all.files & wanted->files,
		    try->all.tcp & wanted->tcp,
		    try->all.scopes & wanted->scopes};
		int fd = (int)syscall(
		    SYS_landlock_create_ruleset, &ruleset, try->bytes, 0);

		if (fd >= 0)
			return fd;
		/* It knows no member of that place, or not all of its bits. */
		if ((errno != E2BIG && errno != EINVAL) ||
		    version + 1 == VERSIONS)
			return -errno;
		version++;
	}
}

/* To read files; and from an address of ours to connect, at any port. */
static int allow_serving(int ruleset)
{
	/* access_attr, port */
	const uint64_t any_port[] = {TCP_BIND, 0};
	int root CLEANUP_FD = open("/", O_PATH | O_CLOEXEC);
	const struct beneath rule = {READ_FILES, root};

	if (root < 0 ||
	    syscall(SYS_landlock_add_rule, ruleset, RULE_BENEATH, &rule, 0) < 0)
		return -errno;
	/* Where TCP is not denied there is no such rule, nor any need. */
	syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, any_port, 0);
	return 0;
}

static int restrict_to(const struct ruleset *denied, bool serving)
{
	int r = 0;
	int ruleset CLEANUP_FD = create_ruleset(denied);

	if (ruleset < 0)
		return ruleset;
	if (serving)
		r = allow_serving(ruleset);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}

/* Returns why this cannot be gone on with, or NULL. */
static const char *lacks(enum confine_how how, const char *what, int error)
{
	if (how == CONFINE_REQUIRE)
		return what;
	log_debug(
	    "not confined", "since", what, "error", strerror(-error), NULL);
	return NULL;
}

static const char *enter_serving(const struct settings *settings)
{
	const enum confine_how how = settings->confine;
	/* Targets may be abstract sockets, and at any port. */
	static const struct ruleset denied = {
	    UINT64_MAX, TCP_BIND, SCOPE_SIGNALS};
	const char *why = NULL;
	int r;

	if (!keeps_capabilities(settings))
		privileges_drop();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	r = restrict_to(&denied, true);
	if (r < 0)
		why = lacks(how, "this kernel has no Landlock", r);
	r = why ? 0 : confine_filter_serving();
	if (r < 0)
		why = lacks(how, "this kernel has no seccomp filters", r);
	is_serving = true;
	return why;
}

/*
 * No RLIMIT_CORE: what cannot be dumped leaves no core either. No RLIMIT_FSIZE:
 * standard output and error may be files, and no others can be opened.
 */
static void limit(int resource, rlim_t most)
{
	const struct rlimit limit = {most, most};

	setrlimit(resource, &limit);
}

static const char *enter_relaying(const struct settings *settings)
{
	const enum confine_how how = settings->confine;
	static const struct ruleset denied = {
	    UINT64_MAX, UINT64_MAX, UINT64_MAX};
	const char *why = NULL;
	int r;

	if (!is_serving) {
		privileges_drop();
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	}
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_NOFILE, RELAY_DESCRIPTORS);
	log_prepare();
	r = restrict_to(&denied, false);
	if (r < 0)
		why = lacks(how, "this kernel has no Landlock", r);
	tcp_is_denied = r == 0 && versions[version].all.tcp;
	r = why ? 0 : confine_filter_relaying(confine_reset_length());
	if (r < 0)
		why = lacks(how, "this kernel has no seccomp filters", r);
	return why;
}

static const char *enter(const struct settings *settings,
    const char *(*stage)(const struct settings *settings))
{
	if (settings->confine == CONFINE_OFF)
		return NULL;
	if (WITH_INSTRUMENTS)
		return lacks(settings->confine,
		    "built with sanitizers or other instruments", -ENOTSUP);
	return stage(settings);
}

const char *confine_listener(const struct settings *settings)
{
	const bool confines =
	    settings->confine != CONFINE_OFF && !WITH_INSTRUMENTS;

	has_kept_capabilities = keeps_capabilities(settings);
	if (confines)
		privileges_drop_bounding_set();
	if (confines && has_kept_capabilities)
		privileges_drop_to_network();
	return enter(settings, enter_serving);
}

void confine_resolver(const struct settings *settings)
{
	if (keeps_capabilities(settings))
		privileges_drop();
	if (!is_serving)
		enter(settings, enter_serving);
}

const char *confine_relay(const struct settings *settings)
{
	int r = keeps_capabilities(settings) ? privileges_drop() : 0;
	const char *why = NULL;

	if (r < 0)
		why = lacks(
		    settings->confine, "capabilities cannot be given up", r);
	return why ? why : enter(settings, enter_relaying);
}

socklen_t confine_reset_length(void)
{
	return tcp_is_denied ? sizeof(struct sockaddr) : sizeof(sa_family_t);
}
