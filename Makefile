# Everything a person does here. Each target does its own set-up on a fresh Debian or Ubuntu machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-bench
ASSETS := src/regulars/report/assets/report.js
FRONTEND := $(shell find frontend -path frontend/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix bench bench-value bench-recommend bench-serving bench-segments bench-server docs pictures servers clean

help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(ASSETS) ## make the virtual environment and build the front end

$(READY): requirements.txt pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/setup.sh
	@touch $@

$(ASSETS): $(READY) $(FRONTEND)
	@BIN="$(BIN)" sh tools/build-frontend.sh
	@touch $@

demo: setup ## simulate a shop, run the whole way, then serve its console and storefront until Ctrl-C (PORT=8000)
	@$(BIN)/regulars demo --out demo --serve --port $(or $(PORT),8000)

servers: $(READY)
	@BIN="$(BIN)" sh tools/servers.sh

test: setup servers ## run every test; starts each server it needs by itself
	@$(BIN)/python -m pytest -n 3

check: setup ## format, lint, types, import direction, what the documentation says of the program (its examples run with the tests)
	@$(BIN)/ruff format --check src tests bench
	@$(BIN)/ruff check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@BIN="$(BIN)" sh tools/build-frontend.sh check
	@$(BIN)/python -m pytest tests/docs/test_pages.py

fix: setup ## format and mend what can be mended automatically
	@$(BIN)/ruff check --fix src tests bench || true
	@$(BIN)/ruff format src tests bench

bench: setup ## print speed and memory tables beside a peer, and write them to bench/results
	@$(BIN)/python -m bench

bench-value: setup $(PEERS)/.ready ## speed and accuracy of the value models beside lifetimes and pymc-marketing (ARGS=--quick to try)
	@PEERS_PYTHON="$(PEERS)/bin/python" $(BIN)/python -m bench.value $(ARGS)

bench-recommend: setup $(PEERS)/.ready ## how good recommendations are on a real shop beside implicit, and how fast
	@PEERS_PYTHON="$(PEERS)/bin/python" $(BIN)/python -m bench.recommend

bench-serving: setup ## how fast recommendations are answered from an index, and what a big shop costs
	@$(BIN)/python -m bench.recommend.serving

bench-segments: setup ## how long rules of segments take over a million customers and ten million events
	@$(BIN)/python -m bench.segments

bench-server: setup servers ## events a second, loads, refreshes and questions to the server, on SQLite and PostgreSQL
	@$(BIN)/python -m bench.server && $(BIN)/python -m bench.server.shop

$(PEERS)/.ready: $(READY) bench/requirements-peers.txt
	@echo "Installing the peers, pinned, into $(PEERS) …"
	@$(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r bench/requirements-peers.txt
	@touch $@

docs: setup ## build the documentation as a site into site/ (its examples run with the tests)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "site/index.html is ready; its search needs a server: $(BIN)/python -m http.server --directory site"

pictures: setup servers ## take the pictures of the documentation again, by the journeys that the tests take
	@REGULARS_PICTURES=docs/images REGULARS_PICTURES_CUSTOMERS=3000 $(BIN)/python -m pytest -n0 tests/web/shop/test_journeys.py

clean: ## remove what the targets above made
	rm -rf $(VENV) $(PEERS) frontend/node_modules src/regulars/report/assets src/regulars/web/console/assets src/regulars/web/edge/assets src/regulars/web/shop/assets demo site
