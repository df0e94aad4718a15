# Bare `make` lists the targets.

GO        ?= go
LINT      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
SBOM      := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
DEMO_DIR  ?= demo
BENCHTIME ?= 1s
FUZZTIME  ?= 30s

# The same flags for every go command, so that what one has built the next can use.
export GOFLAGS := $(GOFLAGS) -trimpath

# What has tests: test/bench has benchmarks only, and is a large program to link; make lint looks at it. That vets everything, so
# the tests need not: vet looks through all dependencies, anew for the race detector.
TESTED = -vet=off $(shell $(GO) list ./... | grep -v /test/bench)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/logferry and bin/logsim
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: demo
demo: build ## the main job: a simulated API into a local folder, Parquet with details
	@DEMO_DIR='$(DEMO_DIR)' sh testdata/demo/run.sh

.PHONY: test
test: ## all tests of the product; where node is present the vendor's client too, and a Parquet reader in JavaScript
	$(GO) test $(TESTED)
	cd test/decoders && $(GO) test ./...
	sh test/client/run.sh
	sh test/readers/run.sh

.PHONY: test-engines
test-engines: ## exports, and the state, in real servers (S3, Google Cloud Storage, and Azure where node is present), and in DuckDB
	sh test/engines/azure/install.sh
	cd test/engines && $(GO) test -timeout 30m ./...

# Left out are packages that start no goroutine, those that the tests of others run under the detector, and the campaigns of test/, which
# would take this step beyond its time: go test -race -short -vet=off ./...
RACED = ./cmd/logferry ./extract ./internal/apply ./internal/resume ./internal/spool ./internal/state ./internal/telemetry ./sinks ./sinks/bucket ./transform

.PHONY: race
race: ## the tests of what runs side by side under the race detector, the long ones in part
	$(GO) test -vet=off -race -short $(RACED)

.PHONY: lint
lint: ## formatting, vet, staticcheck, and the import rules of docs/ARCHITECTURE.md
	$(GO) run $(LINT) run ./...

.PHONY: fmt
fmt: ## format the code
	$(GO) run $(LINT) fmt ./...

.PHONY: crash
crash: ## kill runs at every point: 340 runs, or LOGFERRY_CRASH_KILLS
	LOGFERRY_CRASH_KILLS=$${LOGFERRY_CRASH_KILLS:-340} $(GO) test ./test/crash -count=1 -v -parallel 4 -timeout 3h

.PHONY: faults
faults: ## make every operation of runs fail, bit by bit, lie and stop; every fault of the simulator at four shares; one line of JSON a campaign
	LOGFERRY_FAULTS=all $(GO) test -vet=off ./test/faults -count=1 -v -run 'Every|Lies|Another|Often' -timeout 3h

.PHONY: soak
soak: ## simulated months of nightly runs with kills, faults and changes, for an hour or LOGFERRY_SOAK
	LOGFERRY_SOAK=$${LOGFERRY_SOAK:-1h} $(GO) test -vet=off ./test/faults -count=1 -v -run Soak -timeout 24h

.PHONY: golden
golden: ## write the golden files anew; read the difference before you commit it
	$(GO) test ./internal/config ./internal/ddl ./internal/state ./transform ./cmd/logferry -update

.PHONY: bench
bench: bench-throughput ## records a CPU-second: decode, flatten, Parquet, NDJSON, and whole exports beside their floor
	$(GO) test ./internal/record ./internal/spool ./transform ./sinks/parquetfile ./sinks/ndjsonfile -cpu 1 -run '^$$' -bench . -benchtime $(BENCHTIME)

.PHONY: bench-throughput
bench-throughput: ## CPU of whole exports (figure), of clients that only download the same bytes (ideal), and their ratio
	$(GO) test ./test/bench -run '^$$' -bench Export -benchtime 3x -timeout 30m

.PHONY: bench-memory
bench-memory: ## peak memory beside what is declared: 3,000,000 records, or LOGFERRY_BENCH_MEMORY_RECORDS
	$(GO) test ./test/bench -run '^$$' -bench PeakMemory -benchtime 1x -timeout 3h

.PHONY: bench-governor
bench-governor: ## how much of the rate budget is used, and a picture of the jump: docs/governor-jump.svg
	LOGFERRY_BENCH_PLOT='$(CURDIR)/docs/governor-jump.svg' $(GO) test ./test/bench -run '^$$' -bench Governor -benchtime 1x -timeout 60m

.PHONY: bench-windows
bench-windows: ## the time to list a day with 32 walkers beside the ideal one: diurnal, bursty and skewed
	$(GO) test ./test/bench -run '^$$' -bench Windows -benchtime 1x -timeout 10m

.PHONY: bench-state
bench-state: ## what a plan and the next hour cost with a state of three years, in memory and in a real S3 server
	cd test/engines && $(GO) test -run '^$$' -bench ThreeYears -benchtime 5x -timeout 30m

.PHONY: bench-decoders
bench-decoders: ## the JSON decoders beside one another
	cd test/decoders && $(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME, and what each has done as a table: FUZZTIME=10m for a campaign, FUZZ=Keys for some
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' FUZZ='$(FUZZ)' sh testdata/fuzz.sh

.PHONY: sbom
sbom: ## write docs/sbom.cdx.json anew: every module that the program is linked from, with its hash and licence (CycloneDX)
	@tool=$$(mktemp -d) && GOBIN=$$tool $(GO) install $(SBOM) && \
	  CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $$tool/cyclonedx-gomod app -json -licenses -noserial -main cmd/logferry -output docs/sbom.cdx.json . && rm -r $$tool

.PHONY: reproducible
reproducible: ## build twice in different folders, with empty caches of their own, and compare
	@sh testdata/reproducible.sh

.PHONY: clean
clean: ## remove what was built
	rm -rf bin '$(DEMO_DIR)'
