# Penstock: what a person types. The build itself is described in meson.build.
#
#   make                 builds build/penstock
#   make demo            the main job on 2,000 real prompts, against the emulator
#   make check           every test; what CI runs
#   make bench           speed beside Python and cp, into bench/RESULTS.md (BENCH_BYTES=1e9)
#   make install PREFIX=/usr/local
#   make lint            layers, purity, function length and complexity, bans, formatting
#   make asan | tsan     unit and end-to-end tests under the sanitizers
#   make cover           line coverage, of core/ and codec/ above all
#   make mutants         each rule's code taken out, and the test that notices (long)
#   make soak            every kill point, not a sample of them
#   make sim COUNT=500   the engine through so many failing histories of each kind
#   make format | clean
#
# Each installs what it needs first (scripts/setup).

PREFIX ?= /usr/local
MESON_OPTIONS ?=
COUNT ?= 500

.PHONY: all build demo check bench install lint asan tsan cover soak mutants sim format clean setup-build setup-check

all: build

setup-build:
	@scripts/setup build

setup-check:
	@scripts/setup check

build: setup-build
	@scripts/build build $(MESON_OPTIONS)

demo: build
	@scripts/demo

check: setup-check
	@scripts/check

bench: build
	@bench/run

install: build
	@meson configure build --prefix="$(abspath $(PREFIX))" && scripts/build build && \
		DESTDIR="$(DESTDIR)" meson install -C build --no-rebuild --quiet && \
		echo "installed: $(DESTDIR)$(abspath $(PREFIX))/bin/penstock, its man page, the completion of bash, and the units of systemd (systemctl --user enable --now penstock.timer)"

lint: setup-check
	@scripts/build build $(MESON_OPTIONS) && scripts/lint --build build

asan tsan: setup-check
	@scripts/check --only build,$@

cover: setup-check
	@scripts/check --only cover

soak: setup-check
	@scripts/check --only build,end-to-end --all

sim: build
	@PENSTOCK_SEEDS=$(COUNT) build/tests/unit/core/test_core_engine_faults

format: setup-check
	@clang-format-14 -i $$(git ls-files '*.c' '*.h')

clean:
	@rm -rf build build-asan build-tsan build-cover

mutants: build
	@tests/mutants/run
