# make study COUNTRY=USA   a market study in reports/
# make test                the whole suite
# Both create the environment in .venv on first use and reuse it afterwards.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    := .venv
BIN     := $(VENV)/bin
COUNTRY ?= USA
EXPORTER ?= EU27
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help env study test stress lab lint format bench build lock clean

help:  ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'
	@echo; echo "  COUNTRY=$(COUNTRY) EXPORTER=$(EXPORTER) ARGS='' are passed to the study; marketintel study --help lists the rest."

env: $(VENV)/.installed  ## create or update .venv from the locked, hashed requirements

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"marketintel needs Python 3.11 (3.11.5 or later); {sys.executable} is {v[0]}.{v[1]}.{v[2]}. Install it or say: make PYTHON=/path/to/python3.11") if v[:2] != (3, 11) or v < (3, 11, 5) else None'
	@echo "Creating the environment in $(VENV) (about a minute, once) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

study: env  ## market study: make study COUNTRY=USA EXPORTER=EU27
	@$(BIN)/marketintel study $(COUNTRY) --exporter $(EXPORTER) $(ARGS)

build: env  ## rebuild the processed tables from the snapshots
	@$(BIN)/marketintel build

test: env  ## run the test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

stress: env  ## kills, races and full disks at length (half an hour); prints figures
	@$(BIN)/python -m pytest -m slow tests && $(BIN)/python -m pytest -m stress -s tests/stress $(ARGS)

lab: env  ## open JupyterLab on copies of the notebooks in workspace/
	@mkdir -p workspace
	@for f in notebooks/*.ipynb; do [ -e "workspace/$${f##*/}" ] || cp "$$f" workspace/; done
	@$(BIN)/jupyter lab --notebook-dir=workspace $$([ "$$(id -u)" != 0 ] || echo --allow-root) $(ARGS)

lint: env  ## ruff, mypy, and the reference files
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/marketintel check

format: env  ## format the code, strip notebook outputs
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/nbstripout notebooks/*.ipynb

BENCHES := first_study segment_query complexity gravity potential screening forecast_speed panel_elasticities

bench: env  ## run the benchmarks that need nothing else (minutes); prints ratios
	@for b in $(BENCHES); do echo "== $$b"; $(BIN)/python benchmarks/$$b.py || exit 1; done

lock: env  ## resolve the dependencies again (needs a package registry)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11.5 \
	  --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock
	@$(BIN)/python scripts/conda_environment.py

clean:  ## remove .venv and everything that can be rebuilt
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
	@find data/processed -mindepth 1 ! -name .gitkeep -delete
