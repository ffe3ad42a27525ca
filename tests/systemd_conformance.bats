#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the two ends of a connection see of each other where systemd is PID 1, and
# keeps the client's socket: the rows of conformance.bats through the units that
# are shipped, with both programs. boot/conformance runs them, all in one boot for
# each program.

load helpers
load kinds
load boot

setup_file() {
	needs ss iproute2
	needs_boot
	at_once_with_kinds boot
}
boot() {
	STAGE=$BUILD/$KIND/stage
	boot_for conformance AT_ONCE ZERO_WINDOW_MS TALK_SECONDS
}

# conformed: it passed; and what became of each row.
conformed() {
	at_once_with_kinds in_its_boot all_rows_passed
}
in_its_boot() {
	BOOTED=$(booted)
	"$@"
}
all_rows_passed() {
	passed
	cat "$BOOTED/${BATS_TEST_DESCRIPTION// /_}.log"
}

@test "a process each" {
	conformed
}

@test "a process each when clients vanish" {
	conformed
}

@test "a listener" {
	conformed
}

@test "a listener when clients vanish" {
	conformed
}

@test "no check of the boot is left out here" {
	at_once_with_kinds in_its_boot every_check_has_a_test
}

@test "no kind of program is left out here" {
	needs_both_kinds
}
