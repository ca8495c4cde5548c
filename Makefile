# Names for commands. What needs logic is in stack/ and tools/.

.DEFAULT_GOAL := help
STORE ?= sqlite
WORKFLOW ?= task
# For the system tests, with those of one stack in one process; 0 is pytest's own.
PROCESSES ?= 2
SAMPLE ?=
SHOWN = --workflow "$(WORKFLOW)" $(if $(SAMPLE),--sample "$(SAMPLE)")
UV := .tools/bin/uv
PYTHON := .venv/bin/python
# Those whose behaviour a cluster, with its sidecars and Redis, could change.
E2E_ON_KIND := bulk_operations hello operations samples schedules services swagger_ui \
	task_processing traces waiting why
READY := .venv/.ready
# Each process that is started would else compile the hundreds of files that it imports.
export PYTHONDONTWRITEBYTECODE :=
PROJECTS := pyproject.toml cli/pyproject.toml contracts/pyproject.toml servicekit/pyproject.toml \
	services/assigner/pyproject.toml services/notifier/pyproject.toml \
	services/orchestrator/pyproject.toml stack/pyproject.toml

.PHONY: help setup run demo backup restore record check format test test-unit test-e2e test-kind mutants version faults faults-kind faults-memory faults-mutants docs bench-list bench-tracing up down clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Install uv and the Python packages where they are missing
	@echo "Ready: $(PYTHON)"

run: $(READY) ## Start the system, run a sample, stay until Ctrl-C (WORKFLOW=, SAMPLE=, STORE=redis|postgresql)
	@$(PYTHON) -m stack run --store $(STORE) $(SHOWN)

demo: $(READY) ## Start the system, run a sample, stop (WORKFLOW=order, SAMPLE="out of stock")
	@$(PYTHON) -m stack demo --store $(STORE) $(SHOWN)

backup: $(READY) ## Back up state and scheduler, also while the system runs (TO=folder)
	@test -n "$(TO)" || { echo "Name a new folder: make backup TO=/backups/monday" >&2; exit 2; }
	@$(PYTHON) -m stack backup --store $(STORE) -- "$(TO)"

restore: $(READY) ## Restore a backup into an empty run directory (FROM=folder, RUN_DIR=)
	@test -n "$(FROM)" || { echo "Name the backup: make restore FROM=/backups/monday" >&2; exit 2; }
	@$(PYTHON) -m stack restore -- "$(FROM)"

check: $(READY) ## Check format, lint, types and architecture
	$(UV) run --frozen ruff format --check
	$(UV) run --frozen ruff check
	$(UV) run --frozen mypy
	MYPYPATH=tests $(UV) run --frozen mypy --no-warn-return-any --explicit-package-bases tests tools/measure_batch.py tools/record_histories.py
	$(UV) run --frozen mypy -m tools.version -m tools.check_links -m tools.check_patches
	$(UV) run --frozen lint-imports
	$(UV) run --quiet --script tools/dashboard.py --check
	$(UV) run --quiet --script tools/check_manifests.py
	$(PYTHON) tools/version.py
	$(PYTHON) tools/check_links.py
	$(PYTHON) tools/check_patches.py

format: $(READY) ## Format, and fix what ruff can fix
	$(UV) run --frozen ruff format
	$(UV) run --frozen ruff check --fix

test: check test-unit test-e2e ## Check, then run every test (Redis and PostgreSQL where they are found)

test-unit: $(READY) ## Run the tests that start nothing
	$(UV) run --frozen pytest -n auto

test-e2e: $(READY) ## Run the tests against the running system
	$(UV) run --frozen pytest tests -n $(PROCESSES) --dist loadgroup --durations=15

mutants: $(READY) ## Change a line at a time, and list what no unit test notices (SAMPLE=150, SEED=0, ONLY=)
	@$(UV) run --quiet --script tools/mutants.py --sample $(or $(SAMPLE),150) --seed $(or $(SEED),0) \
		--only "$(ONLY)" --processes $(PROCESSES)

faults: $(READY) ## Make faults under load, and check that nothing is lost or doubled (MINUTES=10, SEED=, RATE=, EVERY=4, REPORT=)
	@PYTHONPATH=tests $(PYTHON) -m support.fault_suite --store $(STORE) --minutes $(or $(MINUTES),10) \
		$(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE)) $(if $(EVERY),--every $(EVERY)) \
		$(if $(REPORT),--report "$(REPORT)")

faults-kind: $(READY) ## Make faults in the Kind cluster that `make up` deployed to (MINUTES=5, SEED=, RATE=1, EVERY=4, REPORT=)
	@PYTHONPATH=tests $(PYTHON) -m support.fault_suite --target kind --minutes $(or $(MINUTES),5) \
		--rate $(or $(RATE),1) --programs 0.2 $(if $(SEED),--seed $(SEED)) \
		$(if $(EVERY),--every $(EVERY)) $(if $(REPORT),--report "$(REPORT)")

faults-memory: $(READY) ## Run rounds of the same load: no process may go on growing (ROUNDS=20, SEED=)
	@PYTHONPATH=tests $(PYTHON) -m support.fault_suite.memory --store $(STORE) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

faults-mutants: $(READY) ## Break a promise at a time on purpose: the faults must show each (ONLY=, SEED=)
	@PYTHONPATH=tests $(PYTHON) -m support.fault_suite.mutants --store $(STORE) --only "$(ONLY)" \
		$(if $(SEED),--seed $(SEED))

record: $(READY) ## Record the histories of a workflow's new samples (WORKFLOW=leave)
	@PYTHONPATH=tests $(PYTHON) tools/record_histories.py "$(WORKFLOW)"

test-kind: $(READY) up ## Run the tests against the Kind cluster, which is kept
	$(UV) run --frozen pytest --target kind $(E2E_ON_KIND:%=tests/e2e/test_%.py) tests/kind

version: $(READY) ## Check that every file has the same version (TO=1.2.3 sets it)
	@$(PYTHON) tools/version.py $(if $(TO),--set $(TO))

docs: $(READY) ## Build the documentation as a site, in site/
	@$(PYTHON) tools/check_links.py
	@NO_MKDOCS_2_WARNING=1 $(UV) run --frozen --isolated --only-group docs python -m mkdocs build --quiet
	@echo "Open site/index.html, or serve it: $(PYTHON) -m http.server --directory site"

bench-list: $(READY) ## Measure the list of instances at 1,000 and 10,000 (STORE=redis for Redis)
	@$(PYTHON) -m bench.instances --store $(STORE)

bench-tracing: $(READY) ## Measure what traces cost (STORE=redis for Redis)
	@$(PYTHON) -m bench.tracing --store $(STORE)

up: ## Create the Kind cluster where it is missing, and deploy to it
	@tools/kind.sh

down: ## Delete the Kind cluster with its data
	kind delete cluster --name taskway

clean: ## Remove the files of runs and checks, data included
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache site

$(UV):
	@sh tools/bootstrap.sh

# In .venv, so that it goes with it.
$(READY): uv.lock $(PROJECTS) | $(UV)
	$(UV) sync --frozen
	@touch $(READY)
