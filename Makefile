# The two commands a stranger needs are `make run` and `make test`.

CARGO ?= cargo
NODE_SUITE := tests/node
export CHROMIUM ?= /usr/bin/chromium
export NGINX ?= /usr/sbin/nginx
export HAPROXY ?= /usr/sbin/haproxy
PYTHON ?= python3
PYTHON_SUITE := tests/python
VENV := .venv
SERVICES := analytics autotrader leaderboard rttm
# Crates that are of use to others, and those of ours that they need.
PUBLISHED := hub-json hub-ws hub-stomp hub-sockjs

# What the tests need of Debian, quietly.
define apt_install
echo "installing Debian's $(1), which the tests need"; \
export DEBIAN_FRONTEND=noninteractive; as_root=; [ "$$(id -u)" = 0 ] || as_root="sudo -n -E"; \
{ $$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends $(1); } >/dev/null || \
{ echo "$(1) can't be installed: install it by hand" >&2; exit 1; }
endef

.PHONY: run build test check fmt lint apart doc package suites hub \
  test-rust test-node node-ready test-python python-ready bench bench-full bench-ready fuzz deny clean

## Build and start the hub with the demo feed (embedded log in data/hub.db).
run:
	$(CARGO) run --release --locked -p pms-hub -- serve --demo

## The binary, which stays below 25 MB.
build:
	$(CARGO) build --release --locked -p pms-hub
	@bytes=$$(wc -c < "$${CARGO_TARGET_DIR:-target}/release/pms-hub"); [ "$$bytes" -lt 25000000 ] || \
	{ echo "the binary has $$bytes bytes: it should stay below 25 MB" >&2; exit 1; }

## Install what the tests need and run all of them.
test: fmt lint apart doc package suites

## For every commit: what is known in two minutes once the tree is built. No sockets, no child processes.
check: fmt lint
	$(PYTHON) tests/run.py --without pms-hub --without hub-demo --without hub-testkit --without hub-fuzz --without hub-bench \
	  --but pms-hub:pms_hub --but pms-hub:config --but pms-hub:documented --but pms-hub:one_model

fmt:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

## The hub builds without any one of its services, and the rest works.
apart:
	for service in $(SERVICES); do \
	  rest=$$(echo $(SERVICES) | tr ' ' '\n' | grep -vx $$service | paste -sd, -); \
	  echo "without $$service:"; \
	  $(CARGO) clippy --locked --no-deps -p pms-hub --no-default-features --features $$rest -- -D warnings || exit 1; \
	done
	$(CARGO) test --workspace --locked --no-default-features --features pms-hub/analytics --test vector_v1

## Documentation without a warning: a link that leads nowhere is one.
doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

## The crates that are of use to others, as they would be published, each built from its package alone.
package:
	$(CARGO) package --locked $(PUBLISHED:%=-p %) $(shell git status --porcelain | grep -q . && echo --allow-dirty)

## All suites: test binaries, documentation, Node and Python, several at once.
suites: node-ready python-ready
	$(PYTHON) tests/run.py --beside '$(NODE_TEST)' --beside '$(PYTHON_TEST)' --beside '$(RECEIPTS_TEST)' --beside '$(SCORES_TEST)'

test-rust:
	$(PYTHON) tests/run.py

test-node: node-ready hub
	$(NODE_TEST)

test-python: python-ready hub
	$(PYTHON_TEST)
	$(RECEIPTS_TEST)
	$(SCORES_TEST)

## The hub as the tests have it: the features of the whole workspace, those of its tests included, so that what it
## depends on is built once.
hub:
	$(CARGO) build --workspace --locked --bin pms-hub --test vector_v1

NODE_TEST := cd $(NODE_SUITE) && npm test
node-ready: $(CHROMIUM) $(NGINX) $(HAPROXY)
	cd $(NODE_SUITE) && npm ci --no-audit --no-fund

## The browser and the proxies of the tests: Debian's, unless the variables name others that are there.
$(CHROMIUM) $(NGINX) $(HAPROXY):
	@case $@ in /usr/bin/chromium | /usr/sbin/nginx | /usr/sbin/haproxy) ;; \
	*) echo "there is no $@, which CHROMIUM, NGINX or HAPROXY names" >&2; exit 1 ;; esac
	@$(call apt_install,$(notdir $@))

## stomp.py, its command line and its library, against the hub over TCP.
PYTHON_TEST := $(VENV)/bin/python -W error -B $(PYTHON_SUITE)/test_stomp.py
## What a position is made of, worked out again from the records that its receipt cites. RECEIPTS_TRANSACTIONS for more.
RECEIPTS_TEST := $(PYTHON) -W error -B $(PYTHON_SUITE)/test_receipts.py
## What a portfolio is ranked by, likewise. SCORES_PORTFOLIOS for more.
SCORES_TEST := $(PYTHON) -W error -B $(PYTHON_SUITE)/test_scores.py
python-ready:
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { $(call apt_install,python3-venv); }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(PYTHON_SUITE)/requirements.txt

