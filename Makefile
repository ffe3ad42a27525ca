# SPDX-License-Identifier: MIT
# make          build/static/byte-proxy, or build/dynamic/ where musl-gcc is
#               missing; STATIC=yes or STATIC=no says which. And byte-proxy-stats
#               where libsystemd is there; STATS=yes or STATS=no says whether
# make deps     install the Debian packages that build and tests need
# make demo     build it, start it with two targets, show both routes at work
# make check    the tests; TESTS=tests/relay.bats FILTER=regex for a part
# make conformance  what both ends of a connection see, with both builds, longer
#               than check does;
#               PROXY=127.0.0.1:9092 TARGET_PORT=9001 BYTE=0x01 through this proxy;
#               PEERS=yes through others, as root
# make bench    byte-proxy beside its peers, as root; QUICK=1 for two minutes of it
# make faults   every system call of a connection fails in every way, minutes;
#               TARGET=bulk for one scenario of it; ends with a line of the sum
# make model    the relay on a simulated kernel, by every script of five acts;
#               ACTS=6 RACES=1 for others, SETUP=tight for one kernel
# make fuzz     longer runs of what the tests fuzz; TARGET=route SECONDS=600
# make memcheck the tests with byte-proxy under valgrind; TESTS, FILTER
# make coverage the tests, and what they do not run; TESTS, FILTER
# make soak     200,000 connections, 20,000 silent ones, 1,000 kills; SOAK=5000
# make check-asan, make lint, make install, make uninstall, make clean
# V=1 shows the commands. CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are honoured,
# and so are SBINDIR, BINDIR, MANDIR, UNITDIR ... below.

STATIC   ?= $(if $(shell command -v musl-gcc 2>/dev/null),yes,no)
PREFIX   ?= /usr/local
SBINDIR  ?= $(PREFIX)/sbin
BINDIR   ?= $(PREFIX)/bin
MANDIR   ?= $(PREFIX)/share/man
COMPDIR  ?= $(PREFIX)/share/bash-completion/completions
DOCDIR   ?= $(PREFIX)/share/doc/byte-proxy
# Where systemd says that these belong: under /usr its own directories, under
# another prefix the same below that.
PKG_CONFIG ?= pkg-config
systemd_dir = $(or $(shell $(PKG_CONFIG) --variable=$(1) \
	$(if $(filter /usr,$(PREFIX)),,--define-variable=prefix=$(PREFIX) \
	--define-variable=rootprefix=$(PREFIX)) systemd 2>/dev/null),$(PREFIX)/lib/$(2))
UNITDIR     ?= $(call systemd_dir,systemdsystemunitdir,systemd/system)
SYSUSERSDIR ?= $(call systemd_dir,sysusersdir,sysusers.d)
CATALOGDIR  ?= $(call systemd_dir,catalogdir,systemd/catalog)
STATS    ?= $(if $(shell $(PKG_CONFIG) --exists libsystemd 2>/dev/null && echo yes),yes,no)
# For size: a process that lives for one connection pays for each page of code.
CFLAGS   ?= $(if $(COVERAGE),-O0,-Os) -g
FILTER   ?= .
TESTS    ?= tests
# Files of tests at once. They wait as long as they compute.
JOBS     ?= $(shell echo $$((2 * $$(nproc))))

ifeq ($(origin CC),default)
CC := $(if $(filter yes,$(STATIC)),musl-gcc,gcc)
endif

comma    := ,
KIND     := $(strip $(if $(ASAN),asan,$(if $(COVERAGE),coverage,$(if $(MEMCHECK),memcheck,\
	$(if $(filter yes,$(STATIC)),static,dynamic)))))
# A directory for each compiler: objects of one are never linked by another.
BUILD    := build/$(KIND)$(if $(filter clang%,$(CC)),-clang)
PROGRAM  := $(BUILD)/byte-proxy
STATS_SOURCES := src/byte-proxy-stats.c $(wildcard src/stats/*.c)
SOURCES  := $(filter-out $(STATS_SOURCES),$(wildcard src/*.c src/*/*.c))
HEADERS  := $(wildcard src/*.h src/*/*.h)
OBJECTS  := $(SOURCES:src/%.c=$(BUILD)/%.o)
# byte-proxy-stats is dynamic, whatever byte-proxy is: it reads the journal with
# libsystemd.
STATS_BUILD   := build/$(if $(ASAN),asan,dynamic)$(if $(filter clang%,$(CC)),-clang)
STATS_PROGRAM := $(STATS_BUILD)/byte-proxy-stats
STATS_SHARED  := src/text.c src/record/result.c
STATS_OBJECTS := $(patsubst src/%.c,$(STATS_BUILD)/stats-objects/%.o, \
	$(STATS_SOURCES) $(STATS_SHARED))
