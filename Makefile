# Needs Python 3.11 to 3.13, make and a package index; everything else goes to .venv.
# Another interpreter: make test PYTHON=python3.12. More arguments: make test ARGS=tests/steps

PYTHON ?= python3
ARGS ?=
DATA ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-models evaluate faults faults-long lint format bench lock clean

help: ## list these tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r task text; do printf '  make %-11s %s\n' "$$task" "$$text"; done

demo: $(VENV)/installed ## run the real daemon on the samples, show its report
	$(BIN)/retouchd demo $(ARGS)

test: $(VENV)/installed-dev ## run all tests
	$(BIN)/python -m pytest $(ARGS)

faults: $(VENV)/installed-dev ## break everything around the daemon (5 to 8 minutes)
	$(BIN)/python -m pytest tests/faults $(ARGS)

faults-long: $(VENV)/installed-dev ## the same in full sizes (hours)
	$(BIN)/python -m pytest tests/faults --long $(ARGS)

lint: $(VENV)/installed-dev ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## put the code into the agreed shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test-models: $(VENV)/installed-train ## run the tests of the training code (installs PyTorch)
	$(BIN)/python -m pytest tests/models_training $(ARGS)

evaluate: $(VENV)/installed ## measure the draft models: make evaluate DATA=folder
	$(BIN)/python models/evaluate.py --data "$(DATA)" $(ARGS)

bench: $(VENV)/installed ## measure this machine
	$(BIN)/retouchd bench $(ARGS)

lock: ## write the two lock files anew (needs uv)
	uv pip compile pyproject.toml --group build $(LOCK) -o requirements.lock
	uv pip compile pyproject.toml --group build --extra dev -c requirements.lock \
		$(LOCK) -o requirements-dev.lock

clean: ## remove what these tasks have made
	rm -rf $(VENV) build demo dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find daemon models sample_hotfolder tests -type d -name __pycache__ -exec rm -rf {} +

LOCK := --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# The marks are written last, so that an interrupted installation is taken up again.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo 'Python 3.11 to 3.13 is needed: make PYTHON=/path/to/python3.12 ...' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/made
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/installed-train: $(VENV)/installed-dev
	$(PIP) install --quiet --no-build-isolation -e '.[train]'
	@touch $@
