/* SPDX-License-Identifier: MIT */
/*
 * The options. One table in options.c yields the argument parser, the names of
 * the environment variables, the help (help.h) and what --check prints.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../address.h"
#include "../text.h"

enum log_to {
	LOG_TO_AUTO,
	LOG_TO_JOURNAL,
	LOG_TO_SYSLOG,
	LOG_TO_STDERR
};

/* What becomes of a connection where the kernel cannot confine its process. */
enum confine_how {
	CONFINE_TRY,     /* it is served all the same */
	CONFINE_REQUIRE, /* it is not */
	CONFINE_OFF      /* nothing is confined at all */
};

/* In which order the targets of a route are tried. */
enum balance {
	BALANCE_ORDER, /* as they are configured */
	BALANCE_RANDOM
};

/* The header of the PROXY protocol that a target gets (proxy_header.h). */
enum proxy_protocol {
	PROXY_PROTOCOL_OFF,
	PROXY_PROTOCOL_V1,
	PROXY_PROTOCOL_V2
};

/* How much of a client's address is said. */
enum log_address {
	LOG_ADDRESS_FULL,
	LOG_ADDRESS_PREFIX, /* its network, and no port */
	LOG_ADDRESS_NONE
};

/* Durations are in milliseconds, and 0 stands for "no limit". */
struct settings {
	uint32_t first_byte_timeout_ms;
	bool accept_proxy; /* a PROXY header comes first, and has to */
	uint32_t connect_timeout_ms;
	uint32_t balance;        /* enum balance */
	bool connect_retry;      /* while a target refuses */
	bool transparent;        /* connect from the client's address */
	struct address source;   /* or from this one; length 0: any */
	uint32_t mark;           /* of packets to the target; 0: none */
	uint32_t proxy_protocol; /* enum proxy_protocol */
	uint32_t idle_timeout_ms;
	uint32_t half_closed_timeout_ms;
	uint32_t keepalive_ms;          /* here and in the next three 0 is */
	uint32_t keepalive_interval_ms; /* "what the kernel has" */
	uint32_t keepalive_probes;
	uint32_t user_timeout_ms;
	uint32_t drain_timeout_ms; /* here 0 is "at once" */
	uint32_t max_connections;
	uint32_t max_connections_per_source; /* 0: no limit */
	uint32_t listen_port;
	struct address listen_address; /* length 0: every address */
	const char *user;              /* a name or number; NULL: stay */
	uint32_t confine;              /* enum confine_how */
	const char *env_file;          /* NULL: none */
	uint32_t log_to;               /* enum log_to */
	uint32_t log_address;          /* enum log_address */
	bool debug;
};

enum option_kind {
	OPTION_ROUTE, /* BYTE=TARGET: the caller's business */
	OPTION_DURATION,
	OPTION_SECONDS, /* a duration, of whole ones */
	OPTION_COUNT,
	OPTION_NUMBER, /* of 32 bits, decimal or hexadecimal behind 0x */
	OPTION_PROBES,
	OPTION_LIMIT, /* a count, or 0 for none */
	OPTION_PORT,
	OPTION_ADDRESS,
	OPTION_PATH,
	OPTION_USER_NAME,
	OPTION_SWITCH, /* takes no value as an argument, yes or no elsewhere */
	OPTION_ACTION, /* an argument only: help, version, check */
	OPTION_WORDS,  /* those behind it are one of a few words: */
	OPTION_LOG_TO,
	OPTION_CONFINE_HOW,
	OPTION_BALANCE_HOW,
	OPTION_PROXY_VERSION,
	OPTION_LOG_HOW,
	OPTION_KINDS_COUNT
};

/* What the help has together. */
enum option_group {
	GROUP_ROUTES,
	GROUP_CLIENT,
	GROUP_TARGET,
	GROUP_LIFE,
	GROUP_LISTENER,
	GROUP_PROCESS,
	GROUP_ACTIONS,
	GROUPS_COUNT
};

enum option_id {
	OPTION_MAP,
	OPTION_MAP_KEEP,
	OPTION_ENV_FILE,
	OPTION_FIRST_BYTE_TIMEOUT,
	OPTION_ACCEPT_PROXY,
	OPTION_CONNECT_TIMEOUT,
	OPTION_CONNECT_RETRY,
	OPTION_BALANCE,
	OPTION_SOURCE,
	OPTION_TRANSPARENT,
	OPTION_MARK,
	OPTION_PROXY_PROTOCOL,
	OPTION_IDLE_TIMEOUT,
	OPTION_HALF_CLOSED_TIMEOUT,
	OPTION_KEEPALIVE,
	OPTION_KEEPALIVE_INTERVAL,
	OPTION_KEEPALIVE_PROBES,
	OPTION_USER_TIMEOUT,
	OPTION_DRAIN_TIMEOUT,
	OPTION_LISTEN_PORT,
	OPTION_LISTEN_ADDRESS,
	OPTION_MAX_CONNECTIONS,
	OPTION_MAX_CONNECTIONS_PER_SOURCE,
	OPTION_USER,
	OPTION_CONFINE,
	OPTION_LOG,
	OPTION_LOG_ADDRESS,
	OPTION_DEBUG,
	OPTION_CHECK,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS_COUNT
};

/* Arrays and no pointers: the table needs no relocation at start. */
struct option {
	char name[28];    /* without "--" */
	char value[12];   /* what the help calls the value; "": none */
	char help[72];    /* one line */
	uint8_t kind;     /* enum option_kind */
	uint8_t group;    /* enum option_group; the table is in their order */
	uint16_t setting; /* offset in struct settings */
	uint32_t initial; /* for the numeric kinds */
};

extern const struct option options[OPTIONS_COUNT];

#define OPTION_VARIABLE_PREFIX "BYTE_PROXY_"

/*
 * The option whose name is the first `length` bytes of `name`, as written
 * after "--" in an argument, or after BYTE_PROXY_ in a variable; NULL if none.
 */
const struct option *option_by_argument(const char *name, size_t length);
const struct option *option_by_variable(const char *name, size_t length);

/* Fills settings with the defaults. */
void option_defaults(struct settings *ret_settings);

/*
 * Parses a value of any kind but OPTION_ROUTE and OPTION_ACTION into its
 * place. `value` has to live as long as settings.
 * Returns NULL, or what was expected.
 */
const char *option_set(
    const struct option *option, const char *value, struct settings *settings);

/*
 * Of an option of a kind behind OPTION_WORDS: the place of a word, as above, or
 * the word of a place.
 */
const char *option_parse_word(
    const struct option *option, const char *value, uint32_t *ret_index);
const char *option_word(const struct option *option, uint32_t index);

/* "first-byte-timeout" in a variable's name is "FIRST_BYTE_TIMEOUT". */
char option_in_variable(char c);

/* Adds the value at `setting` as it would be given. */
void option_add_value(
    const struct option *option, const void *setting, struct text *text);

/* Adds the settings, one "name=value" a line. */
void option_add_settings(const struct settings *settings, struct text *text);

#endif
