/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "json.h"

/* The length of a character of UTF-8 that begins here; 0: it is none. */
static size_t utf8_length(const char *at)
{
	unsigned char c = (unsigned char)*at;
	size_t length = c < 0x80                ? 1
			: c >= 0xc2 && c < 0xe0 ? 2
			: c >= 0xe0 && c < 0xf0 ? 3
			: c >= 0xf0 && c < 0xf5 ? 4
						: 0;

	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void print_string(FILE *out, const char *string)
{
	fputc('"', out);
	while (*string) {
		size_t length = utf8_length(string);

		if (!length) {
			fputs("\\ufffd", out);
			length = 1;
		} else if (*string == '"' || *string == '\\') {
			fprintf(out, "\\%c", *string);
		} else {
			fwrite(string, 1, length, out);
		}
		string += length;
	}
	fputc('"', out);
}

static void print_percentiles(
    FILE *out, const char *name, struct samples *samples)
{
	fprintf(out, ",\"%s\":", name);
	if (!samples->count) {
		fputs("null", out);
		return;
	}
	fprintf(out,
	    "{\"p50\":%" PRIu64 ",\"p90\":%" PRIu64 ",\"p99\":%" PRIu64 "}",
	    samples_percentile(samples, 50), samples_percentile(samples, 90),
	    samples_percentile(samples, 99));
}

static void print_first_bytes(FILE *out, const bool bytes[256])
{
	const char *comma = "";

	fputs(",\"bytes\":[", out);
	for (unsigned byte = 0; byte < 256; byte++) {
		if (!bytes[byte])
			continue;
		fprintf(out, "%s\"0x%02x\"", comma, byte);
		comma = ",";
	}
	fputc(']', out);
}

static void print_groups(
    FILE *out, const char *name, const char *key, const struct groups *groups)
{
	fprintf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < groups->count; i++) {
		struct group *group = groups->list[i];

		fprintf(out, "%s{\"%s\":", i ? "," : "", key);
		print_string(out, group->name);
		print_first_bytes(out, group->bytes);
		fprintf(out,
		    ",\"connections\":%" PRIu64 ",\"bytes_up\":%" PRIu64
		    ",\"bytes_down\":%" PRIu64,
		    group->connections, group->bytes_up, group->bytes_down);
		print_percentiles(out, "connect_us", &group->connect);
		print_percentiles(out, "duration_us", &group->duration);
		fputc('}', out);
	}
	fputc(']', out);
}

void json_print(FILE *out, const struct tally *tally)
{
	fprintf(out,
	    "{\"connections\":%" PRIu64 ",\"bytes_up\":%" PRIu64
	    ",\"bytes_down\":%" PRIu64 ",\"since_us\":%" PRIu64
	    ",\"until_us\":%" PRIu64,
	    tally->connections, tally->bytes_up, tally->bytes_down,
	    tally->first_us, tally->last_us);
	print_groups(out, "routes", "target", &tally->routes);
	print_groups(out, "results", "result", &tally->results);
	print_groups(out, "refused", "cause", &tally->refusals);
	print_groups(out, "clients", "client", &tally->clients);
	fputs("}\n", out);
}
