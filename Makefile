# SPDX-License-Identifier: MIT
# make          build/static/byte-proxy, or build/dynamic/ where musl-gcc is
#               missing; STATIC=yes or STATIC=no says which
# make deps     install the Debian packages that build and tests need
# make demo     build it, start it with two targets, show both routes at work
# make check    the tests; TESTS=tests/relay.bats FILTER=regex for a part
# make check-asan, make lint, make install, make uninstall, make clean
# V=1 shows the commands. CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are honoured.

STATIC   ?= $(if $(shell command -v musl-gcc 2>/dev/null),yes,no)
PREFIX   ?= /usr/local
SBINDIR  ?= $(PREFIX)/sbin
MANDIR   ?= $(PREFIX)/share/man
COMPDIR  ?= $(PREFIX)/share/bash-completion/completions
DOCDIR   ?= $(PREFIX)/share/doc/byte-proxy
UNITDIR  ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
CFLAGS   ?= -O2 -g
FILTER   ?= .
TESTS    ?= tests
JOBS     ?= $(shell nproc)

ifeq ($(origin CC),default)
CC := $(if $(filter yes,$(STATIC)),musl-gcc,gcc)
endif

KIND     := $(if $(ASAN),asan,$(if $(filter yes,$(STATIC)),static,dynamic))
# A directory for each compiler: objects of one are never linked by another.
BUILD    := build/$(KIND)$(if $(filter clang%,$(CC)),-clang)
PROGRAM  := $(BUILD)/byte-proxy
SOURCES  := $(wildcard src/*.c src/*/*.c)
HEADERS  := $(wildcard src/*.h src/*/*.h)
OBJECTS  := $(SOURCES:src/%.c=$(BUILD)/%.o)
TOOLS    := $(patsubst tests/tools/%.c,build/tools/%,$(wildcard tests/tools/*.c))

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
KIND_CFLAGS  := -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH)
KIND_LDFLAGS := -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
	$(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
KIND_END     := $(MUSL_LIB)/crtn.o
else ifeq ($(KIND),asan)
KIND_CFLAGS  := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
KIND_LDFLAGS := -pie -fsanitize=address,undefined
else
KIND_CFLAGS  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
KIND_LDFLAGS := -pie
endif

ALL_CFLAGS  = -std=gnu17 $(WARNINGS) $(HARDENED) $(KIND_CFLAGS) \
	-ffunction-sections -fdata-sections $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(KIND_LDFLAGS) -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--gc-sections $(LDFLAGS)

V ?= 0
ifeq ($(V),0)
Q := @
SAY = @printf '  %-7s %s\n'
else
SAY = @:
endif

.PHONY: all deps demo tools check check-asan lint install uninstall clean
.DELETE_ON_ERROR:

all: $(PROGRAM)
	@echo "Built $(PROGRAM) ($(if $(filter static,$(KIND)),static with \
	musl,$(if $(filter asan,$(KIND)),with sanitizers,dynamic with the \
	C library of this system)))"

$(PROGRAM): $(OBJECTS)
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

-include $(OBJECTS:.o=.d)

tools: $(TOOLS)

build/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)gcc -std=gnu17 $(WARNINGS) -Wno-conversion -O2 -g -o $@ $<

deps:
	$(Q)tests/deps build

demo: all
	$(Q)tests/demo $(PROGRAM)

check: all tools
	$(Q)BYTE_PROXY=$(abspath $(PROGRAM)) TOOLS=$(abspath build/tools) \
	BUILD=$(abspath build) BATS_TEST_TIMEOUT=120 \
	bats --timing --jobs $(JOBS) --filter '$(FILTER)' $(TESTS)

check-asan:
	$(Q)$(MAKE) --no-print-directory check ASAN=yes STATIC=no

lint:
	$(Q)tests/lint

# The files that name the program's path are written for where it goes.
AT_PREFIX := sed 's|/usr/local/sbin/|$(SBINDIR)/|g'
UNITS     := byte-proxy.socket byte-proxy@.service
EXAMPLES  := byte-proxy.env xinetd/byte-proxy inetd/inetd.conf socat/README.md

install: all
	$(SAY) INSTALL $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 755 -s $(PROGRAM) $(DESTDIR)$(SBINDIR)/byte-proxy
	$(Q)install -D -m 644 src/man/byte-proxy.8 \
		$(DESTDIR)$(MANDIR)/man8/byte-proxy.8
	$(Q)install -D -m 644 contrib/completion/byte-proxy.bash \
		$(DESTDIR)$(COMPDIR)/byte-proxy
	$(Q)install -D -m 644 systemd/sysusers.conf \
		$(DESTDIR)$(SYSUSERSDIR)/byte-proxy.conf
	$(Q)install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)
	$(Q)for unit in $(UNITS); do \
		$(AT_PREFIX) "systemd/$$unit" >"$(DESTDIR)$(UNITDIR)/$$unit" && \
		chmod 644 "$(DESTDIR)$(UNITDIR)/$$unit" || exit 1; done
	$(Q)for file in $(EXAMPLES); do \
		install -d "$(DESTDIR)$(DOCDIR)/$$(dirname "$$file")" && \
		$(AT_PREFIX) "contrib/$$file" >"$(DESTDIR)$(DOCDIR)/$$file" && \
		chmod 644 "$(DESTDIR)$(DOCDIR)/$$file" || exit 1; done

uninstall:
	$(Q)rm -f $(DESTDIR)$(SBINDIR)/byte-proxy \
		$(DESTDIR)$(MANDIR)/man8/byte-proxy.8 \
		$(DESTDIR)$(COMPDIR)/byte-proxy \
		$(DESTDIR)$(SYSUSERSDIR)/byte-proxy.conf \
		$(UNITS:%=$(DESTDIR)$(UNITDIR)/%)
	$(Q)rm -rf $(DESTDIR)$(DOCDIR)

clean:
	$(Q)rm -rf build
