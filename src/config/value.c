/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "options.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WORDS(kind)  ((kind)-OPTION_WORDS - 1)

/* What Linux takes (tcp(7), TCP_KEEPIDLE in seconds, TCP_KEEPCNT). */
#define KEEPALIVE_MAX_MS 32767000
#define PROBES_MAX       127

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
    [WORDS(OPTION_PROXY_VERSION)] = {"expected off, v1 or v2",
	{[PROXY_PROTOCOL_OFF] = "off",
	    [PROXY_PROTOCOL_V1] = "v1",
	    [PROXY_PROTOCOL_V2] = "v2"}},
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

static const char *set_seconds(const char *value, uint32_t *ret_ms)
{
	uint32_t ms;

	if (set_duration(value, &ms) || ms % 1000 || ms > KEEPALIVE_MAX_MS)
		return "expected a time of whole seconds such as 60s or 2min, "
		       "at most 32767s";
	*ret_ms = ms;
	return NULL;
}

static const char *set_number(const char *value, uint32_t min, uint32_t max,
    const char *expected, uint32_t *ret_number)
{
	uint64_t number;

	if (text_parse_number(value, max, &number) < 0 || number < min)
		return expected;
	*ret_number = (uint32_t)number;
	return NULL;
}

/* An IPv4 address in an IPv6 one is an IPv4 address. */
static const char *set_address(const char *value, struct address *ret_address)
{
	struct address address;
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
	if (address_parse_ip(plain, 0, &address) < 0)
		return "expected an IPv4 or IPv6 address";
	address_unmap(&address, ret_address);
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
	void *setting = (char *)settings + option->setting;

	switch (option->kind) {
	case OPTION_DURATION:
		return set_duration(value, setting);
	case OPTION_SECONDS:
		return set_seconds(value, setting);
	case OPTION_PROBES:
		return set_number(value, 0, PROBES_MAX,
		    "expected a number from 1 to 127, or 0 for the kernel's",
		    setting);
	case OPTION_COUNT:
		return set_number(value, 1, 65535,
		    "expected a number from 1 to 65535", setting);
	case OPTION_LIMIT:
		return set_number(value, 0, 65535,
		    "expected a number from 1 to 65535, or 0 for no limit",
		    setting);
	case OPTION_NUMBER:
		return set_mark(value, setting);
	case OPTION_PORT:
		return set_number(value, 0, 65535,
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
	case OPTION_PROXY_VERSION:
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

void option_add_value(
    const struct option *option, const void *setting, struct text *text)
{
	const struct address *address = setting;
	const char *path;

	switch (option->kind) {
	case OPTION_DURATION:
	case OPTION_SECONDS:
		add_duration(*(const uint32_t *)setting, text);
		break;
	case OPTION_LOG_TO:
	case OPTION_CONFINE_HOW:
	case OPTION_BALANCE_HOW:
	case OPTION_PROXY_VERSION:
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
