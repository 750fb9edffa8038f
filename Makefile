# SPDX-License-Identifier: ISC
# yubin: one Makefile for everything.  `make help` lists the targets.

B       ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VERSION := 0.1

# V=1 shows the whole commands.
Q   := $(if $(V),,@)
SAY := $(if $(V),:,echo '  ')

# ------------------------------------------------------------ programs
# Sources: bin/NAME.c or bin/NAME/*.c.  The layers (and libraries) each one
# links are listed here; nothing else gets in.

ALL_LAYERS := serve trust net queue maildir users proto msg conf io base

# libargon2 goes into them: nobody else has it loaded, and no login of another
# scheme is to pay for that.
LINK_yubin          := serve queue maildir users proto msg conf io base
LIBS_yubin          := -lcrypt -l:libargon2.a -lcrypto
LINK_checkpw        := serve users proto msg conf io base
LIBS_checkpw        := -lcrypt -l:libargon2.a
LINK_deliver-local  := serve queue maildir users proto msg conf io base
LINK_deliver-remote := serve queue net proto msg conf io base
LIBS_deliver-remote := -lssl -lcrypto -lresolv
LINK_env            := serve conf io base
LINK_imap-login     := serve users proto msg conf io base
LINK_imapd          := serve maildir proto msg users conf io base
LINK_inject         := serve queue proto msg users conf io base
LINK_pop3-login     := serve users proto msg conf io base
LINK_pop3d          := serve maildir proto msg users conf io base
LINK_queue-runner   := serve queue proto msg users conf io base
LINK_smtpd          := serve queue users proto msg conf io base
LINK_tlsd           := serve net conf io base
LIBS_tlsd           := -lssl -lcrypto
LINK_tlsserver      := serve net conf io base
LIBS_tlsserver      := -lssl -lcrypto

PROGRAMS := yubin checkpw deliver-local deliver-remote env imap-login imapd \
	inject pop3-login pop3d queue-runner smtpd tlsd tlsserver

# Started once per connection or delivery: static with musl where musl-gcc
# exists (LIBC=system builds them with the system's C library).
LIGHT := deliver-local env imap-login imapd inject pop3-login pop3d smtpd
# These too, where the libraries they need are there as archives, whichever C
# library those are for (lib/users/glibc.c): musl's own crypt(3) does not know
# yescrypt.
LIGHT_LIBS := checkpw

# --------------------------------------------------------------- flags

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla -Wimplicit-fallthrough -Wundef \
	-Wwrite-strings -Wcast-qual
HARD := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
CPP  := -D_POSIX_C_SOURCE=200809L -DYUBIN_VERSION='"$(VERSION)"' \
	-DYUBIN_LIBEXEC='"$(PREFIX)/bin"' -Ilib
CFLAGS  ?= -O2 -g
BASE_C   = -std=c11 $(CPP) $(WARN) -fPIE -ffunction-sections -fdata-sections \
	-MMD -MP
LINKING := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
	-Wl,--as-needed

ifdef WERROR
BASE_C += -Werror
endif
ifdef SAN
BASE_C  += -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
LINKING += -fsanitize=address,undefined
HARD    :=
LIBC    := system
# Programs free by ending; a leak is no fault of theirs.
export ASAN_OPTIONS := detect_leaks=0
endif

MUSL := $(shell command -v musl-gcc 2>/dev/null)
ifeq ($(LIBC),system)
MUSL :=
endif
ARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
MUSL_LIB := $(firstword $(wildcard /usr/lib/$(ARCH:-gnu=-musl) \
	/usr/lib/musl/lib))
