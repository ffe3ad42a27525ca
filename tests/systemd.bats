#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The socket that starts a process for each connection, under a real systemd;
# boot/accept makes the checks.

load helpers
load boot

setup_file() {
	boot_for accept
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

@test "the environment names no client" {
	passed
}

@test "stopping an instance drains it" {
	passed
}

@test "stopping the slice drains all" {
	passed
}

@test "stopping the socket leaves what runs" {
	passed
}

@test "upgrading in the middle of a transfer" {
	passed
}

@test "a burst of 1000 connections shuts no port" {
	passed
}

@test "the limit for a source refuses the right one" {
	passed
}

@test "a silent client starts no process and is dropped" {
	passed
}

@test "the catalog explains each kind" {
	passed
}

@test "matched in the journal by any field" {
	passed
}

@test "the hardened example works" {
	passed
}

@test "the exposure is what the README says" {
	passed
}

@test "the two sockets conflict" {
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
	every_check_has_a_test
}
