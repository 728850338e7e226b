# Albatross Gateway. `make help` lists the targets. One debug build is shared by `demo` and `test`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

HTTP ?= 127.0.0.1:8080
SPEED ?= 20
SECONDS_EACH ?= 600

.PHONY: demo test soak build lint format bench fuzz web deps clean proto help

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## demo: build and run the demonstration; HTTP=127.0.0.1:8080 SPEED=20; data in .demo; Ctrl-C ends it
demo: build
	@mkdir -p .demo
	@echo "==> Demonstration: open http://$(HTTP)/ when the line beginning 'ready' appears. Ctrl-C ends it."
	@exec "$$(swift build --show-bin-path)/albatross" demo --data .demo --http "$(HTTP)" --speed "$(SPEED)"

## test: build, then every test and check; installs what the tests need
test:
	@scripts/install-deps.sh --test
	@$(MAKE) --no-print-directory web
	@scripts/test.sh

## soak: the long forms of the fault tests, a night in all; PARTS="F1 F6" for some; results in docs/reliability.md
soak: web
	@scripts/install-deps.sh --test
	@scripts/soak.sh $(PARTS)

## build: system packages, web assets, debug build
build: deps web
	@echo "==> swift build (debug): about 10 minutes the first time on 2 cores, seconds after a small change"
	@swift build

## deps: install missing system packages by name through apt (no network and no root when all are there)
deps:
	@scripts/install-deps.sh

## web: fetch the pinned web libraries and pack the pages for the binary
web:
	@echo "==> Web libraries and pages: seconds"
	@python3 scripts/vendor-web.py
	@python3 scripts/pack-web.py

## lint: layout of the Swift sources, and scripts/soundness.sh
lint:
	@echo "==> swift format lint: seconds"
	@swift format lint --strict --recursive Sources Tests Package.swift
	@scripts/soundness.sh

## format: lay out the Swift sources in place
format:
	@swift format --in-place --recursive Sources Tests Package.swift

## bench: release build, then the benchmarks
bench: web
	@scripts/install-deps.sh --bench
	@echo "==> swift build -c release: about 10 minutes the first time on 2 cores"
	@swift build -c release --product albatross
	@swift build -c release --product HTTPFloor
	@scripts/bench.sh

## fuzz: libFuzzer with the address sanitizer on every codec; SECONDS_EACH=600; findings in .build/fuzz/findings
fuzz: deps
	@scripts/fuzz.sh all $(SECONDS_EACH)

## proto: regenerate Sources/EventSchema/Generated from proto/ (the result is committed)
proto:
	@scripts/install-deps.sh --proto
	@echo "==> protoc-gen-swift: about half a minute once the packages are built"
	@swift build --product protoc-gen-swift
	@mkdir -p Sources/EventSchema/Generated
	@rm -f Sources/EventSchema/Generated/*.pb.swift
	@protoc --proto_path=proto --plugin="$$(swift build --show-bin-path)/protoc-gen-swift" \
		--swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true --swift_opt=FileNaming=DropPath \
		--swift_out=Sources/EventSchema/Generated $$(cd proto && find . -name '*.proto' | sed 's|^\./||' | sort)
	@ls Sources/EventSchema/Generated

## clean: remove what was built and the demonstration's data (keeps downloaded packages)
clean:
	@swift package clean
	@rm -rf .demo .build/test-reports
