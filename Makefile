# `make demo` and `make test` set up everything that they need; the rest is for those who work on Stolon.
#
#   make demo     the bundled project on http://127.0.0.1:8000     ARGS="--port 9000" is passed on
#   make test     the tests, with branch coverage                  ARGS="-k name" is passed on
#   make check    style, types, layers, drift of schema.graphql
#   make schema   export schema.graphql anew
#   make reference  write docs/reference anew
#   make bench    what a request costs on each lane and beside plain Strawberry, and what each policy costs a call
#                 (ARGS="--only micro" is passed on to the former)
#   make load     the bundled stories under load: latency and errors, and what of it is the gateway's   SECONDS=60
#   make soak     Parfinanciero under load while its services die and come back   SECONDS=150 SEED=7
#   make playground  build the playground's assets anew (needs node and npm)
#   make format   put the sources into the one format
#   make setup    only prepare .venv
#
# PYTHON=python3.13 names the interpreter that .venv is made with (3.11 or newer); it is remembered.

SHELL := /bin/sh
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?=
ARGS ?=
SECONDS ?= 150
SEED ?=

VENV := .venv/bin
SOURCES := adapters resolvers graph stolon examples
DEMO := examples/parfinanciero

export PYTHON
# Nothing of the user's own Python may reach in.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1

.PHONY: setup setup-check demo test bench load soak check lint types idiom layers drift schema reference playground format clean

setup:
	@scripts/setup

setup-check: setup
	@scripts/setup check

demo: setup
	@exec $(VENV)/stolon demo $(ARGS)

test: setup
	@rm -f .coverage .coverage.*
	@$(VENV)/pytest --cov --cov-report=term $(ARGS)

bench: setup
	@$(VENV)/python bench/gateway.py $(ARGS)
	@$(VENV)/python bench/policy_stack.py

load: SECONDS := 60
load: setup
	@$(VENV)/python bench/load.py --seconds $(SECONDS) $(ARGS)

# About three minutes, most of them weather. Without a seed one is drawn, and told.
soak: setup
	@$(VENV)/python -m tests.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

check: lint types idiom layers drift
	@echo "check: all well"

lint: setup-check
	@$(VENV)/ruff check --output-format concise .
	@$(VENV)/ruff format --check .
	@$(VENV)/hadolint --config .hadolint.yaml Dockerfile

types: setup-check
	@$(VENV)/mypy $(SOURCES) tests scripts/reference_pages
	@MYPYPATH=$(DEMO) $(VENV)/mypy $(DEMO)/schema.py
	@MYPYPATH=tests/idiom $(VENV)/mypy tests/idiom/*.py

# What a user writes must satisfy the strictest checker without a comment to calm it. pyright passes over a folder
# that is not there, so the recipe asks for both.
idiom: setup-check
	@ls $(DEMO)/schema.py tests/idiom/*.py >/dev/null
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV)/pyright

layers: setup
	@$(VENV)/pytest -q -p no:cacheprovider tests/test_layers.py tests/test_packaging.py

drift: setup
	@now=$$(mktemp) && trap 'rm -f "$$now"' EXIT && \
	$(VENV)/stolon export --project $(DEMO) >"$$now" && \
	{ diff -u schema.graphql "$$now" || { \
	  echo "schema.graphql is not what $(DEMO) exports (- committed, + exported): make schema, and commit it" >&2; \
	  exit 1; }; }
	@$(VENV)/python -m scripts.reference_pages --check

reference: setup
	@$(VENV)/python -m scripts.reference_pages

schema: setup
	@now=$$(mktemp) && trap 'rm -f "$$now"' EXIT && \
	$(VENV)/stolon export --project $(DEMO) >"$$now" && cat "$$now" >schema.graphql

playground:
	@playground/build

format: setup-check
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

clean:
	rm -rf .venv .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