STATS_CC      := $(if $(filter clang%,$(CC)),$(CC),gcc)
TOOLS    := $(patsubst tests/tools/%.c,build/tools/%,$(wildcard tests/tools/*.c))
BENCH_TOOLS := $(addprefix build/bench/,answer load start stream \
	$(if $(filter x86_64 aarch64,$(shell uname -m)),floor))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Wundef \
	-Wimplicit-fallthrough -Wformat=2 -Wconversion -Wno-sign-conversion \
	$(if $(WERROR),-Werror)
HARDENED := -fPIE -fstack-protector-strong -fno-plt \
	$(if $(filter clang%,$(CC)),,-fstack-clash-protection)

ifeq ($(KIND),static)
# The kernel's headers are not among musl's. musl-gcc does not know
# -static-pie: it gets the start file for one (rcrt1.o relocates itself) by hand.
MULTIARCH    := $(shell gcc -print-multiarch)
MUSL_LIB     ?= /usr/lib/$(subst -gnu,-musl,$(MULTIARCH))
KIND_CFLAGS  := -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH) \
	-fno-asynchronous-unwind-tables
KIND_LDFLAGS := -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
	-Wl,-T,src/layout.ld -Wl,-z,max-page-size=65536 \
	-Wl,--defsym=data_alignment=$(if $(filter x86_64%,$(MULTIARCH)),4096,65536) \
	$(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
KIND_END     := $(MUSL_LIB)/crtn.o
else ifeq ($(KIND),asan)
KIND_CFLAGS  := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
KIND_LDFLAGS := -pie -fsanitize=address,undefined
else ifneq ($(COVERAGE)$(MEMCHECK),)
KIND_CFLAGS  := -DINSTRUMENTED $(if $(COVERAGE),--coverage)
KIND_LDFLAGS := -pie $(if $(COVERAGE),--coverage)
else
KIND_CFLAGS  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
KIND_LDFLAGS := -pie -Wl,-z,noseparate-code
endif

ALL_CFLAGS  = -std=gnu17 $(WARNINGS) $(HARDENED) $(KIND_CFLAGS) \
	-ffunction-sections -fdata-sections $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(KIND_LDFLAGS) $(if $(filter static,$(KIND)),,-Wl,-z,relro,-z,now) \
	-Wl,-z,noexecstack -Wl,--gc-sections $(LDFLAGS)

STATS_CFLAGS  = -std=gnu17 $(WARNINGS) $(HARDENED) \
	$(if $(ASAN),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=all,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
	$(shell $(PKG_CONFIG) --cflags libsystemd 2>/dev/null) $(CPPFLAGS) $(CFLAGS)
STATS_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
STATS_LIBS    = $(shell $(PKG_CONFIG) --libs libsystemd)

V ?= 0
ifeq ($(V),0)
Q := @
SAY = @printf '  %-7s %s\n'
else
SAY = @:
endif

.PHONY: all deps demo tools stage kinds check check-asan memcheck coverage conformance bench lint install uninstall clean
.DELETE_ON_ERROR:

all: $(PROGRAM) $(if $(filter yes,$(STATS)),$(STATS_PROGRAM))
	@echo "Built $(PROGRAM) ($(if $(filter static,$(KIND)),static with \
	musl,$(if $(filter asan,$(KIND)),with sanitizers,dynamic with the \
	C library of this system)))"
	@$(if $(filter yes,$(STATS)),echo "Built $(STATS_PROGRAM)",echo "Without \
	byte-proxy-stats: $(PKG_CONFIG) finds no libsystemd (libsystemd-dev)")

$(PROGRAM): $(OBJECTS) $(if $(filter static,$(KIND)),src/layout.ld)
	$(SAY) LINK $@
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(OBJECTS) $(KIND_END)

# What the objects were built with: a change of it builds them anew.
FLAGS_FILE := $(BUILD)/flags
FLAGS_NOW  := $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(shell mkdir -p $(BUILD); printf '%s\n' '$(FLAGS_NOW)' | \
	cmp -s - $(FLAGS_FILE) || printf '%s\n' '$(FLAGS_NOW)' > $(FLAGS_FILE))

$(BUILD)/%.o: src/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(STATS_PROGRAM): $(STATS_OBJECTS)
	$(SAY) LINK $@
	$(Q)$(STATS_CC) $(STATS_CFLAGS) $(STATS_LDFLAGS) -o $@ $^ $(STATS_LIBS)

$(STATS_BUILD)/stats-objects/%.o: src/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(STATS_CC) $(STATS_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(STATS_OBJECTS:.o=.d)

tools: $(TOOLS)

build/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc -std=gnu17 $(WARNINGS) -Wno-conversion -O2 -g -o $@ $<

build/bench/%: tests/bench/%.c tests/bench/client.c tests/bench/client.h
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc -std=gnu17 $(WARNINGS) -Wno-conversion -O2 -g -pthread -o $@ \
		$(filter %.c,$^)

build/bench/start: tests/bench/start.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc -std=gnu17 $(WARNINGS) -Wno-conversion -O2 -g -o $@ $<

build/bench/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc -O2 -static -nostdlib -ffreestanding -Wl,--build-id=none -o $@ $<

# Not a tool of one file: each of its files owns one idea.
FAULTS := build/faults/faults
$(FAULTS): $(wildcard tests/faults/*.[ch])
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)gcc -std=gnu17 $(WARNINGS) -Wno-conversion -O2 -g -o $@ \
		$(filter %.c,$^)

# make faults: two at once, each kind of program in each scenario.
.PHONY: faults
faults: TARGET = $(shell $(FAULTS) -a)
faults: $(FAULTS) shipped
	$(Q)for scenario in $(TARGET); do for kind in $(KINDS); do \
		echo build/$$kind/byte-proxy $$scenario; done; done | \
		{ xargs -P 2 -L 1 $(FAULTS); echo "status $$?"; } | \
		awk '/ [0-9]+ faults, [0-9]+ wrong/ { n += $$3; wrong += $$5 } \
		/^status / { status = $$2; next } { print; fflush() } \
		END { print n + 0 " faults, " wrong + 0 " wrong"; exit status }'

# make model: the relay on a simulated kernel, with all that can happen to it up
# to a number of acts. Its objects' calls are the simulation's (tests/sim/calls).
MODEL       := build/sim/model
SIM_REAL    := connection/end connection/pipe connection/pump address text \
	record/result
SIM_OPTIMIZED := -O2
SIM_CFLAGS  := -std=gnu17 -Wall -Wextra -Wshadow -g $(SIM_OPTIMIZED) \
	-fsanitize=undefined -fno-sanitize-recover=all
SIM_RENAMED := tests/sim/calls

build/sim/real/%.o: src/%.c $(SIM_RENAMED)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc $(SIM_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)objcopy --redefine-syms=$(SIM_RENAMED) $@

build/sim/%.o: tests/sim/%.c $(SIM_RENAMED)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc $(SIM_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(if $(filter seen,$*),objcopy --redefine-syms=$(SIM_RENAMED) $@)

MODEL_OBJECTS := $(patsubst tests/sim/%.c,build/sim/%.o,$(wildcard tests/sim/*.c)) \
	$(SIM_REAL:%=build/sim/real/%.o)
$(MODEL): $(MODEL_OBJECTS)
	$(SAY) LINK $@
	$(Q)gcc $(SIM_CFLAGS) -o $@ $^

-include $(MODEL_OBJECTS:.o=.d)

.PHONY: model
model: $(MODEL)
	$(Q)$(MODEL) -a $(or $(ACTS),5) -r $(or $(RACES),2) $(SETUP)

# Programs that do nothing, or next to it, linked as byte-proxy is.
$(BUILD)/empty $(BUILD)/forked: $(BUILD)/%: tests/bench/%.c $(FLAGS_FILE)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(KIND_END)

# Both of the programs that are shipped, to be counted, measured and booted with,
# whatever build the tests are for.
.PHONY: shipped with-empty
with-empty: $(PROGRAM) $(BUILD)/empty $(BUILD)/forked
	@:
shipped: $(BENCH_TOOLS) | stage
	$(Q)for static in $(if $(shell command -v musl-gcc),yes) no; do \
		$(MAKE) --no-print-directory STATIC=$$static ASAN= COVERAGE= MEMCHECK= \
		CC=$$([ $$static = yes ] && echo musl-gcc || echo gcc) \
		with-empty stage || exit 1; done

# make fuzz: TARGET=route SECONDS=600 for one and longer; needs clang.
FUZZ_TARGETS := config env_file proxy_header relay route
FUZZ_OBJECTS := $(patsubst src/%.c,build/fuzz/objects/%.o, \
	$(filter-out src/byte-proxy.c,$(SOURCES)))
FUZZ_CFLAGS  := -std=gnu17 -Wall -Wextra -g -O1 \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

build/fuzz/objects/%.o: src/%.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

build/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(FUZZ_OBJECTS)
	$(SAY) CC $<
	$(Q)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_OBJECTS)

# The relay's is on the simulated kernel, as make model is.
build/fuzz/real/%.o: src/%.c $(SIM_RENAMED)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)objcopy --redefine-syms=$(SIM_RENAMED) $@

build/fuzz/sim/%.o: tests/sim/%.c $(SIM_RENAMED)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(if $(filter seen,$*),objcopy --redefine-syms=$(SIM_RENAMED) $@)

FUZZ_SIM_OBJECTS := $(patsubst tests/sim/%.c,build/fuzz/sim/%.o, \
	$(filter-out tests/sim/model.c tests/sim/setups.c,$(wildcard tests/sim/*.c))) \
	$(SIM_REAL:%=build/fuzz/real/%.o)
build/fuzz/relay: tests/fuzz/relay.c tests/fuzz/fuzz.h $(FUZZ_SIM_OBJECTS)
	$(SAY) CC $<
	$(Q)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_SIM_OBJECTS)

# Kept, though only patterns name them.
.SECONDARY: $(FUZZ_OBJECTS) $(FUZZ_SIM_OBJECTS)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_SIM_OBJECTS:.o=.d)

.PHONY: fuzz
fuzz: SECONDS := 60
fuzz: TARGET := $(FUZZ_TARGETS)
fuzz: $(addprefix build/fuzz/,$(FUZZ_TARGETS))
	$(Q)for target in $(TARGET); do \
		mkdir -p build/fuzz/found/$$target && \
		build/fuzz/$$target -max_total_time=$(SECONDS) -timeout=5 \
		-artifact_prefix=build/fuzz/broken-$$target- \
		build/fuzz/found/$$target tests/fuzz/corpus/$$target || exit 1; done

deps:
	$(Q)tests/deps build

demo: all
	$(Q)tests/demo $(PROGRAM)

# What make install places, for the tests that boot a system with it.
STAGE := $(BUILD)/stage
stage: all
	$(Q)rm -rf $(STAGE)
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(STAGE)) \
		PREFIX=/usr/local >/dev/null

# How a process is confined, and what the two ends of a connection see, is tested
# of the programs without sanitizers, which would have no part in the first, and of
# both, since C libraries differ in their calls.
KINDS := dynamic $(if $(shell command -v musl-gcc 2>/dev/null),static)

# The files that take longest begin first, or they would end last. Those of one
# file run in turn: bats looks for a free place only once a second.
LONGEST := $(addprefix tests/,$(addsuffix .bats,conformance flood soak \
	systemd_conformance relay faults confine fuzz real_services listener))
longest_first = $(foreach file,$(LONGEST),$(filter $(file),$(1))) \
	$(filter-out $(LONGEST),$(1))
FILES = $(call longest_first, \
	$(if $(filter tests,$(TESTS)),$(wildcard tests/*.bats),$(TESTS)))

TESTED := $(PROGRAM)
TEST_SECONDS := $(if $(MEMCHECK),1500,300)
check: export BATS_NO_PARALLELIZE_WITHIN_FILE := true
check: all tools stage shipped $(FAULTS)
	$(Q)KINDS="$(KINDS)" BYTE_PROXY=$(abspath $(TESTED)) TOOLS=$(abspath build/tools) \
	STAGE=$(abspath $(STAGE)) BUILD=$(abspath build) BATS_TEST_TIMEOUT=$(TEST_SECONDS) \
	bats --timing --jobs $(JOBS) --filter '$(FILTER)' $(FILES)

# In large; what can be set is at the head of tests/soak.bats.
.PHONY: soak
soak: all tools stage shipped
	$(Q)SOAKING=yes SOAK=$(or $(SOAK),200000) \
	SOAK_XINETD=$(or $(SOAK_XINETD),10000) \
	SOAK_SILENT=$(or $(SOAK_SILENT),20000) \
	SOAK_KILLS=$(or $(SOAK_KILLS),500) SOAK_SEED=$(or $(SOAK_SEED),1) \
	BYTE_PROXY=$(abspath $(PROGRAM)) TOOLS=$(abspath build/tools) \
	STAGE=$(abspath $(STAGE)) BUILD=$(abspath build) \
	bats --timing --filter '$(FILTER)' tests/soak.bats

# What never runs the program that is tested: that is of the programs that are
# shipped (budget, faults), of the sources (docs, fuzz, model), of the tests (look), or
# of a booted system, in which no counts and no reports can be written.
ELSEWHERE := budget docs faults fuzz look model systemd systemd_conformance \
	systemd_listener systemd_stats
without = $(if $(filter tests,$(TESTS)),$(filter-out \
	$(addprefix tests/,$(addsuffix .bats,$(1))),$(wildcard tests/*.bats)),$(TESTS))

# A booted system can have sanitizers. By one way in relay.bats has the cases of
# conformance.bats.
check-asan: TESTS := $(call without,budget confine conformance docs faults fuzz \
	look model systemd_conformance)
check-asan:
	$(Q)$(MAKE) --no-print-directory check ASAN=yes STATIC=no TESTS='$(TESTS)'

# Valgrind writes a file for each process, which is empty if nothing is wrong:
# so a super-server may have emptied the environment, or its standard error be a
# client. Programs of any user write there.
REPORTS := build/memcheck/reports
build/memcheck/valgrind/byte-proxy: build/memcheck/byte-proxy Makefile
	@mkdir -p $(@D)
	$(Q)printf '%s\n' '#!/bin/sh' \
		'read -r id </proc/sys/kernel/random/uuid' \
		'exec valgrind -q --error-exitcode=99 --vgdb=no --leak-check=full \' \
		'	--log-file="$(abspath $(REPORTS))/$${TEST:-any}.$$id.%p" \' \
		'	$(abspath $<) "$$@"' >$@
	$(Q)chmod +x $@

# A process that is confined is one that is shipped, the title of one is where
# valgrind has its own arguments, and for crowds there is neither the memory nor
# the time.
memcheck: TESTS := $(call without,$(ELSEWHERE) confine conformance flood soak title)
memcheck:
	$(Q)rm -rf $(REPORTS)
	$(Q)mkdir -p $(REPORTS)
	$(Q)chmod 1777 $(REPORTS)
	$(Q)status=0; \
	$(MAKE) --no-print-directory build/memcheck/valgrind/byte-proxy check \
		MEMCHECK=yes STATIC=no TESTS='$(TESTS)' \
		TESTED=build/memcheck/valgrind/byte-proxy || status=1; \
	tests/memcheck $(REPORTS) || status=1; exit $$status

coverage: TESTS := $(call without,$(ELSEWHERE) conformance)
coverage:
	$(Q)rm -rf build/coverage
	-$(Q)umask 0; $(MAKE) --no-print-directory check COVERAGE=yes STATIC=no \
		TESTS='$(TESTS)'
	$(Q)tests/coverage build/coverage

# Its own ways in for longer; or one proxy that runs already, as the head of
# tests/conformance/conform says; or all the peers there are.
# A test of it runs both kinds at once, so that half as many are as much.
CONFORMANCE := $(if $(PROXY),conform,$(if $(PEERS),peers))
conformance: JOBS = $(shell nproc)
conformance: $(if $(CONFORMANCE),tools,all tools shipped)
	$(Q)$(if $(CONFORMANCE),PROXY=$(PROXY) TARGET_PORT=$(TARGET_PORT) \
	$(if $(filter undefined,$(origin BYTE)),,BYTE=$(BYTE)) \
	BUILD=$(abspath build) TOOLS=$(abspath build/tools) \
	tests/conformance/$(CONFORMANCE),\
	AT_ONCE=1000 ZERO_WINDOW_MS=60000 TALK_SECONDS=90 BATS_TEST_TIMEOUT=900 \
	BOOT_SECONDS=900 KINDS="$(KINDS)" \
	BYTE_PROXY=$(abspath $(PROGRAM)) TOOLS=$(abspath build/tools) \
	BUILD=$(abspath build) \
	bats --timing --jobs $(JOBS) --filter '$(FILTER)' \
	--show-output-of-passing-tests tests/conformance.bats \
	tests/systemd_conformance.bats)

bench: all tools stage shipped
	$(Q)BYTE_PROXY=$(abspath $(PROGRAM)) TOOLS=$(abspath build/tools) \
	STAGE=$(abspath $(STAGE)) BUILD=$(abspath build) QUICK=$(QUICK) \
	tests/bench/bench

lint:
	$(Q)tests/lint

# The files that name the program's path are written for where it goes.
AT_PREFIX := sed 's|/usr/local/sbin/|$(SBINDIR)/|g'
UNITS     := $(patsubst systemd/%,%,$(wildcard systemd/byte-proxy*.socket \
	systemd/byte-proxy*.service systemd/*.slice))
EXAMPLES  := contrib/byte-proxy.env contrib/xinetd/byte-proxy \
	contrib/inetd/inetd.conf contrib/socat/README.md \
	contrib/scale-out/haproxy.cfg contrib/scale-out/README.md \
	systemd/hardened.conf
COMPLETED := byte-proxy $(if $(filter yes,$(STATS)),byte-proxy-stats)

install: all
	$(SAY) INSTALL $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 755 -s $(PROGRAM) $(DESTDIR)$(SBINDIR)/byte-proxy
	$(Q)install -d $(DESTDIR)$(MANDIR)/man8
	$(Q)$(AT_PREFIX) src/man/byte-proxy.8 \
		>$(DESTDIR)$(MANDIR)/man8/byte-proxy.8
	$(Q)chmod 644 $(DESTDIR)$(MANDIR)/man8/byte-proxy.8
ifeq ($(STATS),yes)
	$(Q)install -D -m 755 -s $(STATS_PROGRAM) \
		$(DESTDIR)$(BINDIR)/byte-proxy-stats
	$(Q)install -D -m 644 src/man/byte-proxy-stats.1 \
		$(DESTDIR)$(MANDIR)/man1/byte-proxy-stats.1
endif
	$(Q)for name in $(COMPLETED); do \
		install -D -m 644 "contrib/completion/$$name.bash" \
			"$(DESTDIR)$(COMPDIR)/$$name" || exit 1; done
	$(Q)install -D -m 644 systemd/sysusers.conf \
		$(DESTDIR)$(SYSUSERSDIR)/byte-proxy.conf
	$(Q)install -D -m 644 systemd/byte-proxy.catalog \
		$(DESTDIR)$(CATALOGDIR)/byte-proxy.catalog
	$(Q)install -d $(DESTDIR)$(UNITDIR)
	$(Q)for unit in $(UNITS); do \
		$(AT_PREFIX) "systemd/$$unit" >"$(DESTDIR)$(UNITDIR)/$$unit" && \
		chmod 644 "$(DESTDIR)$(UNITDIR)/$$unit" || exit 1; done
	$(Q)for file in $(EXAMPLES); do \
		to="$(DESTDIR)$(DOCDIR)/$${file#*/}"; \
		install -d "$$(dirname "$$to")" && \
		$(AT_PREFIX) "$$file" >"$$to" && chmod 644 "$$to" || exit 1; done

uninstall:
	$(Q)rm -f $(DESTDIR)$(SBINDIR)/byte-proxy \
		$(DESTDIR)$(BINDIR)/byte-proxy-stats \
		$(DESTDIR)$(MANDIR)/man8/byte-proxy.8 \
		$(DESTDIR)$(MANDIR)/man1/byte-proxy-stats.1 \
		$(DESTDIR)$(COMPDIR)/byte-proxy $(DESTDIR)$(COMPDIR)/byte-proxy-stats \
		$(DESTDIR)$(SYSUSERSDIR)/byte-proxy.conf \
		$(DESTDIR)$(CATALOGDIR)/byte-proxy.catalog \
		$(UNITS:%=$(DESTDIR)$(UNITDIR)/%)
	$(Q)rm -rf $(DESTDIR)$(DOCDIR)

clean:
	$(Q)rm -rf build
