# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Each way in, for conform. Sourced after network.bash, in a network of its own,
# or in a booted system.

# settings: byte-proxy's, as conform wants them. A variable of another name is
# ignored by who does not know it.
settings() {
	local byte map=
	for byte in {1..15}; do
		printf -v map '%s 0x%02x=127.0.0.1:%d' "$map" "$byte" $((9000 + byte))
	done
	echo "BYTE_PROXY_MAP=\"$map\""
	echo 'BYTE_PROXY_FIRST_BYTE_TIMEOUT=2s'
	echo 'BYTE_PROXY_CONNECT_TIMEOUT=2s'
}
# These two times are over before keepalive ends a connection, after 2 s at least.
patient_settings() {
	settings | sed 's/=2s$/=1500ms/'
	echo 'BYTE_PROXY_KEEPALIVE=1s'
	echo 'BYTE_PROXY_KEEPALIVE_INTERVAL=1s'
	echo 'BYTE_PROXY_USER_TIMEOUT=1500ms'
}

# conform_byte_proxy LOG IS [REGEX]: of what is on port 9092.
conform_byte_proxy() {
	small_buffers
	LOG=$1 IS="byte-proxy $2" PROCESSES=byte-proxy \
		"$TESTS/conformance/conform" "${3:-.}"
}
# reached_from HOST: by that one we are, nobody has port 1.
reached_from() {
	on "$1" talk connect 192.0.2.254:1 close 2>&1 | grep -q refused
}
# The same with a client on a machine that vanishes.
conform_vanishing() {
	if ip netns list | grep -q '^goes'; then
		plug goes # it vanished before
	else
		host goes 2
	fi
	poll_until reached_from goes
	FROM='ip netns exec goes' VANISH='ip link set port-goes down' \
		PROXY=192.0.2.254:9092 conform_byte_proxy "$1" "patient $2"
}

# way NAME [patient]: of network.bash's fronts.
way() {
	local log=$T/front.err is=
	case $1 in
	xinetd | inetd*)
		log=$T/syslog
		start_syslog "$log"
		;;
	socat) is=pair ;;
	socat_pipes) is=pipes ;;
	esac
	mapfile -t lines < <("${2:+${2}_}settings")
	install_program "${lines[@]}"
	front "$1"
	if [ -n "${2:-}" ]; then
		conform_vanishing "$log" "$is"
	else
		conform_byte_proxy "$log" "$is"
	fi
}
