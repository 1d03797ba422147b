# Two commands set everything up: `make run` and `make test`. Both use a .venv of their own and touch
# nothing else. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO := scenarios/chongqing_2025.yaml

.DEFAULT_GOAL := help
.PHONY: help run test slow lint small rest check bench clean

$(BIN)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

help:                         ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target what; do printf 'make %-6s %s\n' "$$target" "$$what"; done

run: $(BIN)/.ready            ## the main job: a week of Chongqing's plan, half a minute
	$(BIN)/chargesim run $(SCENARIO)

test: $(BIN)/.ready           ## the tests, but for the slow ones
	$(BIN)/python -m pytest -n auto -m "not slow"

slow: $(BIN)/.ready           ## the slow tests
	$(BIN)/python -m pytest -n auto -m slow

lint: $(BIN)/.ready           ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

small: $(BIN)/.ready          ## the main job on one day, with two replications
	$(BIN)/chargesim check $(SCENARIO)
	$(BIN)/chargesim run $(SCENARIO) --days 1 --replications 2 --out "$$(mktemp -d)/run"

rest: slow lint small         ## what CI does after the tests

check: test rest              ## everything that CI does

bench: $(BIN)/.ready          ## the cost of a session
	$(BIN)/chargesim bench

clean:                        ## remove .venv, runs, caches and compiled code
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find chargesim -name __pycache__ -prune -exec rm -rf {} +
