# Souffleur: every command of the project. Each target installs what it needs first, into .venv.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SOUFFLEUR := $(VENV)/bin/souffleur
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
BUILT := build/index/.built
# What the locks, the bill of materials and the audit are made with, in an environment of its own: its libraries are not ours.
TOOLS := build/supply-chain
TOOL_VERSIONS := uv==0.13.9 cyclonedx-bom==7.5.0 pip-audit==2.10.1
# What reads the description of the API beside us, each in an environment of its own: a linter, and what generates clients.
SPECTRAL := build/spectral
CLIENTS := build/client-generator
LOCK := $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-package colorama --no-emit-package httpx2-jsfetch
# A Milvus that its tests start, of 2023: the newest that comes as a package. It needs parts of setuptools that are no more.
MILVUS := build/milvus
MILVUS_VERSIONS := milvus==2.3.5 setuptools==79.0.1
# What the index is made of: the settings may name a table instead of the folder.
NAMED := $(shell sed -n 's/^corpus *= *"\(.*\)".*/\1/p' souffleur.toml 2>/dev/null)
CORPUS := $(or $(SOUFFLEUR_CORPUS),$(NAMED),corpus)
BESIDE := $(wildcard souffleur.toml $(addprefix $(dir $(CORPUS)),facettes.yaml acronyms.tsv hors-sujet.txt))

# What editors type says in French what is wrong, and make adds nothing to it: asked only whether there is something to
# do (-q), it runs the lines that begin with + all the same, and ends with the status 1 of one of them without a word.
FOR_EDITORS := index serve ask check-corpus
ifneq ($(MAKECMDGOALS),)
ifeq ($(filter-out $(FOR_EDITORS),$(MAKECMDGOALS)),)
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
MAKEFLAGS += q
RUN := +
OR_FAIL := || exit 1
endif
endif
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev index fresh-index serve ask check check-corpus format test evaluate gate bench wheel lock sbom audit clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 15

# Each file is held to its hash first; then nothing is left to fetch but torch, whose builds differ from machine to machine.
$(VENV)/.core: pyproject.toml requirements.lock
	$(RUN)@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(RUN)@echo "$(if $(RUN),Installation de Souffleur dans,Installing Souffleur into) $(VENV) …" >&2
	$(RUN)@$(PIP) --require-hashes --requirement requirements.lock $(OR_FAIL)
	$(RUN)@$(PIP) --no-build-isolation --no-deps --editable . $(OR_FAIL)
	$(RUN)@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt requirements-dev.lock
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Souffleur and its tests into $(VENV) …" >&2
	@$(PIP) --require-hashes --no-deps --requirement requirements-dev.lock
	@$(PIP) --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@ $(VENV)/.core

setup: $(VENV)/.core  ## Install Souffleur into .venv

setup-dev: $(VENV)/.dev

index: $(VENV)/.core  ## Build the index from corpus/, where it changed
	$(RUN)@mkdir -p $(dir $(BUILT))
	$(RUN)@touch $(BUILT).begun
	$(RUN)@$(SOUFFLEUR) build $(OR_FAIL)
	$(RUN)@mv $(BUILT).begun $(BUILT)

# Builds where something is newer than the beginning of the last build; much faster than to try.
fresh-index: $(VENV)/.core
	$(RUN)@test -e $(BUILT) && test -z "$$( \
		find $(CORPUS) $(BESIDE) -path corpus/queries -prune -o -newer $(BUILT) -print -quit; \
		find indexer -name '*.py' -newer $(BUILT) -print -quit)" || $(MAKE) --no-print-directory index $(OR_FAIL)

serve: fresh-index  ## Serve on 127.0.0.1:8000
	$(RUN)@$(if $(RUN),,exec) $(SOUFFLEUR) serve $(OR_FAIL)

ask: export QUESTION = $(value Q)
ask: fresh-index  ## Ask one question: make ask Q="…"
	$(RUN)@$(SOUFFLEUR) ask -- "$$QUESTION" $(OR_FAIL)

