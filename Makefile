# Everything a person does with this repository. `make` alone says what there is.
#
#   make run      set up, build, open the window (without a display: play the main job in it)
#   make test     set up and run everything that must hold
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help bindings run test lint fmt ui check-rust test-rust bench soak sample bundle test-bundle setup-run setup-test model clean-tour

# The newest file that `npm ci` left behind is older than the lock file: then it must run again.
NODE_MODULES := ui/node_modules/.package-lock.json
UI_SOURCES := $(shell find ui/src ui/index.html ui/vite.config.ts ui/svelte.config.js ui/tsconfig.json -type f 2>/dev/null)

help:
	@echo 'make run      set up, build, open the window; without a display: play the main job in it (target/tour/)'
	@echo 'make test     set up and run everything: UI, Rust, stories, the real window with a real keychain'
	@echo 'make lint     formatting, clippy, docs, the UI checks'
	@echo 'make bindings write ui/src/bindings.ts anew, after a change to a command or a view'
	@echo 'make bench    measure what docs/benchmarks.md tells, with budgets and verdicts'
	@echo 'make soak     2,000 kills of the registry and the workbench, 200 of the window'
	@echo 'make sample   produce the answers of the sample project again'
	@echo 'make bundle   a .deb, and an AppImage where its tools are'

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

$(NODE_MODULES): ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	@touch $@

ui/dist/index.html: $(NODE_MODULES) $(UI_SOURCES)
	cd ui && npm run build
	@touch $@

ui: ui/dist/index.html

run: setup-run ui
	@scripts/run.sh

lint: ui
	cd ui && npm run lint && npm run check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --lib

# ui/src/bindings.ts anew, after a change to a command or a view.
bindings:
	GALLEY_WRITE_BINDINGS=1 cargo test --package galley-desktop --test product bindings::the_typescript
	cd ui && npm run check

# A small language model that answers in the tests: no key, no network.
model:
	@if [ -x tests/model/setup.sh ]; then tests/model/setup.sh; fi

test: setup-test lint model
	cd ui && npm test
	# The stories and the window start programs of other packages, which their tests alone do not build.
	cargo build --workspace --bins --tests
	scripts/with-keychain.sh cargo test --workspace --no-fail-fast
	scripts/test-sdks.sh
	@echo 'make test: everything passed.'

bench: setup-test ui model
	@scripts/bench.sh

# Ten times as many kills as the tests make, of the store, the registry, the workbench and the window.
soak: setup-test ui
	cargo build --workspace --bins --release
	GALLEY_SOAK=10 scripts/with-keychain.sh cargo test --workspace --release -- --nocapture kill

sample: setup-test model
	@sample/make.sh

bundle: setup-run ui
	@scripts/bundle.sh

# Installs the .deb with the system's own dpkg, starts what it installed and takes it away again.
test-bundle: setup-test bundle
	@scripts/test-bundle.sh
