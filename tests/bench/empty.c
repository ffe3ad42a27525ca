/* SPDX-License-Identifier: MIT */
/* empty: what the C library takes to start a program that does nothing. */

int main(void)
{
	return 0;
}
