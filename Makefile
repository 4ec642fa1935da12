# `make run`: the main job. `make test`: the tests. Both set everything up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check bench clean

run: .venv/ready
	$(BIN)/engram demo

test: .venv/ready-dev
	$(BIN)/python -m pytest -n auto

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.structure --check

bench: .venv/ready-dev
	$(BIN)/python -m benchmarks.speed

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

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
