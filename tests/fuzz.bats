#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The corpora of the fuzz targets, once, as regressions; make fuzz looks on.

load helpers

# corpus TARGET: builds it, and runs what is kept for it.
corpus() {
	needs clang clang
	# One make at a time: they share objects.
	flock "$BATS_FILE_TMPDIR" make -s -C "$BATS_TEST_DIRNAME/.." \
		"build/fuzz/$1" 3>&-
	timeout 60 "$BUILD/fuzz/$1" "$BATS_TEST_DIRNAME/fuzz/corpus/$1"/*
}

@test "fuzz: the configuration" {
	corpus config
}

@test "fuzz: environment files" {
	corpus env_file
}

@test "fuzz: routes" {
	corpus route
}

@test "fuzz: headers of the PROXY protocol" {
	corpus proxy_header
}

@test "fuzz: the relay on a simulated kernel" {
	corpus relay
}
