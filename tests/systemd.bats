#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Under a real systemd as PID 1: one boot, in which boot/accept makes all the
# checks; each of the tests here is one of them.

load helpers

setup_file() {
	needs_root
	needs systemd-nspawn systemd-container
	BOOTED=$BATS_FILE_TMPDIR/booted
	export BOOTED TESTS=$BATS_TEST_DIRNAME BYTE_PROXY TOOLS
	mkdir "$BOOTED"
	cp "$TESTS/boot/accept" "$BOOTED/run"
	cp "$TESTS/boot/prepare" "$BOOTED/prepare"
	touch "$BOOTED/passed"
	"$TESTS/boot/boot" "$BOOTED" >&2 || true
}

# passed: the check whose name is the test's, with blanks for underscores.
passed() {
	local check=${BATS_TEST_DESCRIPTION//[\',]/}
	check=${check// /_}
	grep -qx "$check" "$BOOTED/passed" && return
	cat "$BOOTED/$check.log" "$BOOTED/console" >&2
	return 1
}

@test "routed with the byte stripped" {
	passed
}

@test "fields in the journal" {
	passed
}

@test "kinds of records differ" {
	passed
}

@test "errors go to the journal and not to the client" {
	passed
}

@test "the client's reset reaches the target" {
	passed
}

@test "the target's reset reaches the client" {
	passed
}

@test "unknown bytes leave no failed unit" {
	passed
}

@test "stopping an instance drains it" {
	passed
}

@test "the env file is read as systemd reads it" {
	passed
}

@test "check works in a unit" {
	passed
}

@test "units verify" {
	passed
}

@test "no check of the boot is left out here" {
	local check
	for check in "$BOOTED"/*.log; do
		check=$(basename "$check" .log)
		sed "s/[',]//g" "$BATS_TEST_FILENAME" |
			grep -q "@test \"${check//_/ }\"" || {
			echo "$check has no test" >&2
			return 1
		}
	done
}
