/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "options.h"

#define AT(member)   offsetof(struct settings, member)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WORDS(kind)  ((kind)-OPTION_WORDS - 1)

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
    [OPTION_IDLE_TIMEOUT] = {"idle-timeout", "TIME",
	"without a byte either way (0: no limit)", OPTION_DURATION, GROUP_LIFE,
	AT(idle_timeout_ms), 0},
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

/* Of the kinds that are one of a few words; each as its place among them. */
static const struct words {
	char expected[48];
	char names[4][8]; /* "": no more */
} words[] = {
    [WORDS(OPTION_LOG_TO)] = {"expected auto, journal, syslog or "
			      "stderr",
	{[LOG_TO_AUTO] = "auto",
	    [LOG_TO_JOURNAL] = "journal",
	    [LOG_TO_SYSLOG] = "syslog",
	    [LOG_TO_STDERR] = "stderr"}},
    [WORDS(OPTION_CONFINE_HOW)] = {"expected try, require or off",
	{[CONFINE_TRY] = "try",
	    [CONFINE_REQUIRE] = "require",
	    [CONFINE_OFF] = "off"}},
    [WORDS(OPTION_BALANCE_HOW)] = {"expected order or random",
	{[BALANCE_ORDER] = "order", [BALANCE_RANDOM] = "random"}},
    [WORDS(OPTION_LOG_HOW)] = {"expected full, prefix or none",
	{[LOG_ADDRESS_FULL] = "full",
	    [LOG_ADDRESS_PREFIX] = "prefix",
	    [LOG_ADDRESS_NONE] = "none"}},
};
_Static_assert(COUNT(words) == WORDS(OPTION_KINDS_COUNT), "words are missing");

