# The two commands a stranger needs are `make run` and `make test`.

CARGO ?= cargo
NODE_SUITE := tests/node
export CHROMIUM ?= /usr/bin/chromium
SERVICES := analytics autotrader leaderboard rttm

.PHONY: run build test fmt lint apart test-rust test-node bench deny clean

## Build and start the hub with the demo feed (embedded log in data/hub.db).
run:
	$(CARGO) run --release --locked -p pms-hub -- serve --demo

build:
	$(CARGO) build --release --locked -p pms-hub

## Install what the tests need and run all of them.
test: fmt lint apart test-rust test-node

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

test-node: $(CHROMIUM)
	$(CARGO) build --locked -p pms-hub
	cd $(NODE_SUITE) && npm ci --no-audit --no-fund && npm test

## The browser of the tests: Debian's, unless CHROMIUM names another that is there.
$(CHROMIUM):
	@[ $@ = /usr/bin/chromium ] || { echo "there is no $@, which CHROMIUM names" >&2; exit 1; }
	@echo "installing Debian's chromium, which the browser tests need"
	@export DEBIAN_FRONTEND=noninteractive; as_root=; [ "$$(id -u)" = 0 ] || as_root="sudo -n -E"; \
	{ $$as_root apt-get update -qq && \
	  $$as_root apt-get install -y -qq --no-install-recommends chromium; } >/dev/null || \
	{ echo "chromium can't be installed: install it, or run make with CHROMIUM=PATH" >&2; exit 1; }

## Benchmarks, each beside a peer or the physical limit; see docs/performance.md.
bench:
	$(CARGO) run --release --locked -p hub-bench --bin log_append
	$(CARGO) run --release --locked -p hub-bench --bin fanout

## Licenses and sources of all dependencies (needs cargo-deny).
deny:
	cargo deny --all-features check licenses bans sources

clean:
	$(CARGO) clean
	rm -rf $(NODE_SUITE)/node_modules