# musl-gcc has no spelling for a static PIE: name the start files ourselves.
MUSL_C    := -idirafter /usr/include -idirafter /usr/include/$(ARCH)
MUSL_LINK := -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
	-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
	$(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
MUSL_END  := $(MUSL_LIB)/crtn.o
# The archive of -lNAME or -l:FILE: a path, or a bare name when there is none.
archive_of = $(shell $(CC) -print-file-name=$(if $(filter -l:%,$1),$(patsubst \
	-l:%,%,$1),$(patsubst -l%,lib%.a,$1)))
archives_of = $(foreach l,$(LIBS_$1),$(call archive_of,$l))
LIGHT += $(foreach p,$(LIGHT_LIBS),$(if $(filter-out /%,$(call \
	archives_of,$p)),,$p))

# Programs that try what they must not do (tools/sandbox-check).
ifdef SANDBOX_CHECK
CPP += -DSANDBOX_CHECK
endif

# Programs that never sync, for the power-cut rig to find out.
ifdef NOSYNC
NOSYNC_O := tests/powercut/nosync.o
WRAPPED  := -Wl,--wrap=fsync,--wrap=fdatasync,--wrap=syncfs
SYS_NOSYNC  := $(B)/sys/$(NOSYNC_O)
MUSL_NOSYNC := $(B)/musl/$(NOSYNC_O)
endif

# -------------------------------------------------------------- objects

layer_src  = $(wildcard lib/$1/*.c)
prog_src   = $(wildcard bin/$1.c bin/$1/*.c)
obj        = $(patsubst %.c,$(B)/$1/%.o,$2)
archives   = $(patsubst %,$(B)/$1/%.a,$2)

# The program NAME is installed as yubin-NAME, yubin as yubin.
installed  = $(if $(filter yubin,$1),yubin,yubin-$1)

BINS := $(foreach p,$(PROGRAMS),$(B)/bin/$(call installed,$p))
MANS := $(wildcard bin/*.[158] bin/*/*.[158])

.PHONY: all check test unit bats asan fuzz tidy fmt layers sizes man install \
	run demo-clean clean help bench bench-million bench-slots bench-smtp \
	bench-store bench-scale bench-login bench-idle bench-guess \
	sandbox-check sandbox-calls \
	powercut crash cuts race fuzz-replay bats-protocols thunderbird \
	systemd-check
.SECONDARY:
.DEFAULT_GOAL := all

all: $(BINS)

help:
	@sed -n 's/^#: //p' Makefile

#: all         build everything into $(B)/bin
#: test check  all tests and checks (what CI runs)
#: unit bats   unit tests; behaviour tests
#: bats-protocols   of these, those of the protocols: for other builds (B=folder)
#: fuzz-replay   the corpora of all fuzz targets
#: asan        unit and behaviour tests under ASan and UBSan
#: fuzz        libFuzzer on every target, SECONDS_MAX=n each (default 60)
#: crash       every system call fails once, and is the last one once;
#:             SECONDS_MAX=n: some of them, for n seconds
#: cuts        sessions that end at each octet, under sanitizers, some minutes;
#:             SECONDS_MAX=n: some of them, for n seconds
#: race        deliveries, sessions and a shell on one Maildir, ten minutes;
#:             SECONDS_MAX=n shortens it
#: tidy fmt    clang-tidy; clang-format in place
#: layers sizes man   house rules: includes, lengths, man pages
#: install     below $(DESTDIR)$(PREFIX)
#: run         the demo server, in the foreground; demo-clean forgets its mail
#: clean       forget all that was built
#: bench       benchmarks; bench-million: a million queued messages (N=n for
#:             fewer)
#: powercut    power cuts on ext4, XFS and btrfs; root; SECONDS_MAX=n shortens it
#: thunderbird Debian's Thunderbird by POP3, IMAP and submission; root; 3 minutes
#: systemd-check the units under a systemd of their own; root, two minutes; the first
#:             time a Debian is fetched
#: bench-slots two orders of acceptance, below build/ (SLOTS_DIR=folder)
#: sandbox-check   each process tries 40 things that its sandbox must deny
#: sandbox-calls   the system calls of all tests beside the sandboxes' lists;
#:             strace, a quarter of an hour (JOBS=n files at a time, ADD=1)
#: bench-smtp  SMTP beside Debian's Postfix; root
#: bench-store IMAP beside Debian's Dovecot; root
#: bench-login logins and idle clients beside Debian's Dovecot; root
#: bench-idle  10,000 idle clients over TLS (N=n); root
#: bench-guess 64 guessers of passwords; five minutes (SECONDS_MAX=n TRIES=n)
#: bench-scale folders of 1,000 to 100,000 messages (N="1000 1000000")

$(B)/sys/%.o: %.c
	@mkdir -p $(@D)
	@$(SAY) CC $@
	$(Q)$(CC) $(CFLAGS) $(BASE_C) $(HARD) -c -o $@ $<

$(B)/musl/%.o: %.c
	@mkdir -p $(@D)
	@$(SAY) CC $@
	$(Q)$(MUSL) $(CFLAGS) $(BASE_C) $(HARD) -U_FORTIFY_SOURCE $(MUSL_C) \
	    -c -o $@ $<

define layer_rule
$(B)/sys/$1.a: $(call obj,sys,$(call layer_src,$1))
	@rm -f $$@
	@ar rcs $$@ $$^
$(B)/musl/$1.a: $(call obj,musl,$(call layer_src,$1))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach l,$(ALL_LAYERS),$(eval $(call layer_rule,$l)))

