/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "json.h"

/* Texts are valid UTF-8 without control characters (reader.h). */
static void print_string(FILE *out, const char *string)
{
	fputc('"', out);
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			fputc('\\', out);
		fputc(*string, out);
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
