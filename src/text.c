/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "text.h"

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	size_t room = text->size - text->length - 1;

	if (length > room)
		length = room;
	memcpy(text->start + text->length, bytes, length);
	text->length += length;
	text->start[text->length] = '\0';
}

void text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_printable(struct text *text, const char *string)
{
	for (; *string; string++) {
		bool control = (unsigned char)*string < ' ' || *string == 0x7f;

		text_add_bytes(text, control ? "?" : string, 1);
	}
}

void text_add_padded(struct text *text, uint64_t number, unsigned digits)
{
	char buffer[20];
	size_t at = sizeof(buffer);

	do {
		buffer[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (at && (number || sizeof(buffer) - at < digits));
	text_add_bytes(text, buffer + at, sizeof(buffer) - at);
}

void text_add_number(struct text *text, uint64_t number)
{
	text_add_padded(text, number, 1);
}

void text_add_grouped(struct text *text, uint64_t number)
{
	uint64_t unit = 1;

	while (number / unit >= 1000)
		unit *= 1000;
	text_add_number(text, number / unit);
	for (unit /= 1000; unit; unit /= 1000) {
		text_add_char(text, ',');
		text_add_padded(text, number / unit % 1000, 3);
	}
}

void text_add_hex(struct text *text, unsigned number)
{
	static const char digits[] = "0123456789abcdef";
	unsigned shift = 0;

	while (number >> shift > 15)
		shift += 4;
	for (;; shift -= 4) {
		text_add_char(text, digits[number >> shift & 15]);
		if (shift == 0)
			return;
	}
}

void text_add_byte(struct text *text, uint8_t byte)
{
	text_add(text, byte < 16 ? "0x0" : "0x");
	text_add_hex(text, byte);
}

void text_add_all(struct text *text, ...)
{
	const char *string;
	va_list strings;

	va_start(strings, text);
	while ((string = va_arg(strings, const char *)))
		text_add(text, string);
	va_end(strings);
}

int text_parse_number(const char *string, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*string)
		return -EINVAL;
	for (; *string; string++) {
		unsigned digit = (unsigned char)*string - '0';

		if (digit > 9)
			return -EINVAL;
		if (number > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		number = number * 10 + digit;
	}
	if (number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int text_parse_hex(const char *string, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (string[0] != '0' || string[1] != 'x' || !string[2])
		return -EINVAL;
	for (string += 2; *string; string++) {
		int digit = text_hex_digit(*string);

		if (digit < 0)
			return -EINVAL;
		if (number > UINT64_MAX / 16)
			return -ERANGE;
		number = number * 16 + (unsigned)digit;
	}
	if (number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}
