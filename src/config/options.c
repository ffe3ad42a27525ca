/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "options.h"

#define AT(member) offsetof(struct settings, member)

const struct option options[OPTIONS_COUNT] = {
    [OPTION_MAP] = {"map", "BYTE=TARGET",
	"a route: strip BYTE and connect to TARGET", OPTION_ROUTE, GROUP_ROUTES,
	0, 0},
    [OPTION_MAP_KEEP] = {"map-keep", "BYTE=TARGET",
	"a route that forwards BYTE too", OPTION_ROUTE, GROUP_ROUTES, 0, 0},
    [OPTION_ENV_FILE] = {"env-file", "FILE",
	"read variables (the names are below) from FILE", OPTION_PATH,
	GROUP_ROUTES, AT(env_file), 0},
    [OPTION_FIRST_BYTE_TIMEOUT] = {"first-byte-timeout", "TIME",
	"for the client to send its first byte (10s)", OPTION_DURATION,
	GROUP_CLIENT, AT(first_byte_timeout_ms), 10000},
    [OPTION_ACCEPT_PROXY] = {"accept-proxy", "",
	"a PROXY header comes first, and names the client", OPTION_SWITCH,
	GROUP_CLIENT, AT(accept_proxy), 0},
    [OPTION_CONNECT_TIMEOUT] = {"connect-timeout", "TIME",
	"for resolving and connecting together (5s)", OPTION_DURATION,
	GROUP_TARGET, AT(connect_timeout_ms), 5000},
    [OPTION_CONNECT_RETRY] = {"connect-retry", "",
	"go on while a target refuses, until that time", OPTION_SWITCH,
	GROUP_TARGET, AT(connect_retry), 0},
    [OPTION_BALANCE] = {"balance", "HOW",
	"order or random: of several targets (order)", OPTION_BALANCE_HOW,
	GROUP_TARGET, AT(balance), BALANCE_ORDER},
    [OPTION_SOURCE] = {"source", "IP", "connect from this address",
	OPTION_ADDRESS, GROUP_TARGET, AT(source), 0},
    [OPTION_TRANSPARENT] = {"transparent", "",
	"connect from the client's address (CAP_NET_RAW)", OPTION_SWITCH,
	GROUP_TARGET, AT(transparent), 0},
    [OPTION_MARK] = {"mark", "N", "mark packets to targets (CAP_NET_ADMIN)",
	OPTION_NUMBER, GROUP_TARGET, AT(mark), 0},
    [OPTION_PROXY_PROTOCOL] = {"proxy-protocol", "VERSION",
	"off, v1 or v2: tell it who the client is (off)", OPTION_PROXY_VERSION,
	GROUP_TARGET, AT(proxy_protocol), PROXY_PROTOCOL_OFF},
    [OPTION_IDLE_TIMEOUT] = {"idle-timeout", "TIME",
	"without a byte either way (0: no limit)", OPTION_DURATION, GROUP_LIFE,
	AT(idle_timeout_ms), 0},
    [OPTION_HALF_CLOSED_TIMEOUT] = {"half-closed-timeout", "TIME",
	"the same once one end has finished (0: no limit)", OPTION_DURATION,
	GROUP_LIFE, AT(half_closed_timeout_ms), 0},
    [OPTION_KEEPALIVE] = {"keepalive", "TIME",
	"idle, then a probe: is it there? (0: the kernel's)", OPTION_SECONDS,
	GROUP_LIFE, AT(keepalive_ms), 0},
    [OPTION_KEEPALIVE_INTERVAL] = {"keepalive-interval", "TIME",
	"until the next probe (0: the kernel's)", OPTION_SECONDS, GROUP_LIFE,
	AT(keepalive_interval_ms), 0},
    [OPTION_KEEPALIVE_PROBES] = {"keepalive-probes", "N",
	"so many without an answer end it (0: the kernel's)", OPTION_PROBES,
	GROUP_LIFE, AT(keepalive_probes), 0},
    [OPTION_USER_TIMEOUT] = {"user-timeout", "TIME",
	"for an end to take what was sent (0: the kernel's)", OPTION_DURATION,
	GROUP_LIFE, AT(user_timeout_ms), 0},
    [OPTION_DRAIN_TIMEOUT] = {"drain-timeout", "TIME",
	"for connections to end after SIGTERM (10s)", OPTION_DURATION,
	GROUP_LIFE, AT(drain_timeout_ms), 10000},
    [OPTION_LISTEN_PORT] = {"listen-port", "PORT",
	"bind this port, whatever was handed over (9092)", OPTION_PORT,
	GROUP_LISTENER, AT(listen_port), 9092},
    [OPTION_LISTEN_ADDRESS] = {"listen-address", "IP",
	"bind this address only (every IPv6 and IPv4 one)", OPTION_ADDRESS,
	GROUP_LISTENER, AT(listen_address), 0},
    [OPTION_MAX_CONNECTIONS] = {"max-connections", "N",
	"so many at once; others wait in the kernel (4096)", OPTION_COUNT,
	GROUP_LISTENER, AT(max_connections), 4096},
    [OPTION_MAX_CONNECTIONS_PER_SOURCE] = {"max-connections-per-source", "N",
	"of one IPv4 address or IPv6 /64 (0)", OPTION_LIMIT, GROUP_LISTENER,
	AT(max_connections_per_source), 0},
    [OPTION_USER] = {"user", "USER",
	"become this user before a client is heard (stay)", OPTION_USER_NAME,
	GROUP_PROCESS, AT(user), 0},
    [OPTION_CONFINE] = {"confine", "HOW",
	"try, require or off: a sandbox of its own (try)", OPTION_CONFINE_HOW,
	GROUP_PROCESS, AT(confine), CONFINE_TRY},
    [OPTION_LOG] = {"log", "WHERE", "auto, journal, syslog or stderr (auto)",
	OPTION_LOG_TO, GROUP_PROCESS, AT(log_to), LOG_TO_AUTO},
    [OPTION_LOG_ADDRESS] = {"log-address", "HOW",
	"full, prefix or none: of clients' addresses (full)", OPTION_LOG_HOW,
	GROUP_PROCESS, AT(log_address), LOG_ADDRESS_FULL},
    [OPTION_DEBUG] = {"debug", "", "log each step too", OPTION_SWITCH,
	GROUP_PROCESS, AT(debug), 0},
    [OPTION_CHECK] = {"check", "",
	"print routes and settings, exit 0, or 78 if bad", OPTION_ACTION,
	GROUP_ACTIONS, 0, 0},
    [OPTION_HELP] = {"help", "", "print this", OPTION_ACTION, GROUP_ACTIONS, 0,
	0},
    [OPTION_VERSION] = {"version", "", "print the version", OPTION_ACTION,
	GROUP_ACTIONS, 0, 0},
};

