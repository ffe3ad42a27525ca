# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Machines beside this one, and its own buffers, for what has a network namespace
# of its own.

# host NAME NUMBER: a host of its own, 192.0.2.NUMBER, on one switch with this
# one, which is 192.0.2.254.
host() {
	ip link show switch >/dev/null 2>&1 || {
		ip link add switch type bridge
		ip address add 192.0.2.254/24 dev switch
		ip link set switch up
	}
	ip netns add "$1"
	ip link add "port-$1" type veth peer name eth0 netns "$1"
	ip link set "port-$1" master switch up
	ip -n "$1" link set lo up
	ip -n "$1" address add "192.0.2.$2/24" dev eth0
	ip -n "$1" link set eth0 up
}

# on NAME COMMAND...: there. unplug NAME: as if its power was lost; plug NAME: it
# is back.
on() {
	ip netns exec "$@"
}
unplug() {
	ip link set "port-$1" down
}
plug() {
	ip link set "port-$1" up
}

# small_buffers: of all TCP sockets of this network, which soon are full then.
small_buffers() {
	echo 4096 65536 262144 >/proc/sys/net/ipv4/tcp_rmem
	echo 4096 65536 262144 >/proc/sys/net/ipv4/tcp_wmem
	export STALL_BYTES=4000000 STALL_SEGMENTS=40000
}
