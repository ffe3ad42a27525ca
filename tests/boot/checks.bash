# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts that are run in a booted system: each function that
# is declared after this is a check. What it said is in /test/NAME.log, and the
# names of those that passed are in /test/passed.

poll_until() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" && return
		sleep 0.02
	done 2>/dev/null
	echo "timed out: $*"
	return 1
}

# target NAME PORT STEPS...: in the background; $TARGET is its process id.
target() {
	rm -f "/tmp/$1.port"
	talk listen "127.0.0.1:$2" "/tmp/$1.port" "${@:3}" &
	TARGET=$!
	poll_until test -s "/tmp/$1.port"
}
client() {
	talk connect 127.0.0.1:9092 "$@"
}
# record FIELD=VALUE...: there is a journal entry with all of these.
record() {
	journalctl --sync
	[ -n "$(journalctl -q -o cat "$@")" ]
}
# said REGEX [OPTIONS...]: a message in the journal, which is read with options.
said() {
	journalctl --sync
	journalctl -q -o cat "${@:2}" | grep -qE -- "$1"
}
no_instances() {
	[ -z "$(systemctl list-units -q --plain --no-legend 'byte-proxy@*')" ]
}
# property UNIT NAME: the value.
property() {
	systemctl show -P "$2" "$1"
}
is_state() {
	[ "$(systemctl is-active "$1")" = "$2" ]
}
# now_ms: a monotonic clock.
now_ms() {
	local up
	read -r up _ </proc/uptime
	up=${up/./}
	echo $((10#$up * 10))
}

# not COMMAND...: it has to fail. (set -e takes no notice of "! command".)
not() {
	if "$@"; then
		echo "did not fail: $*"
		return 1
	fi
}

# confine_how: what a unit's sandbox leaves it all that byte-proxy confines itself
# with; a program with sanitizers cannot be confined.
confine_how() {
	if grep -qE "__asan_init|or other instruments" /usr/local/sbin/byte-proxy; then
		echo try
	else
		echo require
	fi
}

# run_checks: runs the functions of the script that was sourced from, but for
# those whose names begin with "_", in the order in which they are written.
run_checks() {
	local check checks status
	mapfile -t checks < <(sed -nE 's/^([A-Za-z]\w*)\(\) \{$/\1/p' /test/run)
	for check in "${checks[@]}"; do
		# Not as a condition: in one, set -e means nothing.
		(
			trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
			set -ex
			"$check"
		) >"/test/$check.log" 2>&1
		status=$?
		[ "$status" -ne 0 ] || echo "$check" >>/test/passed
	done
}