define sys_rule
$(B)/bin/$1: $(call obj,sys,$(call prog_src,$2)) $(call archives,sys,$(LINK_$2)) \
		$(SYS_NOSYNC)
	@mkdir -p $$(@D)
	@$(SAY) LD $$@
	$$(Q)$$(CC) $$(CFLAGS) $$(LINKING) -o $$@ $(call obj,sys,$(call prog_src,$2)) \
	    -Wl,--start-group $(call archives,sys,$(LINK_$2)) -Wl,--end-group \
	    $(WRAPPED) $(SYS_NOSYNC) $(LIBS_$2)
endef
define musl_rule
$(B)/bin/$1: $(call obj,musl,$(call prog_src,$2)) $(call archives,musl,$(LINK_$2)) \
		$(MUSL_NOSYNC)
	@mkdir -p $$(@D)
	@$(SAY) LD $$@
	$$(Q)$$(MUSL) $$(MUSL_LINK) -o $$@ $(call obj,musl,$(call prog_src,$2)) \
	    $(WRAPPED) $(MUSL_NOSYNC) -Wl,--start-group \
	    $(call archives,musl,$(LINK_$2)) $(call archives_of,$2) \
	    -Wl,--end-group $(MUSL_END)
endef
$(foreach p,$(PROGRAMS),$(eval $(call $(if \
	$(and $(MUSL),$(filter $p,$(LIGHT))),musl_rule,sys_rule),$(call \
	installed,$p),$p)))

# ---------------------------------------------------------------- tests

UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/*.c)) \
	$(B)/tests/powercut
TEST_LIBS := -lcrypt -l:libargon2.a -lssl -lcrypto -lresolv
test_link = $(CC) $(CFLAGS) $(LINKING) -o $@ $< -Wl,--start-group \
	$(call archives,sys,$(ALL_LAYERS)) -Wl,--end-group $(TEST_LIBS)

$(B)/unit/%: $(B)/sys/tests/unit/%.o $(call archives,sys,$(ALL_LAYERS))
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(test_link)

$(B)/tests/%: $(B)/sys/tests/%.o $(call archives,sys,$(ALL_LAYERS))
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(test_link)

POWERCUT := $(patsubst %.c,$(B)/sys/%.o,$(filter-out %/nosync.c, \
	$(wildcard tests/powercut/*.c)))

$(B)/tests/powercut: $(POWERCUT) $(call archives,sys,$(ALL_LAYERS))
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(CC) $(CFLAGS) $(LINKING) -o $@ $(POWERCUT) -Wl,--start-group \
	    $(call archives,sys,$(ALL_LAYERS)) -Wl,--end-group $(TEST_LIBS)

$(B)/fuzz/%: $(B)/sys/tests/fuzz/%.o $(B)/sys/tests/fuzz/replay.o \
		$(call archives,sys,$(ALL_LAYERS))
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(test_link) $(B)/sys/tests/fuzz/replay.o

unit: $(UNITS)
	@tools/unit $(UNITS)

bats: all $(TOOLS)
	@tools/bats $(abspath $(B))

# The protocols' behaviour against another build of the programs, without what
# delivers to other servers: that is linked with the system's C library in any
# case.  Sanitizers see all of it in `make asan`; here also the store.
REMOTE_BATS := tests/queue/remote% tests/queue/hostile.bats tests/queue/dns.bats
STORE_BATS := $(patsubst %,tests/imap/%.bats,courier folders_dovecot maildir \
	names quota)
MORE_BATS := $(patsubst %,tests/imap/%.bats,digests index search_text sessions)\
	$(patsubst %,tests/queue/%.bats,runner runner_trouble dsn report quota)
bats-protocols: all $(TOOLS)
	@tools/bats $(abspath $(B)) $(filter-out $(REMOTE_BATS) $(STORE_BATS) \
	    $(if $(SAN),,$(MORE_BATS) tests/cuts/%), $(wildcard \
	    tests/smtp/*.bats tests/pop3/*.bats tests/imap/*.bats \
	    tests/queue/*.bats tests/cuts/*.bats))

fuzz-replay: $(patsubst %,$(B)/fuzz/%,$(FUZZ))
	@tools/fuzz-replay $(B)

asan:
	@$(MAKE) --no-print-directory B=$(B)/asan SAN=1 WERROR=1 CFLAGS="-O1 -g" \
	    unit fuzz-replay bats

fuzz:
	@tools/fuzz $(or $(SECONDS_MAX),60)

crash: all $(TOOLS)
	@python3 tests/crash/crash.py $(B)

cuts:
	@$(MAKE) --no-print-directory -s B=$(B)/asan SAN=1 CFLAGS="-O1 -g" all
	@python3 tests/cuts/cuts.py $(B)/asan

race: all
	@python3 tests/race/race.py $(B)

check: layers sizes man
	@tools/check

test: check

layers:
	@tools/layers
sizes:
	@tools/sizes
man:
	@tools/man $(MANS)
tidy:
	@tools/tidy
fmt:
	clang-format -i $(wildcard bin/*.c bin/*/*.[ch] lib/*/*.[ch] \
	    tests/*.c tests/*/*.[ch])

