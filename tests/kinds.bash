# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Tests of each kind of program that is shipped, whatever build the others are of:
# one C library does not call what another does. KINDS is the Makefile's, in which
# static is missing where musl-gcc is.

: "${KINDS:?run the tests with make check}"

# needs_kind KIND: that one was built.
needs_kind() {
	[[ " $KINDS " != *" $1 "* ]] || return 0
	needs musl-gcc musl-tools
	echo "$1 is not among the kinds: $KINDS" >&2
	return 1
}
needs_both_kinds() {
	needs_kind dynamic
	needs_kind static
}

# with_kinds COMMAND...: with $BYTE_PROXY of each kind in turn.
with_kinds() {
	local kind
	needs_both_kinds
	for kind in $KINDS; do
		BYTE_PROXY=$BUILD/$kind/byte-proxy
		echo "$kind:"
		"$@"
		end_all
	done
}

# at_once_with_kinds COMMAND...: with all of them at the same time, each with a
# directory $T and a $KIND of its own. It fails if one does; what each says has its
# name before it. Where the tests are for a program with instruments it is that
# one alone. A kind that is missing is left out, and COMMAND cannot skip: what is
# needed has to be asked for before.
at_once_with_kinds() {
	local kind kinds=$KINDS space=${T:-$BATS_FILE_TMPDIR} status=0
	local -A running
	if is_instrumented; then
		kinds=${BYTE_PROXY#"$BUILD/"}
		kinds=${kinds%/byte-proxy}
	fi
	for kind in $kinds; do
		mkdir -p "$space/$kind"
		(
			KIND=$kind T=$space/$kind BYTE_PROXY=$BUILD/$kind/byte-proxy
			"$@"
		) >"$space/$kind/said" 2>&1 3>&- &
		running[$kind]=$!
		PIDS+=($!)
	done
	for kind in $kinds; do
		if wait "${running[$kind]}"; then
			echo "$kind: passed"
		else
			echo "$kind: FAILED"
			status=1
		fi
		sed "s/^/$kind: /" "$space/$kind/said"
	done
	return "$status"
}
