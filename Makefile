# What a person, or a CI, does with facegate. `make help` lists it.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# On Debian 12: what the binary is built with, and what only its tests use.
PACKAGES := g++ pkg-config ca-certificates libopencv-dev libdlib-dev libdlib-data \
            libopenblas-dev liblapack-dev libatlas-base-dev libjpeg62-turbo-dev
TEST_PACKAGES := curl chromium ffmpeg mosquitto vlc-bin vlc-plugin-base \
                 $(if $(filter x86_64,$(shell uname -m)),g++-aarch64-linux-gnu gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libsimde-dev)
BENCH_PACKAGES := libhnswlib-dev libsqlite3-dev
NODE_PACKAGES := $(if $(shell command -v npm),,nodejs npm)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
ARCH    := $(shell go env GOARCH)
TOOLS   := bin/tools
RESULTS := .cache/test

# Tests take models and photos from here: what the environment says, else the
# folders beside the repository, else what was fetched.
TEST_MODELS   := $(or $(FACEGATE_MODELS),$(firstword $(wildcard $(abspath ../shared/models) $(abspath models) \
                   $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/facegate/models)),$(abspath models))
TEST_TESTDATA := $(or $(FACEGATE_TESTDATA),$(firstword $(wildcard $(abspath ../shared/testdata)) $(abspath .cache/testdata)))

.PHONY: help run build test fuzz bench load bench-camera bench-search lint release clean packages models console photos

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: build models ## set up what is missing, build, and serve on http://127.0.0.1:8080
	@exec bin/facegate serve

build: packages console ## build the console and bin/facegate
	@go build -ldflags "-X main.version=$(VERSION)" -o bin/facegate ./cmd/facegate

packages:
	@build/packages $(PACKAGES) $(NODE_PACKAGES)

# npm writes the first file when an installation is complete, vite the second.
UI_SOURCES := $(shell find web/ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*')

web/ui/node_modules/.package-lock.json: web/ui/package.json web/ui/package-lock.json | packages
	@cd web/ui && npm ci --no-audit --no-fund --loglevel=error </dev/null
	@touch $@

web/ui/dist/index.html: web/ui/node_modules/.package-lock.json $(UI_SOURCES)
	@cd web/ui && npm run --silent build -- --logLevel warn
	@touch $@

console: web/ui/dist/index.html

# Clients of other systems, with which the tests drive a server. Install scripts
# would download what they do not need for that.
conformance: web/conformance/node_modules/.package-lock.json

web/conformance/node_modules/.package-lock.json: web/conformance/package.json web/conformance/package-lock.json | packages
	@cd web/conformance && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
	@touch $@

models: build ## fetch the model files where they are missing
	@bin/facegate models status >/dev/null 2>&1 || bin/facegate models pull --to models

# Photos that were put there by hand are left alone.
FETCH_PHOTOS = [ -d $(TEST_TESTDATA)/people ] && [ $(TEST_TESTDATA) != $(abspath .cache/testdata) ] || \
               go run ./cmd/testphotos -dir $(TEST_TESTDATA)

photos: ## fetch the public test photos where there are none, and print their folder
	@$(FETCH_PHOTOS)
	@echo $(TEST_TESTDATA)

$(TOOLS)/%: tools/go.mod tools/go.sum $(wildcard tools/*/*.go)
	@mkdir -p $(TOOLS)
	@go -C tools build -o ../$(TOOLS)/ gotest.tools/gotestsum honnef.co/go/tools/cmd/staticcheck ./skips ./dockercheck
	@touch $(TOOLS)/*

# Rooms with tests that count OpenCV's matrices.
MAT_ROOMS = $(sort $(dir $(shell grep -rl --include='*_test.go' '^//go:build matprofile' ./*/)))

# Every test: the console's; those that count OpenCV's matrices, which takes a tag;
# all that are short under the race detector; and all of them. Tests
# without the models or photos they need are skipped, and the last line says so;
# with CI=true or FACEGATE_REQUIRE_MODELS=1 such a skip fails the run.
GOTEST = FACEGATE_MODELS=$(TEST_MODELS) FACEGATE_TESTDATA=$(TEST_TESTDATA) \
         $(TOOLS)/gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg --hide-summary skipped

