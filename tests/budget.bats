#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a connection may take, by counts that are the same on every run: of both
# builds that are shipped, whatever build the other tests are for.

load helpers

# Counted by tests/bench/count; a little above what it was. What becomes less
# is to stay so: lower the budget with it.
budget() {
	cat <<-'END'
		#                       static  dynamic
		syscalls_to_first_byte      21       46
		syscalls                    48       73
		page_faults                  8       56
		instructions             17000   175000
		bytes                   130000    90000
		relocations                 16       91
		constructors                 0        1
	END
}

# tries: calls that are made in vain where Landlock is older than its version 6:
# one for each version from that down to the one that there is.
tries() {
	local version
	version=$(landlock)
	case $version in
	[1-5]) echo $((6 - version)) ;;
	*) echo 0 ;;
	esac
}

# within_budget KIND COLUMN
within_budget() {
	local name most count over=0
	needs strace strace
	needs valgrind valgrind
	needs readelf binutils
	"$BATS_TEST_DIRNAME/bench/count" "$BUILD/$1/byte-proxy" >"$T/counts"
	while read -r name most; do
		count=$(sed -n "s/^$name //p" "$T/counts")
		[ "$name" != syscalls ] || most=$((most + $(tries)))
		printf '%-24s %7s of %7s\n' "$name" "$count" "$most"
		[ "$count" -le "$most" ] || over=1
	done < <(budget | awk -v column="$2" '!/^#/ { print $1, $column }')
	[ "$over" -eq 0 ]
}

@test "the static program keeps to its budget" {
	needs musl-gcc musl-tools
	within_budget static 2
}

@test "the dynamic program keeps to its budget" {
	within_budget dynamic 3
}