check: $(VENV)/.dev  ## Check format, lint, types and the corpus
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(SOUFFLEUR) check

check-corpus: $(VENV)/.core  ## Check the corpus alone, in French
	$(RUN)@$(SOUFFLEUR) check $(OR_FAIL)

format: $(VENV)/.dev  ## Format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

$(SPECTRAL)/.made: Makefile
	@mkdir -p $(SPECTRAL)
	@command -v npm >/dev/null || { echo "npm is not there: the description of the API is not linted." >&2; exit 0; }; \
		npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(SPECTRAL) @stoplight/spectral-cli@6.16.3 >/dev/null \
		&& touch $@ || echo "Spectral could not be installed." >&2

$(CLIENTS)/.made: Makefile
	@$(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1 python-dateutil==2.9.0.post0 \
		&& touch $@ || echo "What generates clients could not be installed." >&2

$(MILVUS)/.made: Makefile
	@$(PYTHON) -m venv $(MILVUS)
	@$(MILVUS)/bin/pip install --quiet --disable-pip-version-check $(MILVUS_VERSIONS) \
		&& touch $@ || echo "Milvus could not be installed: its tests are skipped." >&2

test: $(VENV)/.dev $(SPECTRAL)/.made $(CLIENTS)/.made $(MILVUS)/.made  ## Run every test; as root, install Chromium, nginx and rsync for some
	@(test -x /usr/bin/chromium && test -x /usr/sbin/nginx && test -x /usr/bin/rsync) || test "$$(id -u)" != 0 || \
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium nginx-light rsync >/dev/null) || \
		echo "Chromium, nginx or rsync could not be installed." >&2
	@$(PY) -m pytest

evaluate: $(VENV)/.dev fresh-index  ## Measure the shipped query sets and print the table
	@$(SOUFFLEUR) evaluate run corpus/queries/dev --out build/evaluation/dev
	@$(SOUFFLEUR) evaluate run corpus/queries/test --out build/evaluation/test
	@$(SOUFFLEUR) evaluate gate

gate: $(VENV)/.dev fresh-index  ## Fail if the shipped sets are answered worse than accepted
	@$(SOUFFLEUR) evaluate gate

bench: $(VENV)/.dev  ## Measure speed and quality beside other libraries; installs them
	@$(PY) -m benchmarks.peers

wheel: $(VENV)/.dev  ## Make the wheel and the source archive in dist/
	@$(PY) -m build --outdir dist >/dev/null
	@ls dist/*

$(TOOLS)/.made: Makefile
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check $(TOOL_VERSIONS)
	@touch $@

lock: $(TOOLS)/.made  ## Write the hashes of constraints.txt into the two lock files
	@{ grep -vE '^(#|torch==)' constraints.txt; echo setuptools; } > $(TOOLS)/all.in
	@$(LOCK) --no-deps $(TOOLS)/all.in --output-file requirements-dev.lock
	@{ grep -oE '^[A-Za-z0-9._-]+==[^ ]+' requirements-dev.lock; } > $(TOOLS)/versions.in
	@echo setuptools | $(LOCK) pyproject.toml - --constraint $(TOOLS)/versions.in --output-file requirements.lock

sbom: $(TOOLS)/.made  ## Write what is installed, as CycloneDX, into dist/souffleur.cdx.json
	@mkdir -p dist
	@PYTHONWARNINGS=ignore $(TOOLS)/bin/cyclonedx-py requirements --validate --output-reproducible --short-PURLs --pyproject pyproject.toml \
		--output-file dist/souffleur.cdx.json requirements.lock
	@ls dist/souffleur.cdx.json

audit: $(TOOLS)/.made  ## Look for known weaknesses of what is installed; asks a database over the network
	@$(TOOLS)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip

clean:  ## Remove the virtual environment and everything built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
