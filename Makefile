# make run           a broker on port 9092 with its data in ./data, and a first message (PORT=9192, DATA=./elsewhere)
# make test          every check and every test that this machine can run
# make check         format, lint, types, floors
# make bench         figures against Apache Kafka on this machine
# make bench-clients figures of Python's Kafka clients against each other
# make test-heavy    the tests that take minutes
# make dist          wheels and source distribution into ./dist
# make clean         remove what these made, but never ./data
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 9092
DATA ?= ./data
PYTEST ?= pytest
WORKERS ?= 2

BIN := .venv/bin
RUNTIME := .venv/.ottla-runtime
DEVELOPMENT := .venv/.ottla-development
NATIVE := setup.py $(wildcard src/ottla/records/_native.pyx src/ottla/records/native/*)

.PHONY: help run test check test-unit test-integration test-heavy bench bench-clients dist kcat kafka clean

help:
	@sed -n 's/^# make/make/p' Makefile

.venv/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here; name one with PYTHON=... (3.11 or later)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: 3.11 or later is needed; name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no virtual environment could be made; on Debian: apt install python3-venv"; exit 1; }

$(RUNTIME): pyproject.toml $(NATIVE) .venv/pyvenv.cfg
	@echo "installing ottla into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEVELOPMENT): pyproject.toml $(NATIVE) .venv/pyvenv.cfg
	@echo "installing ottla and what its tests need into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(RUNTIME)

run: $(RUNTIME)
	@exec $(BIN)/ottla demo --port $(PORT) --data $(DATA)

check: $(DEVELOPMENT)
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports

# Quick ones first; most of what starts brokers waits for them, so two files at a time. What kills them runs alone.
test: check kcat kafka test-unit test-integration

test-unit: $(DEVELOPMENT)
	$(BIN)/$(PYTEST) -q -m 'not heavy' -n $(WORKERS) tests/unit tests/wire tests/property tests/model tests/typing

test-integration: $(DEVELOPMENT) kcat kafka
	$(BIN)/$(PYTEST) -q -m 'not heavy' -n $(WORKERS) --dist loadfile tests/integration tests/examples
	$(BIN)/$(PYTEST) -q -m 'not heavy' tests/crash
	$(BIN)/$(PYTEST) -q -m 'not heavy' -n $(WORKERS) --dist loadfile tests/compat

test-heavy: $(DEVELOPMENT) kcat kafka
	$(BIN)/$(PYTEST) -q -m heavy --timeout 3600 tests

bench: $(DEVELOPMENT) kafka
	$(BIN)/python -m benchmarks

bench-clients: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.python_clients

# A wheel for this platform with the compiled module, one for every other without it, and what both are built from.
dist: $(DEVELOPMENT)
	rm -rf dist build/lib* build/bdist*
	OTTLA_PURE=1 $(BIN)/python -m build --wheel
	rm -rf build/lib* build/bdist*
	$(BIN)/python -m build

# Both are wanted by some tests, which skip with a word where they cannot be had.
kcat:
	@if command -v kcat >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing kcat"; \
	  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends kcat; } >/dev/null 2>&1 \
	    || echo "kcat could not be installed; its tests are skipped"; \
	else echo "kcat is not here (apt install kcat); its tests are skipped"; fi

kafka: $(DEVELOPMENT)
	@if [ -f .kafka/lib/.complete ]; then exit 0; fi; \
	if command -v mvn >/dev/null && command -v java >/dev/null; then \
	  echo "fetching Apache Kafka's jars into .kafka/lib"; \
	  if $(BIN)/python -m tests.support.apache fetch; then touch .kafka/lib/.complete; \
	  else echo "Apache Kafka's jars could not be had; tests against it are skipped"; fi; \
	else echo "no Java with Maven here; tests against Apache Kafka are skipped"; fi

clean:
	rm -rf .venv .kafka .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist src/*.egg-info
	find src -name '_native*.so' -delete
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +
