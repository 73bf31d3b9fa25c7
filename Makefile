# Two commands matter: `make audit` builds hostaudit and audits this host, `make test`
# runs lint and every test. Everything made here goes below bin/ and .cache/.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 60s
BENCH    ?= .
ARCHES   := amd64 386 arm64 arm riscv64 ppc64le s390x
EMULATED := arm64:aarch64 s390x:s390x
QEMU     := .cache/qemu
HASHES   := ./checks/internal/mysqlhash ./checks/internal/sqlite ./checks/internal/rpmdb ./checks/state
CODE     := $(wildcard cmd checks output wordlists testdata)

# Tools at pinned versions; they are no part of the product's module list.
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := $(GO) run mvdan.cc/gofumpt@v0.12.0

BUILD := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

# The root tree whose real daemons the tests run, found through the environment; beside it
# the trees of other releases whose units the tests read.
TREES := .cache/tree
TREE  := $(CURDIR)/$(TREES)/bookworm
WITH_TREE = if [ -f "$(TREE).stamp" ]; then export HOSTAUDIT_TEST_TREE="$(TREE)"; fi

# The race detector needs a C compiler, the product does not.
RACE = $(shell if command -v gcc >/dev/null && [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then echo -race; fi)

# The vector kernels of the password engine: generator and, below checks/crack, the files
# that it writes without their endings. The generators are a module of their own.
KERNELS := md5crypt:md5crypt/kernel_amd64 sha256crypt:sha256crypt/kernel_amd64 \
	sha512crypt:sha512crypt/rounds_amd64 yescrypt:yescrypt/mix_amd64 des:des/kernel_amd64
GENERATE = $(GO) run -C checks/crack/gen ./$${kernel%%:*} -pkg "$$(basename "$$(dirname "$${kernel\#*:}")")"

.PHONY: build audit test unit lint generate generated cross emulators bench bench-passwords fuzz differential cover tree clean

build:
	$(BUILD) -o bin/hostaudit ./cmd/hostaudit

# Findings (1) and open questions (3) are results of an audit, not failures of make.
audit: build
	@status=0; ./bin/hostaudit || status=$$?; \
	case $$status in \
	0) ;; \
	1 | 3) echo "make audit: complete, exit status $$status of hostaudit" >&2 ;; \
	*) exit $$status ;; \
	esac

test: lint unit cross

# Every test, uncached: what the real daemons do is no input `go test` could know of.
unit: tree
	@$(if $(RACE),,echo "race detector: off, no C compiler";) \
	$(WITH_TREE); \
	$(GO) test -json -count=1 -timeout 20m $(RACE) ./... | $(GO) run ./cmd/hostaudit/internal/testsum

lint: generated
	$(GO) vet ./...
	$(STATICCHECK) ./...
	@files=$$($(GOFUMPT) -l $(CODE)); \
	if [ -n "$$files" ]; then printf 'not formatted (gofumpt):\n%s\n' "$$files" >&2; exit 1; fi
	$(GO) fix -diff ./...
	$(GO) mod tidy -diff

generate:
	@for kernel in $(KERNELS); do \
		out=../$${kernel#*:}; $(GENERATE) -out "$$out.s" -stubs "$$out.go"; \
	done

# The generated files are what the generators write.
generated:
	$(GO) vet -C checks/crack/gen ./...
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	for kernel in $(KERNELS); do \
		$(GENERATE) -out "$$dir/k.s" -stubs "$$dir/k.go"; \
		for end in s go; do \
			diff <(sed 1d "checks/crack/$${kernel#*:}.$$end") <(sed 1d "$$dir/k.$$end") >/dev/null || \
				{ echo "checks/crack/$${kernel#*:}.$$end is not what its generator writes: make generate" >&2; exit 1; }; \
		done; \
	done

# Builds for every supported architecture, the tests as a 32-bit program where this machine
# runs one, and those of the hashes on a 64-bit ARM and on a big-endian machine.
cross: emulators
	@for arch in $(ARCHES); do \
		echo "build linux/$$arch"; \
		GOOS=linux GOARCH=$$arch $(BUILD) -o .cache/cross/hostaudit-$$arch ./cmd/hostaudit; \
	done
	@if [ "$$($(GO) env GOHOSTARCH)" = amd64 ] && ! .cache/cross/hostaudit-386 version >/dev/null; then \
		echo "32-bit tests: skipped, this kernel does not run 386 programs"; \
	elif [ "$$($(GO) env GOHOSTARCH)" != amd64 ]; then \
		echo "32-bit tests: skipped, not an amd64 machine"; \
	else \
		echo "32-bit tests"; \
		CGO_ENABLED=0 GOARCH=386 $(GO) test -json -short -count=1 ./... | $(GO) run ./cmd/hostaudit/internal/testsum; \
	fi
	@# The bench's tests start themselves, which the emulator does not.
	@hashes=$$($(GO) list ./checks/crack/... | grep -v /bench$$); \
	for arch in $(EMULATED); do \
		qemu=$(QEMU)/usr/bin/qemu-$${arch#*:}-static; \
		if [ ! -x "$$qemu" ]; then \
			echo "$${arch%:*} tests: skipped, no $$qemu (make emulators says why)"; \
		else \
			echo "$${arch%:*} tests of the hashes, by qemu"; \
			CGO_ENABLED=0 GOARCH=$${arch%:*} $(GO) test -json -short -count=1 -exec "$(CURDIR)/$$qemu" $$hashes $(HASHES) | \
				$(GO) run ./cmd/hostaudit/internal/testsum; \
		fi; \
	done

# User-mode emulators of Debian for `make cross`, below .cache and not installed.
emulators:
	@[ -x $(QEMU)/usr/bin/qemu-aarch64-static ] || { \
		mkdir -p $(QEMU); cd $(QEMU); \
		apt-get -qq download qemu-user-static 2>/dev/null || { apt-get -qq update && apt-get -qq download qemu-user-static; }; \
		dpkg-deb --extract qemu-user-static_*.deb .; rm qemu-user-static_*.deb; \
		find . -name 'qemu-*' $(foreach a,$(EMULATED),! -name 'qemu-$(lastword $(subst :, ,$(a)))-static') -type f -delete; \
	} || echo "emulators: none, tests of other architectures will be skipped" >&2

# Measures hostaudit beside ss, lynis and john in one run; needs root and the tree.
bench: tree
	@$(WITH_TREE); CGO_ENABLED=0 $(GO) test -run '^$$' -bench SideBySide -benchtime 1x -timeout 30m ./cmd/hostaudit/bench

# Measures the CPU time of a candidate beside crypt(3) of libxcrypt, scheme by scheme; needs
# a C compiler. BENCH chooses schemes, what the environment can choose is told in the test.
bench-passwords:
	@CGO_ENABLED=0 $(GO) test -run '^$$' -bench 'Passwords/($(BENCH))' -benchtime 1x -timeout 30m ./checks/crack/bench

# Every fuzz target there is, FUZZTIME each.
fuzz:
	@grep -rlE --include='*_test.go' '^func Fuzz' $(CODE) | sort | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$target ($${file%/*})"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "./$${file%/*}" </dev/null; \
		done; \
	done

# Compares how sshd_config is read with the real sshd of every root tree; needs root and
# the trees. HOSTAUDIT_DIFFERENTIAL is the number of configurations for the first one, a
# fifth of it for each of the others; HOSTAUDIT_DIFFERENTIAL_SEED and
# HOSTAUDIT_DIFFERENTIAL_KEEP are explained at the test.
differential: tree
	@$(WITH_TREE); export HOSTAUDIT_DIFFERENTIAL=$${HOSTAUDIT_DIFFERENTIAL:-10000}; \
	$(GO) test -count=1 -v -timeout 60m -run '^TestDifferential' ./checks/internal/sshdconf; \
	$(GO) test -count=1 -v -timeout 60m -run '^Test(Differential|RealBind|RealMySQL)' ./checks/mysql; \
	HOSTAUDIT_DIFFERENTIAL=20000 $(GO) test -count=1 -timeout 60m ./checks/crack/...

cover: tree
	@mkdir -p .cache; $(WITH_TREE); \
	$(GO) test -count=1 -coverpkg=./... -coverprofile=.cache/cover.out ./...; \
	$(GO) tool cover -func=.cache/cover.out | tail -n 1; \
	$(GO) tool cover -html=.cache/cover.out -o .cache/cover.html

tree:
	@bash checks/host/hosttest/realtree/ensure.sh $(TREES)

clean:
	rm -rf --one-file-system bin .cache
