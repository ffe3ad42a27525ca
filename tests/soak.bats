#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Nothing is left after many connections, and after kills. In large by "make
# soak", which sets the numbers.

load helpers
load crowd

: "${SOAK:=1500}" "${SOAK_XINETD:=200}" "${SOAK_SILENT:=200}" "${SOAK_KILLS:=20}"
: "${SOAK_SEED:=$RANDOM}"
export FLOOD_SECONDS=$((60 + SOAK / 50))

# sums_up TEXT: a line with the date, when this is a soak.
sums_up() {
	[ -z "${SOAKING:-}" ] || echo "# $(date -u +%F\ %T) $*" >&3
}

kill_anywhere() {
	start kills kills "$SOAK_KILLS" "$SOAK_SEED" "$BYTE_PROXY" "$@"
	POLL_SECONDS=3600 poll_until gone "$PID"
	cat "$T/kills.out"
	ended "$PID" 0
	sums_up "kills: $(paste -sd, "$T/kills.out" | sed 's/,/, /g')"
}

@test "listener, handler, target or client killed at any moment" {
	kill_anywhere
}

@test "the same with a limit for each source, whose count stays right" {
	kill_anywhere --max-connections-per-source 7
}

@test "many connections through xinetd: nothing is left" {
	export SOAK_XINETD
	in_network '
		source "$TESTS/crowd.bash"
		PATH=$TOOLS:$PATH
		flood_to() {
			flood serve 9092 "$@" >>"$T/flood.out"
		}
		only_xinetd() {
			[ "$(wc -w <"/proc/$XINETD/task/$XINETD/children")" -eq 0 ]
		}
		echoes "$T/echoes.port" 3>&- &
		poll_until test -s "$T/echoes.port"
		install_program "BYTE_PROXY_MAP=0x01=127.0.0.1:$(<"$T/echoes.port")"
		front xinetd
		XINETD=$!
		flood_to 50 10 1000
		poll_until only_xinetd
		descriptors "$XINETD" >"$T/before"
		resident_kb "$XINETD" >"$T/kb"
		flood_to "$SOAK_XINETD" 20 20000
		poll_until only_xinetd
		descriptors "$XINETD" | diff "$T/before" -
		[ "$(resident_kb "$XINETD")" -le $(($(<"$T/kb") + 64)) ]
		resident_kb "$XINETD" >>"$T/kb"
		! pgrep -x byte-proxy
	'
	grep -qx "good $SOAK_XINETD bad 0 reset 0 refused 0" "$T/flood.out"
	sums_up "xinetd: $SOAK_XINETD connections served and verified; its" \
		"VmRSS $(paste -sd' ' "$T/kb" | sed 's/ / KB before, /') KB after"
}

# silent COUNT...: so many each, and no more before they have a process: what is
# over the queue of a socket that stands still may have none for ever. (The
# kernel answers with SYN cookies, and drops what acknowledges them. Then who
# says nothing has a connection of which nobody else knows.)
silent() {
	local count all=0
	for count; do
		all=$((all + count))
		start "silent$all" flood silent "$PORT" "$count"
		poll_until grep -q connected "$T/silent$all.out"
		poll_until many_children "$PROXY_PID" "$all"
	done
}

# end_silent: kills them; what they had is closed.
end_silent() {
	local name
	for name in "${!STARTED[@]}"; do
		[[ $name != silent* ]] || kill "${STARTED[$name]}"
	done
}

@test "many connections that say nothing, a process each" {
	export FLOOD_SECONDS=900
	local steps=() left kb began step
	step=$(($(</proc/sys/net/core/somaxconn) / 2))
	[ "$step" -le 2000 ] || step=2000
	for ((left = SOAK_SILENT; left > 0; left -= step)); do
		steps+=($((left < step ? left : step)))
	done
	echo_target
	# Nothing but their own end ends them.
	proxy --map "0x01=127.0.0.1:$ECHOES" --first-byte-timeout 0 \
		--max-connections $((SOAK_SILENT + 200))
	warm_up
	began=$(now_ms)
	silent "${steps[@]}"
	kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	sums_up "silent: $SOAK_SILENT processes after" \
		"$((($(now_ms) - began) / 1000)) s"
	served 100 10 20000
	end_silent
	POLL_SECONDS=200 poll_until children_are "$PROXY_PID" 2
	is_as_before
	kb=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) - kb))
	sums_up "silent: $((kb / SOAK_SILENT)) KB each, beside 100" \
		"connections served; VmRSS of the listener $RESIDENT_KB KB" \
		"before, $(resident_kb "$PROXY_PID") KB after"
}

# Over the queue the kernel answers with SYN cookies, and when such connections
# end there are some whose client is no more: the last acknowledgement of the
# old one, which comes when that is gone, passes for a cookie. (Seen in a
# capture; never with tcp_syncookies off.) Only --first-byte-timeout, here by its
# default, or keepalive finds that out.
@test "many connections that say nothing, all at once: nothing is left" {
	export FLOOD_SECONDS=900
	local half
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES" \
		--max-connections $((SOAK_SILENT + 200))
	warm_up
	# A process may have 20,000 descriptors.
	for half in 1 2; do
		start "silent$half" flood silent "$PORT" $((SOAK_SILENT / 2))
	done
	served 100 10 20000
	for half in 1 2; do
		POLL_SECONDS=200 poll_until grep -q connected "$T/silent$half.out"
	done
	served 100 10 20000
	end_silent
	POLL_SECONDS=200 poll_until children_are "$PROXY_PID" 2
	is_as_before
	sums_up "silent: $SOAK_SILENT at once, nothing left;" \
		"$(records | grep -c result=first-byte-timeout) ended by the" \
		"timeout"
}

@test "many connections through the listener: no process, descriptor, pipe or kilobyte is left" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES"
	warm_up
	local began
	began=$(now_ms)
	served "$SOAK" 50 20000
	sums_up "listener: $SOAK connections served and verified in" \
		"$((($(now_ms) - began) / 1000)) s"
	is_as_before
	sums_up "listener: VmRSS $RESIDENT_KB KB before," \
		"$(resident_kb "$PROXY_PID") KB after"
	[ "$(records | grep -c result=closed)" -eq $((SOAK + 300)) ]
	not grep -qE 'level=(warning|error)' "$LOG"
}