const struct option *option_by_argument(const char *name, size_t length)
{
	for (const struct option *o = options; o < options + OPTIONS_COUNT; o++)
		if (strlen(o->name) == length &&
		    memcmp(o->name, name, length) == 0)
			return o;
	return NULL;
}

char option_in_variable(char c)
{
	if (c == '-')
		return '_';
	return (char)(c - ('a' - 'A'));
}

static bool is_variable(
    const struct option *option, const char *name, size_t length)
{
	if (strlen(option->name) != length || option->kind == OPTION_ACTION)
		return false;
	for (size_t i = 0; i < length; i++)
		if (option_in_variable(option->name[i]) != name[i])
			return false;
	return true;
}

const struct option *option_by_variable(const char *name, size_t length)
{
	for (const struct option *o = options; o < options + OPTIONS_COUNT; o++)
		if (is_variable(o, name, length))
			return o;
	return NULL;
}

static void *place(const struct option *option, struct settings *settings)
{
	return (char *)settings + option->setting;
}

void option_defaults(struct settings *ret_settings)
{
	memset(ret_settings, 0, sizeof(*ret_settings));
	for (const struct option *o = options; o < options + OPTIONS_COUNT; o++)
		if (o->initial)
			*(uint32_t *)place(o, ret_settings) = o->initial;
}

void option_add_settings(const struct settings *settings, struct text *text)
{
	for (const struct option *o = options; o < options + OPTIONS_COUNT;
	     o++) {
		if (o->kind == OPTION_ROUTE || o->kind == OPTION_ACTION)
			continue;
		text_add_all(text, o->name, "=", NULL);
		option_add_value(o, (const char *)settings + o->setting, text);
		text_add_char(text, '\n');
	}
}
