/* SPDX-License-Identifier: MIT */
/*
 * Text in a buffer of fixed size: always terminated, cut off rather than
 * overflowing. This is what byte-proxy has instead of stdio, of which nothing
 * is linked in or paid for at the start of a process.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	size_t length; /* without the terminating NUL */
	size_t size;   /* of the buffer, with it */
	char *start;
};

/* Declares an empty text `name` with a buffer of its own on the stack. */
#define TEXT(name, bytes)                                             \
	char name##_buffer[bytes];                                    \
	struct text name = {0, sizeof(name##_buffer), name##_buffer}; \
	name##_buffer[0] = '\0'

void text_add_char(struct text *text, char c);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add(struct text *text, const char *string);

/* The same with '?' for each control character. */
void text_add_printable(struct text *text, const char *string);
void text_add_number(struct text *text, uint64_t number);

/* Decimal with at least `digits` digits, zeros in front. */
void text_add_padded(struct text *text, uint64_t number, unsigned digits);

/* Decimal in groups of three: "3,456". */
void text_add_grouped(struct text *text, uint64_t number);

/* "1f", and "0x1f" with two digits. */
void text_add_hex(struct text *text, unsigned number);
void text_add_byte(struct text *text, uint8_t byte);

/* Every string up to a terminating NULL. */
void text_add_all(struct text *text, ...) __attribute__((sentinel));

/*
 * Parses an unsigned decimal number that fills the whole string: digits only,
 * no sign, no blank. Returns 0, -EINVAL, or -ERANGE when it is over max.
 */
int text_parse_number(const char *string, uint64_t max, uint64_t *ret_number);

/* The value of a hexadecimal digit in either case, or -1. */
int text_hex_digit(char c);

/* The same as text_parse_number() of a hexadecimal number behind 0x. */
int text_parse_hex(const char *string, uint64_t max, uint64_t *ret_number);

#endif
