# The two commands a stranger needs are `make run` and `make test`.

CARGO ?= cargo
NODE_SUITE := tests/node
PYTHON ?= python3
PYTHON_SUITE := tests/python
VENV := .venv
SERVICES := analytics autotrader leaderboard rttm

.PHONY: run build test fmt lint apart test-rust test-node test-python bench deny clean

## Build and start the hub with the demo feed (embedded log in data/hub.db).
run:
	$(CARGO) run --release --locked -p pms-hub -- serve --demo

build:
	$(CARGO) build --release --locked -p pms-hub

## Install what the tests need and run all of them.
test: fmt lint apart test-rust test-node test-python

fmt:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

## The hub builds without any one of its services, and the rest works.
apart:
	for service in $(SERVICES); do \
	  rest=$$(echo $(SERVICES) | tr ' ' '\n' | grep -vx $$service | paste -sd, -); \
	  echo "without $$service:"; \
	  $(CARGO) clippy --locked -p pms-hub --no-default-features --features $$rest -- -D warnings || exit 1; \
	done
	$(CARGO) test --locked -p pms-hub --no-default-features --features analytics --test vector_v1

test-rust:
	$(CARGO) test --workspace --locked

test-node:
	$(CARGO) build --locked -p pms-hub
	cd $(NODE_SUITE) && npm ci --no-audit --no-fund && npm test

## stomp.py, its command line and its library, against the hub over TCP.
test-python:
	$(CARGO) build --locked -p pms-hub
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(PYTHON_SUITE)/requirements.txt
	$(VENV)/bin/python -W error -B $(PYTHON_SUITE)/test_stomp.py

## Benchmarks, each beside a peer or the physical limit; see docs/performance.md.
bench:
	$(CARGO) run --release --locked -p hub-bench --bin log_append
	$(CARGO) run --release --locked -p hub-bench --bin fanout

## Licenses and sources of all dependencies (needs cargo-deny).
deny:
	cargo deny --all-features check licenses bans sources

clean:
	$(CARGO) clean
	rm -rf $(NODE_SUITE)/node_modules $(VENV)
