/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "tally.h"

static int samples_add(struct samples *samples, int64_t us)
{
	if (us < 0)
		return 0;
	if (samples->count == samples->room) {
		size_t room = samples->room ? samples->room * 2 : 16;
		uint64_t *grown =
		    reallocarray(samples->us, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		samples->us = grown;
		samples->room = room;
	}
	samples->us[samples->count++] = (uint64_t)us;
	samples->sorted = false;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t samples_percentile(struct samples *samples, unsigned percent)
{
	size_t rank = (samples->count * percent + 99) / 100;

	if (!samples->sorted)
		qsort(samples->us, samples->count, sizeof(*samples->us),
		    compare_numbers);
	samples->sorted = true;
	return samples->us[rank ? rank - 1 : 0];
}

static int compare_names(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void free_group(struct group *group)
{
	if (!group)
		return;
	free(group->name);
	free(group->connect.us);
	free(group->duration.us);
	free(group);
}

static struct group *new_group(struct groups *groups, const char *name)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->name = strdup(name);
	if (groups->count == groups->room) {
		size_t room = groups->room ? groups->room * 2 : 16;
		struct group **grown =
		    reallocarray(groups->list, room, sizeof(struct group *));

		if (!grown) {
			free_group(group);
			return NULL;
		}
		groups->list = grown;
		groups->room = room;
	}
	if (!group->name || !tsearch(group, &groups->by_name, compare_names)) {
		free_group(group);
		return NULL;
	}
	groups->list[groups->count++] = group;
	return group;
}

static int add_to(struct groups *groups, const char *name,
    const struct connection *connection)
{
	const struct group key = {.name = (char *)name};
	struct group **found = tfind(&key, &groups->by_name, compare_names);
	struct group *group = found ? *found : new_group(groups, name);
	int r;

	if (!group)
		return -ENOMEM;
	group->connections++;
	group->bytes_up += connection->bytes_up;
	group->bytes_down += connection->bytes_down;
	if (connection->byte >= 0)
		group->bytes[connection->byte] = true;
	r = samples_add(&group->connect, connection->connect_us);
	return r < 0 ? r
		     : samples_add(&group->duration, connection->duration_us);
}

/*
 * "192.0.2.1:80" and "[2001:db8::1]:80" without the port. Networks, such as
 * "[2001:db8:1::]/48", have none.
 */
static void add_host(struct text *text, const char *client)
{
	const char *colon = strrchr(client, ':');
	bool is_inet =
	    colon && !strchr(colon, ']') && strncmp(client, "unix", 4) != 0;

	text_add_bytes(
	    text, client, is_inet ? (size_t)(colon - client) : strlen(client));
}

/* Why a connection was not served: "no-route 0xee". "" if it was. */
static void add_cause(struct text *text, const struct connection *connection)
{
	static const char *const served[] = {"closed", "client-reset",
	    "target-reset", "idle-timeout", "half-closed-timeout", "drained"};

	for (size_t i = 0; i < sizeof(served) / sizeof(*served); i++)
		if (strcmp(connection->result, served[i]) == 0)
			return;
	text_add(text, connection->result);
	if (*connection->target) {
		text_add_all(text, " ", connection->target, NULL);
	} else if (connection->byte >= 0) {
		text_add_char(text, ' ');
		text_add_byte(text, (uint8_t)connection->byte);
	}
	if (*connection->error)
		text_add_all(text, ": ", connection->error, NULL);
}

int tally_add(struct tally *tally, const struct connection *connection)
{
	TEXT(host, sizeof(connection->client));
	TEXT(cause, 1024);
	int r;

	tally->connections++;
	tally->bytes_up += connection->bytes_up;
	tally->bytes_down += connection->bytes_down;
	if (!tally->first_us || connection->time_us < tally->first_us)
		tally->first_us = connection->time_us;
	if (connection->time_us > tally->last_us)
		tally->last_us = connection->time_us;

	add_host(&host, connection->client);
	add_cause(&cause, connection);
	r = add_to(&tally->results, connection->result, connection);
	if (r == 0 && *connection->target)
		r = add_to(&tally->routes, connection->target, connection);
	if (r == 0 && cause.length)
		r = add_to(&tally->refusals, cause.start, connection);
	if (r == 0 && host.length)
		r = add_to(&tally->clients, host.start, connection);
	return r;
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;

	if ((*x)->connections != (*y)->connections)
		return (*x)->connections < (*y)->connections ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

static void sort(struct groups *groups)
{
	if (groups->count)
		qsort(groups->list, groups->count,
		    sizeof(groups->list[0]), /* NOLINT: pointers it is */
		    compare_groups);
}

void tally_sort(struct tally *tally)
{
	sort(&tally->routes);
	sort(&tally->results);
	sort(&tally->refusals);
	sort(&tally->clients);
}

static void nothing(void *group)
{
	(void)group; /* the list frees it */
}

static void free_groups(struct groups *groups)
{
	tdestroy(groups->by_name, nothing);
	for (size_t i = 0; i < groups->count; i++)
		free_group(groups->list[i]);
	free(groups->list);
}

void tally_free(struct tally *tally)
{
	free_groups(&tally->routes);
	free_groups(&tally->results);
	free_groups(&tally->refusals);
	free_groups(&tally->clients);
	*tally = (struct tally){0};
}