static const struct {
	char name[4];
	uint32_t ms;
} units[] = {{"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

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

static const char *set_duration(const char *value, uint32_t *ret_ms)
{
	static const char expected[] = "expected a time such as 10s, 500ms, "
				       "2min or 1h, at most 24 days";
	char number[12];
	size_t digits = strspn(value, "0123456789");
	uint64_t count, factor = 0;

	if (digits >= sizeof(number))
		return expected;
	memcpy(number, value, digits);
	number[digits] = '\0';
	if (!value[digits])
		factor = 1000;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(value + digits, units[i].name) == 0)
			factor = units[i].ms;
	if (!factor || text_parse_number(number, INT32_MAX, &count) < 0 ||
	    count * factor > INT32_MAX)
		return expected;
	*ret_ms = (uint32_t)(count * factor);
	return NULL;
}

/* Returns NULL, or what was expected. */
static const char *set_number(
    const char *value, uint32_t min, const char *expected, uint32_t *ret_number)
{
	uint64_t number;

	if (text_parse_number(value, 65535, &number) < 0 || number < min)
		return expected;
	*ret_number = (uint32_t)number;
	return NULL;
}

static const char *set_address(const char *value, struct address *ret_address)
{
	char plain[64];
	size_t length = strlen(value);

	if (length >= sizeof(plain))
		length = 0;
	memcpy(plain, value, length);
	plain[length] = '\0';
	if (length && plain[0] == '[' && plain[length - 1] == ']') {
		plain[length - 1] = '\0';
		memmove(plain, plain + 1, length - 1);
		if (!strchr(plain, ':'))
			plain[0] = '\0';
	}
	if (address_parse_ip(plain, 0, ret_address) < 0)
		return "expected an IPv4 or IPv6 address";
	return NULL;
}

static const struct words *words_of(const struct option *option)
{
	return &words[WORDS(option->kind)];
}

const char *option_parse_word(
    const struct option *option, const char *value, uint32_t *ret_index)
{
	const struct words *of = words_of(option);

	for (uint32_t i = 0; i < COUNT(of->names) && of->names[i][0]; i++)
		if (strcmp(value, of->names[i]) == 0) {
			*ret_index = i;
			return NULL;
		}
	return of->expected;
}

const char *option_word(const struct option *option, uint32_t index)
{
	return words_of(option)->names[index];
}

/* As ip-rule(8) writes it. */
static const char *set_mark(const char *value, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (text_parse_number(value, UINT32_MAX, &number) < 0 &&
	    text_parse_hex(value, UINT32_MAX, &number) < 0)
		return "expected a number from 0 to 4294967295 or 0xffffffff";
	*ret_number = (uint32_t)number;
	return NULL;
}

static const char *set_switch(const char *value, bool *ret_on)
{
	static const char yes[][5] = {"yes", "1", "true", "on"};
	static const char no[][6] = {"no", "0", "false", "off"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (strcmp(value, yes[i]) == 0) {
			*ret_on = true;
			return NULL;
		}
		if (strcmp(value, no[i]) == 0) {
			*ret_on = false;
			return NULL;
		}
	}
	return "expected yes or no";
}

const char *option_set(
    const struct option *option, const char *value, struct settings *settings)
{
	void *setting = place(option, settings);

	switch (option->kind) {
	case OPTION_DURATION:
		return set_duration(value, setting);
	case OPTION_COUNT:
		return set_number(
		    value, 1, "expected a number from 1 to 65535", setting);
	case OPTION_LIMIT:
		return set_number(value, 0,
		    "expected a number from 1 to 65535, or 0 for no limit",
		    setting);
	case OPTION_NUMBER:
		return set_mark(value, setting);
	case OPTION_PORT:
		return set_number(value, 0,
		    "expected a port from 1 to 65535, or 0 for any", setting);
	case OPTION_ADDRESS:
		return set_address(value, setting);
	case OPTION_SWITCH:
		return set_switch(value, setting);
	case OPTION_PATH:
		if (!*value)
			return "expected the path of a file";
		*(const char **)setting = value;
		return NULL;
	case OPTION_USER_NAME:
		if (!*value)
			return "expected the name or the number of a user";
		*(const char **)setting = value;
		return NULL;
	case OPTION_LOG_TO:
	case OPTION_CONFINE_HOW:
	case OPTION_BALANCE_HOW:
	case OPTION_LOG_HOW:
		return option_parse_word(option, value, setting);
	default:
		return "not a setting";
	}
}

static void add_duration(uint32_t ms, struct text *text)
{
	size_t unit = 0;

	while (ms % units[unit].ms)
		unit++;
	if (ms == 0)
		unit = 2;
	text_add_number(text, ms / units[unit].ms);
	text_add(text, units[unit].name);
}

static void add_value(
    const struct option *option, const void *setting, struct text *text)
{
	const struct address *address = setting;
	const char *path;

	switch (option->kind) {
	case OPTION_DURATION:
		add_duration(*(const uint32_t *)setting, text);
		break;
	case OPTION_LOG_TO:
	case OPTION_CONFINE_HOW:
	case OPTION_BALANCE_HOW:
	case OPTION_LOG_HOW:
		text_add(text, option_word(option, *(const uint32_t *)setting));
		break;
	case OPTION_SWITCH:
		text_add(text, *(const bool *)setting ? "yes" : "no");
		break;
	case OPTION_PATH:
	case OPTION_USER_NAME:
		path = *(const char *const *)setting;
		text_add(text, path ? path : "");
		break;
	case OPTION_ADDRESS:
		if (address->length)
			address_add_ip_to(address, text);
		else if (option == &options[OPTION_LISTEN_ADDRESS])
			text_add_char(text, '*');
		break;
	default:
		text_add_number(text, *(const uint32_t *)setting);
	}
}

void option_add_settings(const struct settings *settings, struct text *text)
{
	for (const struct option *o = options; o < options + OPTIONS_COUNT;
	     o++) {
		if (o->kind == OPTION_ROUTE || o->kind == OPTION_ACTION)
			continue;
		text_add_all(text, o->name, "=", NULL);
		add_value(o, (const char *)settings + o->setting, text);
		text_add_char(text, '\n');
	}
}
