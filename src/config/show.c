/* SPDX-License-Identifier: MIT */
#include "show.h"

static void add_route_setting(
    enum option_id id, unsigned setting, struct text *text)
{
	if (setting)
		text_add_all(text, ",", options[id].name, "=",
		    option_word(&options[id], setting - 1), NULL);
}

/* Adds the bytes of one route as they would be configured. */
static void add_route_lines(
    const struct config *config, unsigned index, struct text *text)
{
	const struct routes *routes = &config->routes;
	const struct route *route = routes_at(routes, index);
	const char *option =
	    options[route->keep ? OPTION_MAP_KEEP : OPTION_MAP].name;

	text_add_all(text, option, " ", NULL);
	if (routes->other == index + 1) {
		text_add(text, "*");
	} else {
		unsigned first = 0, last;

		while (routes->by_byte[first] != index + 1)
			first++;
		last = first;
		while (last < 255 && routes->by_byte[last + 1] == index + 1)
			last++;
		text_add_byte(text, (uint8_t)first);
		if (last > first) {
			text_add_char(text, '-');
			text_add_byte(text, (uint8_t)last);
		}
	}
	for (unsigned i = 0; i < route->count; i++)
		text_add_all(text, i ? "," : "=", route->targets[i].text, NULL);
	add_route_setting(OPTION_BALANCE, route->balance, text);
	add_route_setting(OPTION_PROXY_PROTOCOL, route->proxy_protocol, text);
	text_add_char(text, '\n');
}

void config_add_to(const struct config *config, struct text *text)
{
	for (unsigned i = 0; i < config->routes.count; i++)
		add_route_lines(config, i, text);
	option_add_settings(&config->settings, text);
}
