# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What all the tests share. Every test has a directory $T of its own; whatever
# start() started is ended, by its process id, when the test is over.
#
# From the Makefile: BYTE_PROXY (the program), TOOLS (the directory of talk and
# superserver), BUILD.

bats_require_minimum_version 1.5.0

: "${BYTE_PROXY:?run the tests with make check}" "${TOOLS:?}" "${BUILD:?}"
PATH=$TOOLS:$PATH

# shellcheck source=tests/look.bash
source "$BATS_TEST_DIRNAME/look.bash"

setup() {
	T=$BATS_TEST_TMPDIR
	PIDS=()
	# A user whom no other test has that runs now: limits of processes and of
	# pipes are each user's, on the whole machine. Nobody else has this range.
	OWN=$((0x70000000 + $$))
	AS_OWN=(setpriv --reuid "$OWN" --regid "$OWN" --clear-groups)
	unset "${!BYTE_PROXY_@}"
	export -n BYTE_PROXY TOOLS BUILD
	# A sanitizer's report ends the program with a status of its own. Leaks
	# are not looked for: byte-proxy allocates nothing, and to look takes
	# four times as long as all else of a short process.
	ASAN_OPTIONS=exitcode=99:log_path=$T/sanitizer:log_exe_name=1
	export ASAN_OPTIONS+=:detect_leaks=0
	export UBSAN_OPTIONS=print_stacktrace=1:log_path=$T/sanitizer
	# The names of valgrind's reports begin so. Under it what takes moments
	# takes seconds.
	TEST=$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER
	export TEST
	# Each process that is measured writes its counts when it ends, in turn.
	[[ $BYTE_PROXY != */coverage/* ]] || export POLL_SECONDS=120
	is_under_valgrind || return 0
	export POLL_SECONDS=200 TALK_SECONDS=150 FLOOD_SECONDS=900
}

teardown() {
	end_all
	if [ -n "$(reports)" ]; then
		reports | xargs cat
		return 1
	fi
	# What the programs said, should the test have failed.
	tail -n 20 "$T"/*.err "$T"/*/*.err 2>/dev/null || true
}

# reports: the files with what sanitizers or valgrind have to say.
reports() {
	find "$T"/sanitizer* "$BUILD/memcheck/reports/$TEST".* \
		-type f -size +0 2>/dev/null
}

# needs COMMAND PACKAGE: a test that cannot run fails under CI.
needs() {
	command -v "$1" >/dev/null && return
	if [ "${CI:-}" = true ]; then
		echo "$1 is missing: install the Debian package $2" >&2
		return 1
	fi
	skip "needs $1: install the Debian package $2 (make deps)"
}

# is_instrumented: byte-proxy is built with sanitizers, or to be measured. Then
# it is not confined, and slow.
is_instrumented() {
	[[ $BYTE_PROXY =~ /(asan|coverage|memcheck)/ ]]
}
not_instrumented() {
	not is_instrumented 2>/dev/null
}
is_under_valgrind() {
	[[ $BYTE_PROXY == */memcheck/* ]]
}

# soon TIME MAX: less than that, of a program that runs at its own pace.
soon() {
	is_under_valgrind || [ "$1" -lt "$2" ]
}

# own_pace REASON: what cannot be tested of a program under valgrind.
own_pace() {
	! is_under_valgrind || skip "under valgrind $1"
}

# take_time: the times that end a connection are long under valgrind, where a
# test does not set them.
take_time() {
	is_under_valgrind || return 0
	export BYTE_PROXY_FIRST_BYTE_TIMEOUT=10min BYTE_PROXY_DRAIN_TIMEOUT=10min
	export BYTE_PROXY_CONNECT_TIMEOUT=10min
}

needs_root() {
	[ "$(id -u)" -eq 0 ] && return
	if [ "${CI:-}" = true ]; then
		echo "this test has to run as root" >&2
		return 1
	fi
	skip "needs root"
}

# start NAME COMMAND...: in the background, with its output in $T/NAME.out and
# .err; its process id in $PID, and later in ${STARTED[NAME]}.
declare -gA STARTED
start() {
	local name=$1
	shift
	# Emptied here: in the background it may come after a look at it.
	: >"$T/$name.out"
	: >"$T/$name.err"
	"$@" >>"$T/$name.out" 2>>"$T/$name.err" 3>&- </dev/null &
	PID=$!
	born "$PID"
	PIDS+=("$PID")
	STARTED[$name]=$PID
}

end_all() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${PIDS[@]}"; do
		poll_until gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
	done
	PIDS=()
}

# ended PID STATUS: waits for a started program; it has to exit with STATUS.
ended() {
	local status=0
	poll_until gone "$1"
	wait "$1" || status=$?
	[ "$status" -eq "$2" ] || {
		echo "exit status $status, expected $2" >&2
		return 1
	}
}

# target NAME STEPS...: a target on a free port; it is in ${PORTS[NAME]}, and
# its address in ${TARGETS[NAME]}.
declare -gA PORTS TARGETS
target() {
	target_at "$1" 127.0.0.1 "${@:2}"
}

# target_at NAME HOST STEPS...
target_at() {
	local name=$1 host=$2
	shift 2
	rm -f "$T/$name.port"
	start "$name" talk listen "$host:0" "$T/$name.port" "$@"
	TARGET_PID=$PID
	poll_until test -s "$T/$name.port"
	PORTS[$name]=$(<"$T/$name.port")
	TARGETS[$name]=$host:${PORTS[$name]}
}

# unix_target NAME ADDRESS STEPS...
unix_target() {
	rm -f "$T/$1.port"
	start "$1" talk listen "$2" "$T/$1.port" "${@:3}"
	TARGET_PID=$PID
	poll_until test -s "$T/$1.port"
	TARGETS[$1]=$2
}

# proxy ARGUMENTS...: byte-proxy listening by itself, on the free port $PORT.
proxy() {
	take_time
	start proxy "$BYTE_PROXY" --listen-port 0 "$@"
	PROXY_PID=$PID
	LOG=$T/proxy.err
	poll_until grep -q 'msg=listening' "$LOG"
	PORT=$(sed -n 's/.*msg=listening address=.*:\([0-9]*\)$/\1/p' "$LOG" |
		head -n 1)
}

# traced_proxy: the listener is a child of the strace that was just started.
# strace ignores SIGTERM, and ends when its child does.
traced_proxy() {
	LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	PROXY_PID=$(<"/proc/$PID/task/$PID/children")
	PROXY_PID=${PROXY_PID%% *}
	born "$PROXY_PID"
	PIDS+=("$PROXY_PID")
}

# handed_over [OPTIONS...] -- ARGUMENTS...: byte-proxy started for each
# connection to the free port $PORT by superserver.
handed_over() {
	local options=()
	take_time
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$T"/super.*
	start super superserver "${options[@]}" "$T/super" -- "$BYTE_PROXY" "$@"
	SUPER_PID=$PID
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
}

# handler_status STATUS: superserver's first child has exited so.
handler_status() {
	poll_until test -s "$T/super.status"
	[ "$(head -n 1 "$T/super.status")" = "$1" ] || {
		echo "exit status $(<"$T/super.status"), expected $1" >&2
		return 1
	}
}

# free_port: a port that nobody listens on just now. For programs that cannot
# take port 0; activate tries again when it was lost meanwhile.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

listens() {
	grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp ||
		grep -q ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp6
}

# listens_unix PATH: a socket is there a moment before it listens.
listens_unix() {
	grep -q " 00010000 .* $1$" /proc/net/unix
}

# activate OPTIONS... -- ARGUMENTS...: by systemd-socket-activate, on $PORT.
activate() {
	needs systemd-socket-activate systemd
	local options=() tries
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	for tries in 1 2 3 4 5; do
		PORT=$(free_port)
		start activate systemd-socket-activate -E ASAN_OPTIONS \
			-E UBSAN_OPTIONS -E TEST -l "127.0.0.1:$PORT" "${options[@]}" \
			"$BYTE_PROXY" "$@"
		LOG=$T/activate.err
		poll_until listens_or_gone "$PORT" "$PID"
		listens "$PORT" && ! gone "$PID" && return
	done
	return 1
}

listens_or_gone() {
	listens "$1" || gone "$2"
}

# client STEPS...: a client of the proxy at $PORT, until it is done.
client() {
	talk connect "127.0.0.1:$PORT" "$@"
}

# in_network SCRIPT: runs it in namespaces of its own; see network.bash. They end
# with the shell that waits for them, should that be killed.
in_network() {
	needs ip iproute2
	needs_root
	take_time
	# shellcheck disable=SC2016 # expanded in there
	T=$T BYTE_PROXY=$BYTE_PROXY BUILD=$BUILD TESTS=$BATS_TEST_DIRNAME \
		setpriv --pdeathsig KILL \
		unshare -nmp --fork --kill-child --mount-proc \
		bash -c 'source "$TESTS/network.bash"; '"$1" 3>&-
}

# records: the record lines so far. record_count N: there are N.
records() {
	grep 'msg=connection' "$LOG"
}
record_count() {
	[ "$(records | wc -l)" -ge "$1" ]
}

# field KEY [N]: the value of a field of the N-th record (1).
field() {
	poll_until record_count "${2:-1}"
	records | sed -n "${2:-1}p" |
		sed -nE "s/.* $1=(\"([^\"]*)\"|([^ ]*)).*/\2\3/p"
}

# expect_record KEY=VALUE...: of the first record; N:KEY=VALUE of another.
expect_record() {
	local pair n key value
	for pair; do
		n=1
		if [[ $pair =~ ^([0-9]+):(.*) ]]; then
			n=${BASH_REMATCH[1]} pair=${BASH_REMATCH[2]}
		fi
		key=${pair%%=*} value=$(field "${pair%%=*}" "$n")
		[ "$value" = "${pair#*=}" ] || {
			echo "$key=$value, expected ${pair#*=}" >&2
			records >&2
			return 1
		}
	done
}

# spares PID, handlers PID: the children of a listener. A spare has the pipe of
# which its listener has both ends.
spares() {
	children_with grep -qE "$(pipes_of "$1")" "$1"
}
handlers() {
	children_with not grep -qE "$(pipes_of "$1")" "$1"
}
children_with() {
	local child links pid=${*: -1} test=("${@:1:$#-1}")
	for child in $(<"/proc/$pid/task/$pid/children"); do
		# One that ends meanwhile is neither.
		links=$(find "/proc/$child/fd" -printf '%l\n' 2>/dev/null) || continue
		[ -n "$links" ] || continue
		if "${test[@]}" <<<"$links" 2>/dev/null; then echo "$child"; fi
	done
	return 0
}
pipes_of() {
	find "/proc/$1/fd" -printf '%l\n' | grep '^pipe:' | sort | uniq -d |
		tr '[]\n' '..|'
	echo none
}

# stop_spares: those of proxy, which are in SPARES, to be sent SIGCONT.
stop_spares() {
	poll_until has_spares
	born "${SPARES[@]}"
	kill -STOP "${SPARES[@]}"
	poll_until stopped "${SPARES[@]}"
}
has_spares() {
	mapfile -t SPARES < <(spares "$PROXY_PID")
	[ ${#SPARES[@]} -eq 2 ]
}
stopped() {
	[ "$(cat "/proc/$1/status" "/proc/$2/status" |
		grep -c '^State:.T')" -eq 2 ]
}

# handler_of PID: the first one.
handler_of() {
	handlers "$1" | head -n 1
}
has_handler() {
	[ -n "$(handler_of "$1")" ]
}
no_handler() {
	[ -z "$(handler_of "$1")" ]
}

# not COMMAND...: it has to fail. (bats takes no notice of "! command".)
not() {
	if "$@"; then
		echo "did not fail: $*" >&2
		return 1
	fi
}

# says REGEX COMMAND...: it writes exactly one line, to standard error, and
# that matches.
says() {
	local regex=$1
	shift
	# What is not refused would go on.
	run --separate-stderr timeout "${TALK_SECONDS:-5}" "$@" </dev/null
	# shellcheck disable=SC2154 # set by run
	if [ -n "$output" ] || [ "${#stderr_lines[@]}" -ne 1 ] ||
		[[ ! $stderr =~ $regex ]]; then
		printf 'status %s\noutput: %s\nstderr: %s\nexpected: %s\n' \
			"$status" "$output" "$stderr" "$regex" >&2
		return 1
	fi
}

# refuses STATUS REGEX COMMAND...: the same, with this exit status.
refuses() {
	local expected=$1
	shift
	says "$@" || return 1
	[ "$status" -eq "$expected" ] || {
		echo "exit status $status, expected $expected" >&2
		return 1
	}
}
