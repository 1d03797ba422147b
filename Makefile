# Two commands set everything up: `make run` and `make test`. Both use a .venv of their own and touch nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test slow lint bench clean

$(BIN)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

run: $(BIN)/.ready            ## the main job: a week of Chongqing's plan, half a minute
	$(BIN)/chargesim run scenarios/chongqing_2025.yaml

test: $(BIN)/.ready           ## the tests, but for the slow ones
	$(BIN)/python -m pytest -n auto -m "not slow"

slow: $(BIN)/.ready           ## the slow tests
	$(BIN)/python -m pytest -n auto -m slow

lint: $(BIN)/.ready           ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BIN)/.ready          ## what a session costs
	$(BIN)/chargesim bench

clean:
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
