/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <string.h>

#include "../text.h"
#include "human.h"
#include "table.h"
#include "utf8.h"

#define TOP       10 /* rows of refusals and of clients */
#define BAR_WIDTH 20
/* What is longer is cut; --json has all of it. */
#define NAME_COLUMNS  60
#define BYTES_COLUMNS 24

/* What a table shows besides names and connections. */
enum columns {
	WITH_FIRST_BYTES = 1,
	WITH_TRAFFIC = 2, /* bytes, connect times, durations */
	WITH_BYTES = 4    /* bytes alone */
};

struct kind {
	const char *title;
	unsigned columns;
	size_t rows_max; /* 0: all */
	const char *colour;
};

#define CELLS      12
#define CELL_BYTES 192

/* One row, as text; an empty cell in the head is a column left out. */
struct row {
	char cells[CELLS][CELL_BYTES];
};

/* Places of the cells. */
enum cell {
	NAME,
	FIRST_BYTES,
	CONNECTIONS,
	BAR,
	UP,
	DOWN,
	CONNECT, /* and the two behind it */
	DURATION = CONNECT + 3,
};
_Static_assert(DURATION + 3 == CELLS, "too few cells");

static struct text cell_text(struct row *row, unsigned cell)
{
	row->cells[cell][0] = '\0';
	return (struct text){0, CELL_BYTES, row->cells[cell]};
}

/* "0x01 0x10-0x1f" */
static void add_first_bytes(struct text *text, const bool bytes[256])
{
	for (unsigned first = 0; first < 256; first++) {
		unsigned last = first;

		if (!bytes[first])
			continue;
		while (last < 255 && bytes[last + 1])
			last++;
		if (text->length)
			text_add_char(text, ' ');
		text_add_byte(text, (uint8_t)first);
		if (last > first) {
			text_add_char(text, '-');
			text_add_byte(text, (uint8_t)last);
		}
		first = last;
	}
}

/* A bar of the share that n has of all; of anything there is some of it. */
static void add_bar(struct text *text, uint64_t n, uint64_t all, bool utf8)
{
	uint64_t eighths = all ? n * BAR_WIDTH * 8 / all : 0;

	if (!eighths && n)
		eighths = 1;
	for (; eighths >= 8; eighths -= 8)
		text_add(text, utf8 ? "\u2588" : "#");
	if (!eighths)
		return;
	if (utf8) {
		/* U+258F is one eighth of a block, U+2589 seven. */
		const char part[] = {
		    '\xe2', '\x96', (char)(0x90 - eighths), '\0'};

		text_add(text, part);
	} else {
		text_add_char(text, eighths >= 4 ? '=' : '-');
	}
}

static void add_percentiles(
    struct row *row, unsigned cell, struct samples *samples, bool utf8)
{
	static const unsigned percents[] = {50, 90, 99};

	for (unsigned i = 0; i < 3; i++) {
		struct text text = cell_text(row, cell + i);

		if (samples->count)
			human_add_duration(&text,
			    samples_percentile(samples, percents[i]), utf8);
		else
			text_add_char(&text, '-');
	}
}

static void fill_head(struct row *row, const struct kind *kind)
{
	static const char traffic[][16] = {
	    "CONNECT p50", "p90", "p99", "DURATION p50", "p90", "p99"};

	*row = (struct row){0};
	strcpy(row->cells[NAME], kind->title);
	if (kind->columns & WITH_FIRST_BYTES)
		strcpy(row->cells[FIRST_BYTES], "BYTES");
	strcpy(row->cells[CONNECTIONS], "CONNECTIONS");
	strcpy(row->cells[BAR], " ");
	if (kind->columns & (WITH_TRAFFIC | WITH_BYTES)) {
		strcpy(row->cells[UP], "UP");
		strcpy(row->cells[DOWN], "DOWN");
	}
	for (unsigned i = 0; i < 6 && kind->columns & WITH_TRAFFIC; i++)
		strcpy(row->cells[CONNECT + i], traffic[i]);
}

static void fill_row(struct row *row, struct group *group, uint64_t all,
    const struct table_style *style)
{
	struct text text = cell_text(row, NAME);
	TEXT(bytes, 2048); /* of 256, each alone at most 5 */

	utf8_add_cut(&text, group->name, NAME_COLUMNS, style->utf8);
	add_first_bytes(&bytes, group->bytes);
	text = cell_text(row, FIRST_BYTES);
	utf8_add_cut(&text, bytes.start, BYTES_COLUMNS, style->utf8);
	text = cell_text(row, CONNECTIONS);
	text_add_grouped(&text, group->connections);
	text = cell_text(row, BAR);
	add_bar(&text, group->connections, all, style->utf8);
	text = cell_text(row, UP);
	human_add_bytes(&text, group->bytes_up);
	text = cell_text(row, DOWN);
	human_add_bytes(&text, group->bytes_down);
	add_percentiles(row, CONNECT, &group->connect, style->utf8);
	add_percentiles(row, DURATION, &group->duration, style->utf8);
}

