# SPDX-License-Identifier: GPL-2.0-only
#
# The front door: every command of the project is a target here, and what it
# takes is in tools/. Kbuild describes the modules; this file is not read by it.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
vm := tools/vm

export K T V KSRC STRATA_CACHE M VET ACCEL JOBS CPUS MEMORY NODES APPEND SEED BUILT STORM

.DEFAULT_GOAL := modules
.PHONY: modules demo check debug kunit selftest fuzz coverage mutants storm matrix static coccicheck vet \
	vet-test qemu manifest lib \
	install install-modules install-lib clean help

##   modules    strata.ko and its companions for a kernel (plain 'make')
modules:
	@tools/setup build
	@kdir=$$($(vm)/kdir $(K)) && dir=$$($(vm)/module "$$kdir") && ls $$dir/*.ko

##   demo       load strata into Debian's kernel in QEMU and show it at work
demo:
	@$(vm)/run demo $(K)

##   check      the tests: quick static checks, KUnit, kselftests
check:
	@$(vm)/check quick

##   debug      KUnit and kselftests on a kernel with every sanitizer
debug:
	@$(vm)/check debug

##   kunit      the KUnit suites, or those that T=<glob> names
kunit:
	@$(vm)/run kunit $(K)

##   selftest   the user-space tests, or those that T=<name> names
selftest:
	@$(vm)/run selftest $(K)

.PHONY: sanitizer
##   sanitizer  mistakes made on purpose: do KASAN, kmemleak and strata see each?
sanitizer:
	@$(vm)/run sanitizer $(K)

.PHONY: bench
##   bench      strata beside its rivals, on every kernel; T=<glob> for some rows
bench:
	@tools/bench/run

.PHONY: bench-profile
##   bench-profile  instructions of rows by function, of both sides; T=<glob>, K=<kernel>
bench-profile:
	@tools/bench/profile

.PHONY: bench-publish
##   bench-publish  the figures of the last bench into README.md and Documentation/
bench-publish:
	@tools/bench/publish.py

##   mutants    bugs put in on purpose, T=<glob> of selftests/mutants: do the tests see them?
mutants:
	@tools/mutants $(if $(T),'$(T)')

##   coverage   which lines, branches and goto labels of mod/ the tests run; below
##              tools/coverage/floors it fails. T=<glob>: what some of the tests run
coverage:
	@tools/coverage/run

##   fuzz       random programs on the API and the device, T=<seconds> of each, or of
##              FUZZERS=api or device; K=newest-fuzz-um: guided by coverage, with
##              KASAN; K=newest-bench-um CPUS=1: the most in that time
fuzz:
	@$(vm)/run fuzz $(K)

##   storm      everything at once on CPUS=4 while processors come and go, memory is
##              reclaimed and runs out; STORM=<seconds> of each; and 200 reloads
storm:
	@CPUS=$(or $(CPUS),4) STORM=$(or $(STORM),30) T=storm $(vm)/run selftest $(K)
	@CPUS=$(or $(CPUS),4) STORM=$(or $(STORM),30) T=load $(vm)/run selftest $(K)

##   matrix     the tests on every kernel and machine, or those that T=<glob> names;
##              BRIEF=1 skips programs that take long, BUILT=1 what has no kernel yet
matrix:
	@$(vm)/matrix

##   static     compiler and style checks, without running anything
static:
	@tools/static

##   coccicheck idioms of regions that end badly, matched by coccinelle's rules
coccicheck:
	@tools/vet/coccicheck

##   vet-test   strata-vet over its labelled corpus, or the files that T=<glob> names
vet-test:
	@tools/setup build vet && tools/vet/selftest && tools/vet/test

##   qemu       a shell in the guest, with strata loaded
qemu:
	@$(vm)/run shell $(K)

##   vet        strata-vet, escape analysis, over the project, or over T=<file.c>;
##              'make VET=1' builds the modules with it
vet:
	@tools/vet/run $(T)

##   manifest   write down the numbers of test cases, after adding some
manifest:
	@MANIFEST=write $(vm)/run kunit
	@MANIFEST=write $(vm)/run selftest

##   lib        libstrata, shared and static, into build/lib
lib:
	@tools/setup build
	@$(MAKE) -C tools/libstrata all
	@ls build/lib/*.a build/lib/*.so

##   install    the modules into /lib/modules of the kernel K, and libstrata
##              into PREFIX (/usr/local); install-modules, install-lib: one of them
install: install-modules install-lib

install-modules:
	@tools/setup build install
	@kdir=$$($(vm)/kdir $(K)) && $(vm)/install "$$kdir"

install-lib:
	@tools/setup build
	@$(MAKE) -C tools/libstrata install

##   clean      remove what was built here; the cache of kernels stays
clean:
	@rm -rf build

help:
	@echo 'usage: make [command] [K=<kernel>] [T=<test>] [V=1] [KSRC=<linux tree>]'
	@echo
	@sed -n 's/^##//p' $(lastword $(MAKEFILE_LIST))
	@echo
	@sed -n 's/^#   \((nothing)\|<\|6\.\|7\.\|kunit\)/  K=\1/p' $(vm)/kdir
	@echo
	@echo 'Kernels and sources are kept in $${STRATA_CACHE:-~/.cache/strata}.'
