#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The service that accepts by itself on a socket of systemd's, under a real
# systemd; boot/listener makes the checks.

load helpers
load boot

setup_file() {
	boot_for listener
}

@test "the socket starts it and it routes" {
	passed
}

@test "the status line counts" {
	passed
}

@test "a reload takes new routes for new connections" {
	passed
}

@test "a reload of a bad file fails and changes nothing" {
	passed
}

@test "a restart in the middle of a transfer" {
	passed
}

@test "an upgrade in the middle of a transfer" {
	passed
}

@test "restarts lose no connection attempt" {
	passed
}

@test "a burst of 1000 connections shuts no port" {
	passed
}

@test "stopping it drains and the socket starts it again" {
	passed
}

@test "the drain timeout ends what is left" {
	passed
}

@test "stopping the slice drains all" {
	passed
}

@test "stopping the socket stops new connections" {
	passed
}

@test "a killed listener is started again and its connections go on" {
	passed
}

@test "what a killed listener leaves drains by itself" {
	passed
}

@test "a file that is bad shuts the port however slow a start is" {
	passed
}

@test "the watchdog restarts one that hangs and no other" {
	passed
}

@test "draining extends the stop timeout" {
	passed
}

@test "a missing env file is one line and status 78" {
	passed
}

@test "names are resolved in the sandbox" {
	passed
}

@test "it confines itself in the sandbox" {
	passed
}

@test "the client's address by the README's drop in" {
	passed
}

@test "the environment names no client" {
	passed
}

@test "a unix target is reached and little else is there" {
	passed
}

@test "no check of the boot is left out here" {
	every_check_has_a_test
}
