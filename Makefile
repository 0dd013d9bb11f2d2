# Engrenages. `make demo` shows it, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help setup demo serve test lint bench format messages lock clean

help:
	@echo "make demo   load a demo park, play a round, serve it on port 8000 (ARGS=--no-serve ends after the round)"
	@echo "make test   run every test on the real database"
	@echo "make setup | serve | lint | format | messages | bench | lock | clean"

setup: $(VENV)/.installed

# One stamp for the whole environment: made again when a pinned requirement changes.
$(VENV)/.installed: requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/engrenages demo $(ARGS)

serve: setup
	$(BIN)/engrenages serve $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Bring the French catalogue in step with the messages of the code.
messages: setup
	$(BIN)/python -m tools.messages

bench: setup
	$(BIN)/engrenages bench $(ARGS)

# Pin again after a change of requirements/*.in (needs `uv`).
lock:
	uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 requirements/base.in -o requirements/base.txt
	uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
