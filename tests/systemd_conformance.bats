#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the two ends of a connection see of each other where systemd is PID 1, and
# keeps the client's socket: the rows of conformance.bats through the units that
# are shipped. boot/conformance runs them, all in one boot.

load helpers
load boot

setup_file() {
	needs ss iproute2
	boot_for conformance AT_ONCE ZERO_WINDOW_MS TALK_SECONDS
}

# conformed: it passed; and what became of each row.
conformed() {
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
	every_check_has_a_test
}