static bool is_left_aligned(unsigned cell)
{
	return cell == NAME || cell == FIRST_BYTES || cell == BAR;
}

static void print_row(FILE *out, const struct row *row, const struct row *head,
    const int *widths, const struct kind *kind, const struct table_style *style)
{
	const bool is_head = row == head;
	int gap = 0; /* blanks that are owed: none at the end of a line */

	for (unsigned i = 0; i < CELLS; i++) {
		const char *cell = row->cells[i];
		int fill = widths[i] - (int)utf8_width(cell);
		const char *colour = is_head    ? "\033[1m"
				     : i == BAR ? kind->colour
						: NULL;

		if (!head->cells[i][0])
			continue;
		if (!is_left_aligned(i)) {
			gap += fill;
			fill = 0;
		}
		if (*cell && strcmp(cell, " ") != 0) {
			if (!style->colour)
				colour = NULL;
			fprintf(out, "%*s%s%s%s", gap, "", colour ? colour : "",
			    cell, colour ? "\033[0m" : "");
			gap = 0;
		} else {
			fill = widths[i];
		}
		gap += fill + 2;
	}
	fputc('\n', out);
}

static void print_groups(FILE *out, const struct groups *groups,
    const struct kind *kind, uint64_t all, const struct table_style *style)
{
	static struct row head, row;
	int widths[CELLS] = {0};
	size_t rows = groups->count;

	if (!rows)
		return;
	if (kind->rows_max && rows > kind->rows_max)
		rows = kind->rows_max;
	fill_head(&head, kind);
	for (unsigned i = 0; i < CELLS; i++)
		widths[i] = (int)utf8_width(head.cells[i]);
	widths[BAR] = BAR_WIDTH;
	for (size_t r = 0; r < rows; r++) {
		fill_row(&row, groups->list[r], all, style);
		for (unsigned i = 0; i < CELLS; i++)
			if ((int)utf8_width(row.cells[i]) > widths[i])
				widths[i] = (int)utf8_width(row.cells[i]);
	}
	fputc('\n', out);
	print_row(out, &head, &head, widths, kind, style);
	for (size_t r = 0; r < rows; r++) {
		fill_row(&row, groups->list[r], all, style);
		print_row(out, &row, &head, widths, kind, style);
	}
	if (rows < groups->count)
		fprintf(out, "and %zu more\n", groups->count - rows);
}

static void print_summary(FILE *out, const struct tally *tally)
{
	TEXT(line, 256);

	text_add_grouped(&line, tally->connections);
	text_add(
	    &line, tally->connections == 1 ? " connection" : " connections");
	if (tally->connections) {
		text_add(&line, ", ");
		human_add_bytes(&line, tally->bytes_up);
		text_add(&line, " up, ");
		human_add_bytes(&line, tally->bytes_down);
		text_add(&line, " down, from ");
		human_add_time(&line, tally->first_us);
		text_add(&line, " to ");
		human_add_time(&line, tally->last_us);
	}
	fprintf(out, "%s\n", line.start);
}

void table_print(
    FILE *out, const struct tally *tally, const struct table_style *style)
{
	static const struct kind routes = {
	    "ROUTE", WITH_FIRST_BYTES | WITH_TRAFFIC, 0, "\033[36m"};
	static const struct kind results = {
	    "RESULT", WITH_TRAFFIC, 0, "\033[36m"};
	static const struct kind refusals = {"REFUSED", 0, TOP, "\033[31m"};
	static const struct kind clients = {
	    "CLIENT", WITH_BYTES, TOP, "\033[36m"};
	uint64_t refused = 0;

	for (size_t i = 0; i < tally->refusals.count; i++)
		refused += tally->refusals.list[i]->connections;
	print_summary(out, tally);
	print_groups(out, &tally->routes, &routes, tally->connections, style);
	print_groups(out, &tally->results, &results, tally->connections, style);
	print_groups(out, &tally->refusals, &refusals, refused, style);
	print_groups(out, &tally->clients, &clients, tally->connections, style);
}
