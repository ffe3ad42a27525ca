#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The real relay on a simulated kernel (tests/sim), with all that its ends can
# do to it, up to a number of acts; make model goes further. The rules are in
# tests/sim/rules.c.

load helpers

setup_file() {
	make -s -C "$BATS_TEST_DIRNAME/.." build/sim/model >&2
}

model() {
	timeout 120 "$BUILD/sim/model" "$@"
}

@test "model: four acts, one of them at any call" {
	model -a 4 -r 1
}

@test "model: three acts, all of them at any call" {
	model -a 3 -r 3 plain quick timeouts signals
	model -a 3 -r 2 urgent urgent-quick failing failing-urgent \
		pipes unix-client unix-target
}

@test "model: an urgent byte behind what is held, and then a reset" {
	model -s "target:stall client:send=200000 client:urgent=1 client:reset
		target:read@0" urgent
}

@test "model: send() is told of the reset, and what reads then sees an end" {
	model -s "client:send=1 target:urgent=2@0 target:reset@2" urgent
}

@test "model: an end fails with its own error while the other one does" {
	model -s "client:send=1 target:send=1@0 client:reset@1 target:vanish@0"
}

# In the simulation's time.
@test "model: after a day of silence data still arrives, both ways" {
	local setup
	for setup in plain patient; do
		run -0 model -s "time=86400000 client:send=200000
			target:send=70000 client:end target:end" "$setup"
		grep -qE '^86401\.0+ over: closed, up 200010, down 70000,' \
			<<<"$output"
	done
}

@test "model: a day of silence is one hour more than an idle timeout of 23" {
	run -0 model -s time=86400000 tired
	grep -qE '^82801\.0+ over: idle-timeout,' <<<"$output"
}

# breaks FILE SED SAID: with the file changed so, the model finds a rule broken,
# and says that.
breaks() {
	local file=$T/tree/$1 said
	cp "$BATS_TEST_DIRNAME/../$1" "$T/before"
	sed -E "$2" "$T/before" >"$file"
	not cmp -s "$T/before" "$file"
	make -s -C "$T/tree" SIM_OPTIMIZED=-O0 build/sim/model
	said=$("$T/tree/build/sim/model" -a 3 -r "${RACES:-1}" \
		"${SETUPS[@]}" 2>&1) && {
		echo "nothing is broken by $2" >&2
		return 1
	}
	grep -E "broken: .*$3" <<<"$said" || { echo "$said" >&2; return 1; }
	cp -p "$T/before" "$file"
	touch "$file"
}

@test "model: a relay that is wrong is found out" {
	mkdir -p "$T/tree/build"
	cp -a "$BATS_TEST_DIRNAME/../"{Makefile,src,tests} "$T/tree"
	cp -a "$BUILD/sim" "$T/tree/build"
	local pump=src/connection/pump.c relay=src/connection/relay.c SETUPS=()
	# A byte less; one twice; a half-close that is lost, or not waited for.
	breaks "$pump" 's/(n = recv.*buffer), size,/\1 + 1, size - 1,/' \
		'other bytes'
	breaks "$pump" 's/pump->at \+= n;/pump->at += n - (n > 9);/' \
		'other bytes'
	breaks "$pump" 's/int r = shutdown\(.*;/int r = 0;/' 'told the end'
	breaks "$pump" 's/pump->state = PUMP_DRAINING;/shutdown(pump->other->source, SHUT_WR);&/' \
		'closed|sees an end'
	# No grace for a reset; too much; none that waits for what is unsent.
	breaks "$relay" 's/^\tpump_stop\(to\);/&pump_stop(from);/' 'bytes came'
	breaks "$relay" 's/deadline_in_ms\(RESET_GRACE_MS\)/deadline_in_ms(600)/' \
		'comes late'
	breaks src/connection/end.c 's/(until_sent\(.*), deadline\);/\1, 0);/' \
		'bytes came'
	# A hang-up that is not muted, and one that is for good.
	breaks "$relay" 's/(muted\[place\] \|=).*/\1 false;/' 'for nothing'
	breaks "$relay" 's/(muted\[i\]) && !fds\[i\].events/\1/' \
		'told the reset'
	# A pipe left open; a timeout that nothing puts off; another's error.
	breaks "$relay" 's/^\tpump_close\(&relay.down\);//' 'left open'
	breaks "$relay" 's/(idle_timeout_ms) && has_moved/\1 \&\& false/' \
		'a timeout of'
	breaks "$relay" 's/(relay->over \|= now >=) first.*/\1 relay->grace_us;/' \
		'without a wait'
}

@test "model: a relay that is wrong about what is rare is found out" {
	mkdir -p "$T/tree/build"
	cp -a "$BATS_TEST_DIRNAME/../"{Makefile,src,tests} "$T/tree"
	cp -a "$BUILD/sim" "$T/tree/build"
	local pump=src/connection/pump.c end=src/connection/end.c
	local relay=src/connection/relay.c RACES
	# Urgent data read with others; lost to a reset that splice() tells.
	local SETUPS=(urgent-quick)
	RACES=3
	breaks "$pump" 's/at_mark \? 1 : copy_bytes/copy_bytes/' \
		'what is urgent'
	breaks "$pump" 's/!(end_may_fail\(error\))/\1/' 'bytes came'
	# A reset of which only the other direction is told.
	RACES=2 SETUPS=(urgent)
	breaks "$relay" '/is told but once/{n;d}' 'sees an end'
	# A client that was blocking is not made so again; one that was not, is.
	SETUPS=(plain)
	breaks "$end" 's/^(\t)\*(ret_changed) = true;/\1(void)\2;/' \
		'left non-blocking'
	SETUPS=(quick)
	breaks "$end" 's/(flags < 0) \|\| flags & O_NONBLOCK\)/\1)/' \
		'left blocking'
	# A call that fails is not the end.
	RACES=2 SETUPS=(failing)
	breaks "$pump" 's/!(end_may_fail\(error\))/false/' 'after it failed'
	# A write to a pipe that may block, for its size, or for want of a poll.
	SETUPS=(pipes)
	breaks "$end" 's/size < PIPE_BUF \? size : PIPE_BUF/size/' 'may block'
	breaks "$end" 's/if \(r <= 0\)/if (r == 0)/' 'may block'
	breaks "$pump" 's/^\t\t\tclose\(pump->sink\)/\t\t\t(void)pump/' \
		'does not know'
	# A peer that only reads no more is none that is gone.
	SETUPS=(unix-client)
	breaks "$pump" 's/end_is_closed_for_reading\(pump->sink\)/false/' \
		'has not reset'
}
