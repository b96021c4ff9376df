# `make up` gives a working system, `make test` proves it. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
# A stub in place of the kernel programs never counts as a build here.
export VEDETTA_BPF := require
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
DATA := $(if $(VEDETTA_DATA_DIR),$(VEDETTA_DATA_DIR),data)
SERVICES := tenant ingest detect query
NPM := npm --prefix web-ui --no-audit --no-fund --loglevel=error

.PHONY: help up down cluster setup-cluster cluster-down agent demo test check bench gen conformance simulate chaos drills build setup console clean

help: ## what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## install what building needs (Debian, Ubuntu); says what and why
	@scripts/setup.sh build

up: setup build ## run everything on this machine: all roles, the agent, the console at a printed URL
	@exec $(RELEASE)/vedetta --data-dir $(DATA) up

down: ## stop it from elsewhere
	@$(RELEASE)/vedetta --data-dir $(DATA) down

cluster: setup-cluster console ## the distributed form on this machine: Kafka, a CQL database, every service apart
	@cargo build --release --locked -p vedetta -p vedetta-node-agent $(addprefix -p vedetta-,$(SERVICES))
	@exec $(RELEASE)/vedetta --data-dir $(DATA)/cluster cluster up

setup-cluster:
	@scripts/setup.sh cluster

cluster-down: ## stop it from elsewhere
	@$(RELEASE)/vedetta --data-dir $(DATA)/cluster cluster down

agent: ## start this machine's agent again
	@exec $(RELEASE)/vedetta --data-dir $(DATA) agent

demo: ## eight harmless things an attacker would do; watch the console
	@scripts/demo.sh

build: console ## the console and the release programs
	@cargo build --release --locked -p vedetta -p vedetta-node-agent

console: web-ui/dist/index.html

web-ui/node_modules/.package-lock.json: web-ui/package.json web-ui/package-lock.json
	@echo "== console: packages" && $(NPM) ci
	@touch $@

web-ui/dist/index.html: web-ui/node_modules/.package-lock.json $(shell find web-ui/src web-ui/index.html web-ui/vite.config.ts web-ui/schema.graphql -type f 2>/dev/null)
	@echo "== console: build" && $(NPM) run --silent build
	@touch $@

test: ## set everything up and run every test
	@scripts/test.sh

check: ## formatting, lints, dependencies, generated files
	@scripts/check.sh

conformance: ## recorded cases of other tools under $VEDETTA_CORPORA: set, passed, total
	@cargo run --quiet --locked --release -p vedetta-conformance

SEEDS ?= 1000
FROM ?= 1
simulate: ## play SEEDS seeds (from FROM) of the whole service path with everything going wrong
	@cargo run --quiet --locked --release -p vedetta-simulation --bin vedetta-simulate -- many --seeds $(SEEDS) --from $(FROM)

ROUNDS ?= 500
SEED ?=
chaos: ## play ROUNDS rounds of killed processes and cut links against real processes, brokers and a database (SEED repeats a run)
	@scripts/setup.sh test
	@cargo build --quiet --locked -p vedetta-load -p vedetta-node-agent -p vedetta-chaos
	@$(TARGET)/debug/vedetta-chaos rounds --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

drills: ## replace each service, kill brokers and detects, flood an agent, under load; prints how long what stood still
	@scripts/setup.sh test
	@cargo build --quiet --locked -p vedetta-load -p vedetta-node-agent -p vedetta-chaos
	@for drill in upgrade failover storm; do echo "== $$drill"; $(TARGET)/debug/vedetta-chaos $$drill; done

bench: setup ## figures as ratios against a baseline run beside them
	@scripts/bench.sh

gen: ## write generated files: web-ui/schema.graphql and the console's types
	@cargo run --quiet --locked -p vedetta-query --bin vedetta-schema > web-ui/schema.graphql.new
	@mv web-ui/schema.graphql.new web-ui/schema.graphql
	@$(NPM) run --silent gen

clean: ## remove what was built (not the data)
	@cargo clean
	@rm -rf web-ui/dist web-ui/node_modules