# -------------------------------------------------------------- install

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/man/man8 \
	    $(DESTDIR)$(PREFIX)/share/yubin
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	set -e; for m in $(MANS); do n=$${m##*/}; \
	    case $$n in yubin.*) ;; *) n=yubin-$$n ;; esac; \
	    install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$n; \
	done
	cp -R services $(DESTDIR)$(PREFIX)/share/yubin/
	install -m 644 README $(DESTDIR)$(PREFIX)/share/yubin/README

run: all
	@tools/demo run $(abspath $(B))

demo-clean:
	@tools/demo clean

bench-million: all
	python3 tests/million.py $(abspath $(B))/bin $(or $(N),1000000)
	python3 tests/million.py $(abspath $(B))/bin $(or $(N),1000000) due

bench: all
	@tools/bench $(abspath $(B))

bench-slots: $(B)/tests/slots
	@d=$$(mktemp -d "$(or $(SLOTS_DIR),$(abspath $(B)))/slots.XXXXXX") && \
	    { $< "$$d" $(or $(SECONDS_MAX),28); s=$$?; rm -rf "$$d"; exit $$s; }

powercut: all $(B)/tests/powercut
	@$(MAKE) --no-print-directory -s B=$(B)/nosync NOSYNC=1 all
	@$(B)/tests/powercut -b $(B)/bin -n $(B)/nosync/bin \
	    $(addprefix -s ,$(SECONDS_MAX))

thunderbird: all
	@tools/thunderbird $(abspath $(B))

systemd-check: all
	@tools/systemd-check $(abspath $(B))

bench-smtp: all
	@tools/bench-smtp $(abspath $(B))

bench-store: all
	@tools/bench-store $(abspath $(B))

bench-login: all
	@tools/bench-login $(abspath $(B))

bench-idle: all
	@IDLE=$(or $(N),10000) tools/bench-login $(abspath $(B))

bench-guess: all
	@python3 tests/guess.py $(abspath $(B))/bin $(or $(SECONDS_MAX),60) \
	    $(or $(TRIES),10000)

bench-scale: all
	@python3 tests/bench_scale.py $(abspath $(B))/bin/yubin-imapd

SANDBOX := B=$(B)/sandbox SANDBOX_CHECK=1
sandbox-check:
	@$(MAKE) --no-print-directory -s $(SANDBOX) all
	@tools/sandbox-check $(abspath $(B))/sandbox

# With either C library; FILES: not all tests.
SANDBOX_LIBC := B=$(B)/sandbox-libc SANDBOX_CHECK=1 LIBC=system
sandbox-calls:
	@$(MAKE) --no-print-directory -s $(SANDBOX) all test-tools
	@$(MAKE) --no-print-directory -s $(SANDBOX_LIBC) all test-tools
	@tools/sandbox-calls $(abspath $(B))/sandbox \
	    $(abspath $(B))/sandbox-libc -- $(FILES)

.PHONY: test-tools
test-tools: $(TOOLS)

clean:
	rm -rf $(B)

# Not of the systems that lie there: Debian has files of such names.
-include $(shell find $(B) \( -path $(B)/systemd -o -path $(B)/peers \) -prune \
    -o -name '*.d' -type f -print 2>/dev/null)
