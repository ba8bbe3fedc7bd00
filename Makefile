# What a person types here: `make help` lists it. A target is one call of `python -m stack`, pytest, a checker or the benchmark.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK := $(BIN)/python -m stack
TRAFFIC ?= --seconds 60 --rate 2

.DEFAULT_GOAL := help
.PHONY: help up down logs status clean demo tail trace doctor audit backfill backup restore dashboards test unit-test smoke-test check lint format bench bench-guard lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/ready ## Start everything and wait until it is ready
	@$(STACK) up

down: $(VENV)/ready ## Stop everything; stored data stays
	@$(STACK) down

logs: $(VENV)/ready ## Follow the containers' own output (SERVICE=loki for one)
	@$(STACK) logs $(SERVICE)

status: $(VENV)/ready ## Show each service's health, and the addresses again
	@$(STACK) status

clean: $(VENV)/ready ## Stop everything and delete all stored data (YES=1: don't ask)
	@$(STACK) clean $(if $(YES),--yes)

demo: $(VENV)/ready ## Drive traffic through the application (TRAFFIC="--seconds 60 --rate 2")
	@$(STACK) demo $(TRAFFIC)

tail: $(VENV)/ready ## Follow log lines in Loki (SERVICE=k8s-worker LEVEL=warning SINCE=15m)
	@$(STACK) tail $(if $(SERVICE),--service $(SERVICE)) $(if $(LEVEL),--level $(LEVEL)) $(if $(SINCE),--since $(SINCE))

trace: $(VENV)/ready ## Show a trace with its log lines (ID=trace id, execution_id, or a log line in single quotes)
	@$(STACK) trace "$$ID"

doctor: $(VENV)/ready ## Say what is wrong with the stack and what to do
	@$(STACK) doctor

WINDOW = $(if $(SINCE),--since $(SINCE)) $(if $(UNTIL),--until $(UNTIL))

audit: $(VENV)/ready ## Is every line that was written in Loki? (SERVICE=backend SINCE=2h UNTIL=0s)
	@$(STACK) audit $(SERVICE) $(WINDOW)

backfill: $(VENV)/ready ## Send the lines that Loki lacks, then audit again (same options)
	@$(STACK) backfill $(SERVICE) $(WINDOW)

backup: $(VENV)/ready ## Copy all stored data into one file (FILE=backups/name.zip)
	@$(STACK) backup $(if $(FILE),--file '$(FILE)')

restore: $(VENV)/ready ## Put a backup in place (FILE=…; FORCE=1 replaces what is stored)
	@$(STACK) restore $(if $(FILE),--file '$(FILE)') $(if $(FORCE),--force)

dashboards: $(VENV)/dev-ready ## Write Grafana's dashboards from dashboards/
	@$(BIN)/python -m dashboards

SUITES := $(sort $(foreach file,$(wildcard tests/*/test_*.py),$(notdir $(patsubst %/,%,$(dir $(file))))))
# These start what they need themselves.
WITHOUT_STACK := unit delivery
UNKNOWN := $(filter-out $(SUITES),$(SUITE))

ifeq ($(strip $(SUITE)),)
test: unit-test smoke-test ## Unit tests, then the smoke test; SUITE="links dashboards" ARGS="-k …" for others
else ifneq ($(UNKNOWN),)
test:
	@echo "no such suite: $(UNKNOWN). There are: $(SUITES)" >&2; exit 2
else
test: $(VENV)/dev-ready $(if $(filter-out $(WITHOUT_STACK),$(SUITE)),up)
	$(BIN)/pytest $(addprefix tests/,$(SUITE)) $(if $(filter long,$(FAULTS)),--timeout 0) $(ARGS)
endif

unit-test: $(VENV)/dev-ready ## Tests that need no running stack
	$(BIN)/pytest tests/unit $(ARGS)

smoke-test: $(VENV)/dev-ready up ## Prove every path of the running stack
	$(BIN)/pytest tests/smoke $(ARGS)

check: $(VENV)/ready ## Static checks of every configuration
	@$(STACK) check

lint: $(VENV)/dev-ready ## Static checks of the code and of every configuration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(STACK) check

format: $(VENV)/dev-ready ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev-ready ## Measure beside other configurations (about 90 minutes; ONLY="latency burst" for a part)
	$(BIN)/python -m bench $(ONLY)

bench-guard: $(VENV)/dev-ready ## A few ratios in three minutes; fails when one is clearly worse
	$(BIN)/python -m bench.guard

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q

# Each lock is bound by the one before it: no package has two versions.
lock: ## Pin what pyproject.toml names, with hashes (needs uv)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group operator -c requirements-dev.lock -o requirements-operator.lock

INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

# The virtual environment is made anew whenever the operator's lock changes, and only counts once it is complete.
$(VENV)/ready: requirements-operator.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "installing the operator's tools into $(VENV) (about 98 MB, 26 of them pip and what venv brings)"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python's venv module is needed: apt-get install python3-venv" >&2; exit 1; }
	@$(INSTALL) -r requirements-operator.lock
	@touch $@

# On top of the operator's tools, which hold the same versions.
$(VENV)/dev-ready: requirements-dev.lock $(VENV)/ready
	@echo "installing the tools of tests, checks and benchmarks into $(VENV) (about 600 MB)"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@
