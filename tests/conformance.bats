#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the two ends of a connection see of each other, in every way in and with
# both programs that are shipped: the same rows of conformance/cases.bash for each,
# of which those that fail are named.

load helpers
load kinds

# conforms WAY: and, where byte-proxy has the client's socket, with clients that
# vanish.
conforms() {
	through "$1"
}
conforms_when_clients_vanish() {
	through "$1" patient
}

# through ARGUMENTS...: of way, in ways.bash.
through() {
	needs ip iproute2
	needs ss iproute2
	needs socat socat
	needs_root
	at_once_with_kinds in_its_network "$@"
}
in_its_network() {
	# With sanitizers a start takes a hundred times as long.
	[[ $BYTE_PROXY != */asan/* ]] || : "${AT_ONCE:=50}"
	export AT_ONCE
	# shellcheck disable=SC2016 # expanded in there
	WAY=$* in_network 'source "$TESTS/conformance/ways.bash"; way $WAY'
}

@test "no kind of program is left out here" {
	needs_both_kinds
}

@test "by --listen-port" {
	conforms listen_port
	conforms_when_clients_vanish listen_port
}

@test "by systemd-socket-activate, a process each, on standard input" {
	conforms socket_activate
	conforms_when_clients_vanish socket_activate
}

@test "by systemd-socket-activate, a process each, by LISTEN_FDS" {
	conforms socket_activate_accept
	conforms_when_clients_vanish socket_activate_accept
}

@test "by systemd-socket-activate, listening" {
	conforms socket_activate_listening
	conforms_when_clients_vanish socket_activate_listening
}

@test "by xinetd" {
	conforms xinetd
	conforms_when_clients_vanish xinetd
}

@test "by inetd, nowait" {
	conforms inetd
	conforms_when_clients_vanish inetd
}

@test "by inetd, wait" {
	conforms inetd_wait
	conforms_when_clients_vanish inetd_wait
}

@test "by socat, with a pair of sockets" {
	conforms socat
}

@test "by socat, with pipes" {
	conforms socat_pipes
}

@test "by socat, nofork" {
	conforms socat_nofork
	conforms_when_clients_vanish socat_nofork
}

@test "by one who keeps the client's sockets, blocks signals, and leaves descriptors open" {
	conforms superserver
	conforms_when_clients_vanish superserver
}
