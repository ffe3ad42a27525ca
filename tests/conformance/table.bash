# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by conform: reads cases.bash. What its lines mean is said there; the
# parts of a row are in arrays by its number, the steps with a line each.

NAME=() CLIENT=() TARGET=() RECORD=() MEANWHILE=() AFTERWARDS=() AT_ONCE_OF=()
WAITS=() PATIENT=() WHY_NOT=()
R=-1 APPLIES=yes

row() {
	R=$((R + 1)) APPLIES=yes
	NAME[R]=$1
}

# part ARRAY VALUE...: of this row, unless it is for others.
part() {
	local -n array=$1
	[ -n "$APPLIES" ] || return 0
	local IFS=$'\n'
	# shellcheck disable=SC2034 # by its name
	array[R]="${*:2}"
}
client() { part CLIENT "$@"; }
target() { part TARGET "$@"; }
record() { part RECORD "$@"; }
at_once() { part AT_ONCE_OF "$1"; }
meanwhile() { part MEANWHILE "$*"; }
afterwards() { part AFTERWARDS "$*"; }
waits() { part WAITS yes; }
none() { part WHY_NOT "$1"; }

instead() {
	APPLIES=
	! is "$1" || APPLIES=yes
}
only() {
	is "$1" || WHY_NOT[R]=$2
}

# For patient proxies alone, and all of them at once.
patient() {
	PATIENT[R]=yes
	if is patient; then
		WAITS[R]=yes MEANWHILE[R]=vanishes
	else
		WHY_NOT[R]='it needs a network of its own'
	fi
}

# shellcheck source=tests/conformance/cases.bash
source "$(dirname "${BASH_SOURCE[0]}")/cases.bash"
