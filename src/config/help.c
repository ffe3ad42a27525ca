/* SPDX-License-Identifier: MIT */
#include "help.h"
#include "options.h"

static const char groups[GROUPS_COUNT][24] = {
    [GROUP_ROUTES] = "Routes",
    [GROUP_CLIENT] = "The client",
    [GROUP_TARGET] = "Connecting to a target",
    [GROUP_LIFE] = "Both ends",
    [GROUP_LISTENER] = "Listening by itself",
    [GROUP_PROCESS] = "Process and log",
    [GROUP_ACTIONS] = "Instead of serving",
};

static void add_variable(const struct option *option, struct text *text)
{
	text_add(text, OPTION_VARIABLE_PREFIX);
	for (const char *c = option->name; *c; c++)
		text_add_char(text, option_in_variable(*c));
}

void help_add_to(struct text *text)
{
	text_add(text,
	    "Usage: byte-proxy --map BYTE=TARGET... [OPTION]...\n"
	    "Routes the connection on standard input, or those on a port, by "
	    "its first byte.\n"
	    "BYTE: 0x01, 0x00-0x1f, *. TARGET: host:port, [v6]:port, "
	    "unix:/path, unix:@name.\n");
	for (const struct option *o = options; o < options + OPTIONS_COUNT;
	     o++) {
		size_t column;

		if (o == options || o->group != o[-1].group)
			text_add_all(text, groups[o->group], ":\n", NULL);
		column = text->length + 29;

		text_add_all(text, "  --", o->name, o->value[0] ? " " : "",
		    o->value, NULL);
		do
			text_add_char(text, ' ');
		while (text->length < column);
		text_add_all(text, o->help, "\n", NULL);
	}
	text_add(text,
	    "\nTIME: 10s, 500ms, 2min; 0 is no limit. All but the last three "
	    "can be variables:\n");
	add_variable(&options[OPTION_MAP], text);
	text_add(text, "=\"0x01=a:1 *=b:2\", ");
	add_variable(&options[OPTION_IDLE_TIMEOUT], text);
	text_add(text, "=1h. See byte-proxy(8).\n");
}
