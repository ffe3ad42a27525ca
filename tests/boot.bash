# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests under a real systemd share: one boot for a bats file, in which
# a script makes all the checks; each of the tests is one of them.

# boot_for SCRIPT [NAME...]: boots, and runs boot/SCRIPT, with these variables as
# they are here, where they are set; for setup_file.
boot_for() {
	needs_boot
	BOOTED=$(booted)
	BOOT_SCRIPT=$1
	export BOOTED BOOT_SCRIPT TESTS=$BATS_TEST_DIRNAME BYTE_PROXY TOOLS STAGE
	mkdir "$BOOTED"
	cp "$TESTS/boot/$1" "$BOOTED/run"
	cp -r "$TESTS/boot/checks.bash" "$TESTS/boot/prepare" \
		"$TESTS/../README.md" "$TESTS/look.bash" "$TESTS/hosts.bash" \
		"$TESTS/conformance" "$BOOTED"
	touch "$BOOTED/passed"
	local name
	for name in "${@:2}"; do
		[ -z "${!name:-}" ] || echo "$name=${!name}"
	done >"$BOOTED/environment"
	"$TESTS/boot/boot" "$BOOTED" >&2 || true
}

needs_boot() {
	needs_root
	needs systemd-nspawn systemd-container
}

# booted: where what came of the boot is; of kinds.bash's $KIND, if it is of some.
booted() {
	echo "$BATS_FILE_TMPDIR/booted${KIND:+-$KIND}"
}

# passed: the check whose name is the test's, with blanks for underscores.
passed() {
	local check=${BATS_TEST_DESCRIPTION//[\',]/}
	check=${check// /_}
	grep -qx "$check" "$BOOTED/passed" && return
	cat "$BOOTED/$check.log" >&2 || cat "$BOOTED/console" >&2
	return 1
}

# every_check_has_a_test: nothing that the script checks goes unnoticed.
every_check_has_a_test() {
	local check
	for check in "$BOOTED"/*.log; do
		check=$(basename "$check" .log)
		sed "s/[',]//g" "$BATS_TEST_FILENAME" |
			grep -q "@test \"${check//_/ }\"" || {
			echo "$check has no test" >&2
			return 1
		}
	done
}
