/* SPDX-License-Identifier: MIT */
/*
 * floor: exits, and does nothing else: no program starts in less. The Makefile
 * knows for which machines this is.
 */

_Noreturn void _start(void);

_Noreturn void _start(void)
{
	for (;;) {
#if defined(__x86_64__)
		__asm__ volatile("syscall" : : "a"(231), "D"(0));
#elif defined(__aarch64__)
		register long number __asm__("x8") = 94;
		register long status __asm__("x0") = 0;

		__asm__ volatile("svc 0" : : "r"(number), "r"(status));
#endif
	}
}
