#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# byte-proxy-stats under a real systemd, with a real journal; boot/stats makes
# the checks.

load helpers
load boot

setup_file() {
	needs jq jq
	boot_for stats
}

@test "nothing is no error" {
	passed
}

@test "it agrees with what was done to the byte" {
	passed
}

@test "percentiles are by nearest rank" {
	passed
}

@test "tables for people" {
	passed
}

@test "since and until cut at the time" {
	passed
}

@test "other journals" {
	passed
}

@test "follow prints it anew" {
	passed
}

@test "what anybody may write is harmless" {
	passed
}

@test "clients may be networks" {
	passed
}

@test "the README section as it is written" {
	passed
}

@test "no check of the boot is left out here" {
	every_check_has_a_test
}

stats() {
	"$STAGE/usr/local/bin/byte-proxy-stats" "$@"
}

@test "bad arguments and journals are refused in one line" {
	local arguments expected status
	while IFS='|' read -r status arguments expected; do
		# shellcheck disable=SC2086 # words
		refuses "$status" "^[^ ]*byte-proxy-stats: $expected" \
			"$STAGE/usr/local/bin/byte-proxy-stats" $arguments
	done <<-END
		64|--bogus|unrecognized option
		64|--since|option .--since. requires
		64|--since never|--since never: expected a time
		64|--until 25:00|--until 25:00: expected a time
		64|--since 2026-13-01|--since 2026-13-01: expected a time
		64|--since -5parsecs|--since -5parsecs: expected a time
		64|--since -213503983d|--since -213503983d: expected a time
		64|--since 2026-02-31|--since 2026-02-31: expected a time
		64|--until @0 --follow|--follow: expected no --until
		64|stray|stray: expected an option
		64|--follow --until now|--follow: expected no --until
		64|--directory /tmp --file /x|--file /x: expected --directory or
		78|--directory $T/none|--directory $T/none: No such file
		78|--file $T/none|--file $T/none: No such file
	END
}

@test "its help, manual, completion and options agree" {
	local option
	run -0 stats --help
	[ "$(grep -oE '^  --[a-z]+' <<<"$output" | wc -l)" -eq 8 ]
	not grep -qE '.{81}' <<<"$output"
	while read -r option; do
		sed 's/ Fl -/ --/g; s/, -/, --/' \
			"$BATS_TEST_DIRNAME/../src/man/byte-proxy-stats.1" |
			grep -qE "^\.It (--help , )?$option( |\$)"
		grep -qwe "$option" \
			"$BATS_TEST_DIRNAME/../contrib/completion/byte-proxy-stats.bash"
	done < <(grep -oE '^  --[a-z]+' <<<"$output")
	run -0 stats --version
	[[ $output =~ ^byte-proxy-stats\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	mandoc -T lint -W warning "$BATS_TEST_DIRNAME/../src/man/byte-proxy-stats.1"
}

@test "standard output that cannot be written to" {
	run -74 bash -c '"$1" >/dev/full' - "$STAGE/usr/local/bin/byte-proxy-stats"
	[[ $output == 'byte-proxy-stats: standard output: '* ]]
}
