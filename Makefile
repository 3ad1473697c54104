# darnax: `make train` and `make test` work in a fresh clone with Python 3.11, git and make.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
DOCS := .venv-docs
RAY := .venv-ray
BOTH := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help install train test test-all test-ray coverage mutants reliability docs reference check format lock clean

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements.lock
	@echo "1/3 environment: .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
	@echo "2/3 packages of requirements.lock; some minutes the first time"
	@$(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.lock
	@echo "3/3 darnax itself"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(READY) ## make the environment, .venv

train: $(READY) ## make the environment, then train the main job on real MNIST
	$(BIN)/darnax train +experiment=mnist_chain

test: $(READY) ## the tests, in a few minutes
	$(BIN)/python -m pytest -q $(BOTH)

test-all: $(READY) ## all tests, also the ones that take longer; those of the pages need Chromium
	$(BIN)/python -m pytest -q $(BOTH) -m "not ray"

$(RAY)/.ready: pyproject.toml requirements-ray.lock
	@$(PYTHON) -m venv $(RAY)
	@$(RAY)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-ray.lock
	@$(RAY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

test-ray: $(RAY)/.ready ## sweeps on Ray, in an environment of its own; some minutes
	$(RAY)/bin/python -m pytest -q -m ray tests/end_to_end/test_ray.py

coverage: $(READY) ## which lines and branches the tests of `make test` never reach
	$(BIN)/python -m pytest -q $(BOTH) --cov --cov-report=term

mutants: $(READY) ## which changes of the code no test notices; about an hour
	$(BIN)/python scripts/mutate.py

reliability: $(READY) ## how many cases the tests of reliability try, into docs/development/reliability.md
	$(BIN)/python -m pytest -q $(BOTH) -m "slow or not slow" --junitxml=.reliability.xml tests/reliability; \
	$(BIN)/python scripts/reliability.py .reliability.xml

$(DOCS)/.ready: requirements-docs.lock
	@$(PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-docs.lock
	@touch $@

docs: $(DOCS)/.ready ## the site, into site/; broken links and references are errors
	@rm -rf site
	PYTHONPATH=. $(DOCS)/bin/python -m zensical build --strict --clean -f mkdocs.yml
	$(DOCS)/bin/python scripts/documentation/check_site.py site

reference: $(READY) ## docs/guides/configuration.md and experiments.md, from the schema, configs/ and receipts
	$(BIN)/python scripts/configuration_reference.py
	$(BIN)/python scripts/experiments_page.py

check: $(READY) ## style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## pin the newest versions that pyproject.toml allows
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-lock/bin/python -m pip install --quiet --group dev --editable .
	.venv-lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-lock/bin/python -m pip install --quiet --group docs
	.venv-lock/bin/python -m pip freeze > requirements-docs.lock
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-lock/bin/python -m pip install --quiet --group ray --editable ".[ray]"
	.venv-lock/bin/python -m pip freeze --exclude-editable > requirements-ray.lock
	rm -rf .venv-lock

clean: ## remove the environment and what tools left behind
	rm -rf .venv .venv-docs .venv-ray .venv-lock site .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage dist build
