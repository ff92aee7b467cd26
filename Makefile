# SPDX-License-Identifier: GPL-2.0-or-later
#
# The targets for users.  How each is made is in fs/ecryptfs/Kbuild, utils/Makefile
# and tests/.

VERSION := $(shell sed -n 's/^VERSION := //p' utils/Makefile)
RUNNING := /lib/modules/$(shell uname -r)/build
KDIR    ?= $(if $(wildcard $(RUNNING)/Makefile),$(RUNNING),$(lastword $(sort $(wildcard /usr/src/linux-headers-6.12*-amd64 /usr/src/linux-headers-*-amd64))))
PREFIX  ?= /usr/local
export PREFIX DESTDIR

help:           ## show this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1#/p' Makefile | column -t -s'#'

run:            ## see it at work in a virtual machine (SRC=DIR LOWER=DIR PASSPHRASE=... NATIVE=1)
	@tests/deps $(if $(NATIVE),native,run)
	@SRC='$(SRC)' LOWER='$(LOWER)' NATIVE='$(NATIVE)' tests/qemu/run-demo

check:          ## run the tests (about an hour on two cores)
	@tests/deps all
	@tests/run all

check-long:     ## also run the long tests: big files, many power cuts, a kernel tree, Debian's packages
	@tests/deps all packages
	@tests/run long

module:         ## build ecryptfs.ko against KDIR=DIR (the running kernel's headers) into build/module
	@tests/qemu/build-module '$(if $(KDIR),$(KDIR),stock)' build/module
	@echo '  build/module/ecryptfs.ko for $(KDIR)'

tools:          ## build the commands into build/utils
	@$(MAKE) --no-print-directory -C utils

install:        ## install the module (DKMS), commands and manual pages (DESTDIR=DIR PREFIX=DIR)
	@utils/dkms/module check '$(VERSION)'
	@$(MAKE) --no-print-directory -C utils install
	@utils/dkms/module add '$(VERSION)'

uninstall:      ## remove what install has installed
	@utils/dkms/module remove '$(VERSION)'
	@$(MAKE) --no-print-directory -C utils uninstall

deb:            ## build Debian's packages into build/deb
	@tests/deps deb
	@utils/packaging/build build/deb

lint:           ## check style, layers and forbidden idioms
	@tests/deps lint
	@tests/run lint

bench:          ## compare with other filesystems in a virtual machine, for Documentation/performance.rst
	@tests/deps bench
	@tests/bench/run

clean:          ## remove what was built here, but not the tests' cache
	rm -rf build

.PHONY: help run check check-long module tools install uninstall deb lint bench clean
