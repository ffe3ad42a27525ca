/* SPDX-License-Identifier: MIT */
#include "show.h"

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
	if (route->balance)
		text_add_all(text, ",", options[OPTION_BALANCE].name, "=",
		    option_word(&options[OPTION_BALANCE], route->balance - 1U),
		    NULL);
	text_add_char(text, '\n');
}

void config_add_to(const struct config *config, struct text *text)
{
	for (unsigned i = 0; i < config->routes.count; i++)
		add_route_lines(config, i, text);
	option_add_settings(&config->settings, text);
}
