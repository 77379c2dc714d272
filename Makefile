# Everything a machine needs beside Python 3.11 or 3.12 and make is set up by these targets, in .venv and a cache.

PYTHON ?= $(shell for python in python3.12 python3.11 python3 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1; \
	then echo $$python; break; fi; done)
BIN := .venv/bin
READY := .venv/.ready

# Tests start hundreds of processes: each would compile the whole tree again where this is set.
unexport PYTHONDONTWRITEBYTECODE

LOCK = build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test test-core check format lock bench chaos fuzz sbom servers servers-k8s test-k8s clean

help: ## Say what there is to make
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(READY): requirements-dev.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "Tocsin needs Python 3.11 or 3.12; found: $$(python3 --version 2>&1 || echo none). Name one with make PYTHON=..." >&2; \
		exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || { \
		echo "Tocsin needs Python 3.11 or 3.12; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $(READY)

demo: $(READY) ## Show the job on a shipped example, without any server
	@$(BIN)/tocsin demo

test: $(READY) ## Run every test, real servers included (fetched once into a cache)
	@$(BIN)/python -m pytest --numprocesses 4 --maxschedchunk 2 $(ARGS)

test-core: $(READY) ## Run the tests that need no server and kill no process
	@$(BIN)/python -m pytest --numprocesses 4 -m "not servers and not slow" $(ARGS)

test-k8s: servers-k8s ## Build the image; try it and the manifests on a real control plane, pods as processes
	@$(BIN)/python -m pytest --numprocesses 2 tests/k8s $(ARGS)
	@$(BIN)/python -m pytest tests/k8s/cluster $(ARGS)

check: $(READY) ## Format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## Format and mend what a tool can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Write the locks anew from pyproject.toml: newer versions, with hashes, for every Python and machine
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	@$(LOCK) -o requirements.lock pyproject.toml
	@$(LOCK) -o requirements-dev.lock -c requirements.lock --group test --group lint --group build pyproject.toml
	@$(LOCK) -o requirements-build.lock -c requirements-dev.lock --group build

sbom: $(READY) ## Write what the runtime is made of to build/sbom.cdx.json (CycloneDX)
	@mkdir -p build
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --output-file build/sbom.cdx.json requirements.lock

bench: $(READY) ## Measure; the figures of docs/performance.md
	@$(BIN)/python -m bench

fuzz: $(READY) ## 100,000 hostile inputs for the decoder and the rules loader, and as many templates
	@$(BIN)/python -m bench.fuzz
	@$(BIN)/python -m bench.templates

chaos: $(READY) ## 200 kills of workers and courier, servers stopped under load
	@$(BIN)/python -m bench.chaos --kills 200 --rate 200

servers: $(READY) ## Keep real Kafka, Elasticsearch, Redis and MariaDB running for hands-on work
	@$(BIN)/python -m tests.servers

servers-k8s: $(READY) ## Build that control plane into the cache: once, with Go, some minutes
	@$(BIN)/python -m tests.servers.kubernetes
	@$(BIN)/python -m tests.servers.image

clean: ## Remove the environment and what runs have left
	@rm -rf .venv data build *.egg-info .mypy_cache .ruff_cache .hypothesis
