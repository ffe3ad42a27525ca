#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What ps and systemctl status show of a process. In a booted system it is one
# of tests/boot's checks.

load helpers

title_of() {
	ps -o args= -p "$1" | sed 's/ *$//'
}

# has_title PID REGEX: and nothing else is left of the arguments.
has_title() {
	[[ $(title_of "$1") =~ ^$2$ ]]
}

shows() {
	poll_until has_title "$@" || {
		echo "it shows: $(title_of "$1")" >&2
		return 1
	}
}

# connected: a client of the proxy at $PORT that has an answer, and stays.
connected() {
	rm -f "$T/there"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
		touch:"$T/there" rest
	poll_until test -e "$T/there"
}

@test "a listener's processes: what waits, and whose connection it is" {
	needs ps procps
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}" --debug
	local listener spare
	listener=$(title_of "$PROXY_PID")
	[[ $listener == *"--listen-port 0 --map 0x01=${TARGETS[echo]} --debug" ]]
	for spare in $(spares "$PROXY_PID"); do
		shows "$spare" 'byte-proxy: waiting'
	done
	connected
	shows "$(handler_of "$PROXY_PID")" \
		"byte-proxy: 0x01 from 127\.0\.0\.1:[0-9]+ to ${TARGETS[echo]}"
	[ "$(title_of "$PROXY_PID")" = "$listener" ]

	# What it was started with is still there to be read again.
	kill -HUP "$PROXY_PID"
	poll_until grep -q 'msg=reloaded' "$LOG"
	client send:'\x01x' expect:x
}

@test "of a super-server's process too, with much to write it over or little" {
	needs ps procps
	target echo echo
	local title="byte-proxy: 0x01 from 127\.0\.0\.1:[0-9]+ to ${TARGETS[echo]}"
	local many=() i
	handed_over -- --map "0x01=${TARGETS[echo]}"
	connected
	shows "$(pgrep -P "$SUPER_PID")" "$title"
	end_all

	for i in {2..90}; do
		many+=(--map "$(printf '0x%02x' "$i")=192.0.2.1:1")
	done
	target echo echo
	title=${title%to *}"to ${TARGETS[echo]}"
	handed_over -- "${many[@]}" --map "0x01=${TARGETS[echo]}"
	connected
	shows "$(pgrep -P "$SUPER_PID")" "$title"
	end_all

	# As under systemd: no arguments, and the routes in the environment.
	target echo echo
	title=${title%to *}"to ${TARGETS[echo]}"
	BYTE_PROXY_MAP="0x01=${TARGETS[echo]}" handed_over --
	connected
	shows "$(pgrep -P "$SUPER_PID")" "$title"
}

@test "with nothing else to write over it is cut off" {
	needs ps procps
	target echo echo
	ln -s "$BYTE_PROXY" "$T/p"
	cd "$T"
	# Of the arguments there are three, with 5 + 6 + 5 + the target's bytes.
	start super env -i "$TOOLS/superserver" super -- ./p --map \
		"0x01=${TARGETS[echo]}"
	poll_until test -s super.port
	SUPER_PID=$PID PORT=$(<super.port)
	connected
	shows "$(pgrep -P "$SUPER_PID")" "byte-proxy: 0x01 from 127.*"
	local title
	title=$(title_of "$(pgrep -P "$SUPER_PID")")
	[ ${#title} -eq $((15 + ${#TARGETS[echo]})) ]
}

@test "the title has no more of the client than the log" {
	needs ps procps
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --log-address prefix
	connected
	shows "$(handler_of "$PROXY_PID")" \
		"byte-proxy: 0x01 from 127\.0\.0\.0/24 to ${TARGETS[echo]}"
	end_all
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --log-address none
	connected
	shows "$(handler_of "$PROXY_PID")" \
		"byte-proxy: 0x01 to ${TARGETS[echo]}"
}
