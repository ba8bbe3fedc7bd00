# Everything a person types here. `make help` lists it; the work is done by `python -m stack` (stack/).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK := $(BIN)/python -m stack
TRAFFIC ?= --seconds 60 --rate 2

.DEFAULT_GOAL := help
.PHONY: help up down logs ps clean demo tail trace doctor audit backfill backup restore dashboards test unit-test smoke-test start-test delivery-test shapes-test links-test grafana-test browser-test alert-test audit-test backup-test retention-test fault-test jaeger-v2-test registry-test lint format bench bench-guard lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/ready ## Start everything and wait until it is ready
	@$(STACK) up

down: $(VENV)/ready ## Stop everything; stored data stays
	@$(STACK) down

logs: $(VENV)/ready ## Follow the containers' own output (SERVICE=loki for one)
	@$(STACK) logs $(SERVICE)

ps: $(VENV)/ready ## Show the containers and their health
	@$(STACK) ps

clean: $(VENV)/ready ## Stop everything and delete all stored data
	@$(STACK) clean

demo: $(VENV)/ready ## Drive traffic through the application (TRAFFIC="--seconds 60 --rate 2")
	@$(BIN)/python -m stack demo $(TRAFFIC)

tail: $(VENV)/ready ## Follow log lines in Loki (SERVICE=k8s-worker LEVEL=warning SINCE=15m)
	@$(STACK) tail $(if $(SERVICE),--service $(SERVICE)) $(if $(LEVEL),--level $(LEVEL)) $(if $(SINCE),--since $(SINCE))

trace: $(VENV)/ready ## Show a trace with its log lines (ID=trace id, execution_id, or a log line in single quotes)
	@$(STACK) trace "$$ID"

doctor: $(VENV)/ready ## Say what is wrong with the stack and what to do
	@$(STACK) doctor

WINDOW = $(if $(SINCE),--since $(SINCE)) $(if $(UNTIL),--until $(UNTIL))

audit: $(VENV)/ready ## Is every line that was written in Loki? (SERVICE=backend SINCE=2h UNTIL=0s)
	@$(BIN)/python -m stack audit $(SERVICE) $(WINDOW)

backfill: $(VENV)/ready ## Send the lines that Loki lacks, then audit again (same options)
	@$(BIN)/python -m stack backfill $(SERVICE) $(WINDOW)

backup: $(VENV)/ready ## Copy all stored data into one file (FILE=backups/name.zip)
	@$(BIN)/python -m stack backup $(if $(FILE),--file '$(FILE)')

restore: $(VENV)/ready ## Put a backup in place (FILE=…; FORCE=1 replaces what is stored)
	@$(BIN)/python -m stack restore $(if $(FILE),--file '$(FILE)') $(if $(FORCE),--force)

dashboards: $(VENV)/ready ## Write Grafana's dashboards from dashboards/
	@$(BIN)/python -m dashboards

test: unit-test smoke-test ## Unit tests, then the smoke test (starts the stack)

unit-test: $(VENV)/ready ## Tests that need no running stack
	$(BIN)/pytest tests/unit

smoke-test: up ## Prove every path of the running stack
	$(BIN)/pytest tests/smoke

start-test: up ## How the stack starts, and what it says when it can't
	$(BIN)/pytest tests/start

delivery-test: $(VENV)/ready ## Outages of the Collector as the application sees them (minutes)
	$(BIN)/pytest tests/delivery

shapes-test: up ## Odd records: each is stored, none costs its neighbours
	$(BIN)/pytest tests/shapes

links-test: up ## Follow every link, run every panel's query
	$(BIN)/pytest tests/links tests/dashboards

grafana-test: up ## What only a real Grafana can say: rules, queries, contact points
	$(BIN)/pytest tests/grafana

browser-test: up ## Click through Grafana (needs one; SCREENSHOTS=docs/images keeps pictures)
	$(BIN)/pytest tests/browser

alert-test: up ## Break what each alert watches: silent, firing, resolved
	$(BIN)/pytest tests/alerts

audit-test: up ## Lose lines on purpose; find and restore them
	$(BIN)/pytest tests/audit

backup-test: up ## Back up, upgrade, lose and restore a stack; count everything
	$(BIN)/pytest tests/backup

retention-test: up ## 720 h, proven by old data; disks that fill
	$(BIN)/pytest tests/retention

fault-test: up ## Kill, cut off, fill and flood; count every line (FAULTS=long for the whole of it)
	$(BIN)/pytest tests/faults

jaeger-v2-test: up ## Jaeger 2 after Jaeger 1, in a stack of its own: traces, links, kill -9
	$(BIN)/pytest tests/jaeger_v2

registry-test: up ## Start from a registry, and from bad ones, on an engine of its own; check the workflows
	$(BIN)/pytest tests/registry

lint: $(VENV)/ready ## Static checks of the code and of every configuration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(STACK) check

format: $(VENV)/ready ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready ## Measure beside other configurations (about two hours; ONLY="latency burst" for a part)
	$(BIN)/python -m bench $(ONLY)

bench-guard: $(VENV)/ready ## A few ratios in two minutes; fails when one is clearly worse
	$(BIN)/python -m bench.guard

lock: ## Pin the newest versions that pyproject.toml allows, with hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra dev pyproject.toml -o requirements-dev.lock

# The virtual environment is made anew whenever its lock file changes, and only counts once it is complete.
$(VENV)/ready: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "installing the tools into $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python's venv module is needed: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