## Benchmarks, each beside a peer or the physical limit, in some 15 minutes; see docs/performance.md.
FANOUT = $${CARGO_TARGET_DIR:-target}/release/fanout
CORE = $${CARGO_TARGET_DIR:-target}/release/core
RANKS = $${CARGO_TARGET_DIR:-target}/release/ranks
HUB_BINARY = --hub $${CARGO_TARGET_DIR:-target}/release/pms-hub
BENCH_VENV := .venv-bench
BRIEFLY := --warm-up-time 1 --measurement-time 2
bench: bench-ready
	$(CARGO) run --release --locked -p hub-bench --bin log_append
	$(CORE) apply --positions 200000 --again 60000 --portfolios 10000
	$(CORE) replay --records 200000 --portfolios 10000
	$(CORE) marks --positions 300000 --portfolios 30000 --rounds 5
	$(CORE) lag $(HUB_BINARY) --rounds 9
	$(RANKS) board --blocks 3
	$(RANKS) fork --blocks 3
	$(RANKS) windows --rounds 3
	$(CORE) ingest $(HUB_BINARY) --records 100000 --blocks 3
	$(FANOUT) peers $(HUB_BINARY) --connections 100,1000 --phases idle,rate,two,deep --carriers ws --peers uws --seconds 5.1
	$(FANOUT) peers $(HUB_BINARY) --connections 1000 --phases native,idle-latency --carriers ws --peers uws --seconds 4
	$(FANOUT) codings $(HUB_BINARY) --transport websocket --rounds 5 --messages 100
	$(CARGO) bench --locked -p hub-bench --bench stomp_parse -- $(BRIEFLY)
	$(CARGO) bench --locked -p hub-bench --bench record_form -- $(BRIEFLY)
	$(CARGO) bench --locked -p hub-bench --bench deflate -- $(BRIEFLY)

## All of it, which takes hours; OPTIONS="--connections 1000 --phases two,deep" restricts the fan-out beside peers.
bench-full: bench-ready
	$(CARGO) run --release --locked -p hub-bench --bin log_append
	$(CORE) apply
	$(CORE) replay
	$(CORE) marks
	$(CORE) lag $(HUB_BINARY)
	$(RANKS) board
	$(RANKS) windows
	$(CORE) ingest $(HUB_BINARY)
	$(FANOUT) peers $(HUB_BINARY) $(OPTIONS)
	$(FANOUT) codings $(HUB_BINARY)
	$(CARGO) bench --locked -p hub-bench --bench '*'

## The peers: socketify (uWebSockets), which needs Debian's libuv1, and ws. What can't be installed is not measured.
bench-ready:
	$(CARGO) build --release --locked -p pms-hub -p hub-bench --bins
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || ( $(call apt_install,python3-venv) ) || true
	@ldconfig -p | grep -q 'libuv[.]so[.]1 ' || ( $(call apt_install,libuv1) ) || true
	@{ $(PYTHON) -m venv $(BENCH_VENV) && \
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt; } || \
	echo "socketify can't be installed: the benchmark runs without uWebSockets" >&2
	@(cd bench/peers && npm ci --no-audit --no-fund) || echo "ws can't be installed: the benchmark runs without it" >&2

## A fuzz target with libFuzzer, on stable Rust with a C++ compiler; see docs/testing.md.
TARGET ?= ws_decoder
SECONDS ?= 60
HOST = $(shell rustc -vV | sed -n 's/host: //p')
# What cargo-fuzz passes, less what needs nightly: counters, tables and compared values, no sanitizer.
SANCOV := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing
FUZZ := fuzz/libfuzzer
CORPUS := $(FUZZ)/corpus/$(TARGET)
fuzz:
	@mkdir -p $(CORPUS) $(FUZZ)/artifacts fuzz/regressions/$(TARGET)
	RUSTFLAGS="$(SANCOV)" $(CARGO) run --release --locked --manifest-path $(FUZZ)/Cargo.toml --target $(HOST) \
	  --bin $(TARGET) -- $(CORPUS) fuzz/seeds/$(TARGET) fuzz/regressions/$(TARGET) \
	  -max_total_time=$(SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	  -dict=fuzz/dictionaries/$(TARGET).dict -artifact_prefix=$(FUZZ)/artifacts/$(TARGET)-

## Licenses and sources of all dependencies (needs cargo-deny).
deny:
	cargo deny --all-features check licenses bans sources

clean:
	$(CARGO) clean
	rm -rf $(NODE_SUITE)/node_modules bench/peers/node_modules $(VENV) $(BENCH_VENV) $(FUZZ)/target
