# `make run`: the main job. `make test`: the tests. Both set everything up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check bench docs docs-check tutorials package clean

run: .venv/ready
	$(BIN)/engram demo

test: .venv/ready-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tools.typed_pages
	$(BIN)/lint-imports
	$(BIN)/python -m tools.structure --check
	$(BIN)/python -m benchmarks.report --check

bench: .venv/ready-dev
	$(BIN)/python -m benchmarks.speed

# The site, in docs/_build/html; needs no internet.
docs: .venv/ready-docs
	$(BIN)/python docs/make_api.py
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/check_links.py

# The same without running examples and tutorials, which the tests do.
docs-check: .venv/ready-docs
	ENGRAM_DOCS=quick $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/quick
	$(BIN)/python docs/check_links.py docs/_build/quick

# Tutorials that take too long for the tests.
tutorials: .venv/ready-dev
	ENGRAM_SLOW=1 $(BIN)/python -m pytest -n0 tests/unit/test_docs.py -k tutorials

# Wheel and sdist in dist/, checked; the wheel runs the demonstration in an empty environment. With
# LOWEST=1 that has the lowest versions of all dependencies.
package: .venv/bin/python
	$(BIN)/python -m pip install --quiet build twine
	$(BIN)/python tools/package.py $(if $(LOWEST),--lowest)

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/ready: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet -e ".[viz,learn]"
	$(BIN)/python -m compileall -q src
	touch $@

.venv/ready-dev: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	$(BIN)/python -m compileall -q src
	touch .venv/ready $@

.venv/ready-docs: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet -e ".[docs]"
	touch $@

clean:
	rm -rf .venv dist docs/_build docs/gallery docs/api/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
