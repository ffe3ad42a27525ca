/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "utf8.h"

/*
 * Decodes a character. Returns its length, or 0 if there is no valid one:
 * overlong forms, surrogates and what is over U+10FFFF are none.
 */
static size_t decode(const char *bytes, size_t left, uint32_t *ret_character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)*bytes;
	size_t length = c < 0x80   ? 1
			: c < 0xc0 ? 0
			: c < 0xe0 ? 2
			: c < 0xf0 ? 3
			: c < 0xf8 ? 4
				   : 0;
	uint32_t character = length == 1 ? c : c & (0x7fU >> length);

	if (!length || length > left)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < least[length] || character > 0x10ffff ||
	    (character >= 0xd800 && character < 0xe000))
		return 0;
	*ret_character = character;
	return length;
}

/* Unicode's Bidi_Control, and its line and paragraph separators. */
static bool is_harmless(uint32_t c)
{
	return c >= ' ' && !(c >= 0x7f && c < 0xa0) && c != 0x61c &&
	       !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff;
}

void utf8_add_harmless(struct text *text, const char *bytes, size_t length)
{
	while (length) {
		uint32_t character;
		size_t taken = decode(bytes, length, &character);
		bool harmless = taken && is_harmless(character);

		if (text->size - text->length <= taken)
			return;
		text_add_bytes(
		    text, harmless ? bytes : "?", harmless ? taken : 1);
		taken += !taken;
		bytes += taken;
		length -= taken;
	}
}

static unsigned width_of(uint32_t character)
{
	int width = wcwidth((wchar_t)character);

	return width < 0 ? 1 : (unsigned)width;
}

unsigned utf8_width(const char *string)
{
	unsigned width = 0;
	uint32_t character;
	size_t taken;

	for (; *string; string += taken) {
		taken = decode(string, strlen(string), &character);
		if (!taken)
			return width;
		width += width_of(character);
	}
	return width;
}

void utf8_add_cut(
    struct text *text, const char *string, unsigned columns, bool utf8)
{
	const char *mark = utf8 ? "\u2026" : "...";
	unsigned room = columns - (utf8 ? 1 : 3), width = 0;
	uint32_t character;
	size_t taken;

	if (utf8_width(string) <= columns)
		room = columns;
	for (; *string; string += taken) {
		taken = decode(string, strlen(string), &character);
		if (!taken)
			return;
		width += width_of(character);
		if (width > room ||
		    text->length + taken + strlen(mark) >= text->size)
			break;
		/* A locale without it cannot show it. */
		if (!utf8 && character > 0x7f)
			text_add_char(text, '?');
		else
			text_add_bytes(text, string, taken);
	}
	if (*string)
		text_add(text, mark);
}