test: build $(TOOLS)/gotestsum ## run every test, and say which were skipped and why
	@build/packages $(TEST_PACKAGES)
	@bin/facegate models status >/dev/null 2>&1 || bin/facegate models pull --to models || \
	  echo "The model files cannot be fetched; tests that need them will be skipped." >&2
	@$(MAKE) --no-print-directory -s conformance || echo "The clients in web/conformance cannot be fetched; tests that need them will be skipped." >&2
	@$(FETCH_PHOTOS) || echo "The test photos cannot be fetched; tests that need them will be skipped." >&2
	@rm -rf $(RESULTS); mkdir -p $(RESULTS)
	@failed=0; \
	echo "== console: types and tests"; \
	(cd web/ui && npm run --silent check && npm run --silent test) || failed=1; \
	echo "== matrices counted (-tags matprofile)"; \
	$(GOTEST) --jsonfile $(RESULTS)/matprofile.json -- -count=1 -timeout 10m -tags matprofile -run Mats $(MAT_ROOMS) || failed=1; \
	echo "== race detector"; \
	$(GOTEST) --jsonfile $(RESULTS)/race.json -- -count=1 -timeout 15m -race -short ./... || failed=1; \
	echo "== all tests"; \
	$(GOTEST) --jsonfile $(RESULTS)/all.json -- -count=1 -timeout 30m ./... || failed=1; \
	$(TOOLS)/skips $(RESULTS)/matprofile.json $(RESULTS)/race.json $(RESULTS)/all.json || failed=1; \
	exit $$failed

# The targets' seeds, and all that was ever found, are tests like others; this
# looks for more.
FUZZTIME := 10s

fuzz: packages ## run every fuzz target for a while: FUZZTIME=10s each
	@FACEGATE_MODELS=$(TEST_MODELS) FACEGATE_TESTDATA=$(TEST_TESTDATA) build/fuzz $(FUZZTIME)

lint: build $(TOOLS)/staticcheck ## gofmt, go vet, staticcheck, and the checks of Dockerfile and compose file
	@failed=0; \
	unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	test -z "$$unformatted" || { echo "not in gofmt's format: $$unformatted"; failed=1; }; \
	go vet ./... || failed=1; \
	(cd tools && go vet ./... && go test ./...) || failed=1; \
	build/packages $(BENCH_PACKAGES) && $(SEARCH) vet ./... || failed=1; \
	$(TOOLS)/staticcheck ./... || failed=1; \
	$(TOOLS)/dockercheck || failed=1; \
	exit $$failed

bench: build models ## measure, on the test photos: one table
	@go run ./cmd/bench --photos $(TEST_TESTDATA) --models $(TEST_MODELS) --facegate bin/facegate

load: build models ## 200 clients at once for a minute, a third of whom send garbage: one table
	@go run ./cmd/bench --only crowd --photos $(TEST_TESTDATA) --models $(TEST_MODELS) --facegate bin/facegate

bench-camera: build models ## measure cameras, on the test video: one table
	@go run ./cmd/bench-camera --photos $(TEST_TESTDATA) --models $(TEST_MODELS)

# What searches are compared with is compiled for this very processor, too.
SEARCH = CGO_CFLAGS="-O3 $(if $(filter amd64,$(ARCH)),-mavx -mavx2 -DSQLITE_VEC_ENABLE_AVX)" go -C cmd/bench-search

bench-search: ## measure searches of 10,000 to a million faces: one table (half an hour; see docs/search.md)
	@build/packages g++ $(BENCH_PACKAGES)
	@$(SEARCH) run .

# The release runs on any machine of its architecture that is not too old: on
# amd64 those with AVX2 (MARCH), which face embedding is several times slower
# without. See build/cxx-portable.
MARCH := $(if $(filter amd64,$(ARCH)),-march=x86-64-v3)

release: packages console ## build bin/release/facegate-linux-ARCH for other machines than this one
	@mkdir -p bin/release
	@CXX=$(abspath build/cxx-portable) CGO_CFLAGS="-O2 $(MARCH)" CGO_CXXFLAGS="-O2 $(MARCH)" CGO_LDFLAGS="-Wl,--as-needed" \
	  go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/release/facegate-linux-$(ARCH) ./cmd/facegate

clean: ## remove what was built and fetched; ./data and ./models stay
	@rm -rf bin .cache web/ui/node_modules web/conformance/node_modules
	@find web/ui/dist -mindepth 1 -not -name .gitkeep -delete 2>/dev/null || true
