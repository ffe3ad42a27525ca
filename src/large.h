/* SPDX-License-Identifier: MIT */
/*
 * LARGE static buffers begin on a page of their own, and lie behind all other
 * variables, which then share few pages: linkers put sections of another name
 * behind .bss (layout.ld does by name). What is not touched of them costs
 * nothing. Compilers know from ".sbss." that nothing of it is in the file.
 */
#ifndef LARGE_H
#define LARGE_H

#define LARGE __attribute__((section(".sbss.large"), aligned(4096)))

/* The first of them, of which every process needs the beginning. */
#define LARGE_FIRST __attribute__((section(".sbss.large_first")))

#endif
