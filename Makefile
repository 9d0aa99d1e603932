# Needs make, a shell, and Python 3.10 or 3.11. Everything it installs goes into .venv.

# The first Python that runs and is 3.10 or 3.11 (a version manager's shim may exist and still fail). Override: make PYTHON=…
ours   := import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))
PYTHON ?= $(shell for p in python3.11 python3.10 python3; do \
	$$p -c '$(ours)' >/dev/null 2>&1 && echo $$p && break; done)

pip := .venv/bin/python -m pip --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:  # two pips must not write one .venv at a time
.PHONY: help plan demo test lint types check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

plan: .venv/.run ## Plan "set the table", check it, and carry it out in the simulated home
	.venv/bin/python -m planner.plan "set the table" --execute

demo: .venv/.run ## Look at a kitchen, listen to a sentence, do what was said, and film it (needs espeak-ng)
	.venv/bin/python -m planner.demo

test: .venv/.dev ## Run the fast tests (the others: .venv/bin/pytest -m slow)
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n auto --dist worksteal

lint: .venv/.dev ## Check the style with ruff
	.venv/bin/ruff check .

types: .venv/.dev ## Check the types with mypy
	.venv/bin/mypy

check: test lint types ## All three

clean: ## Remove caches and builds; .venv and runs/ stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find gpt envs planner tests -name __pycache__ -type d -prune -exec rm -rf {} +

# -- the environment -------------------------------------------------------------------------------------------------

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'No Python 3.10 or 3.11 that runs: install one, or name it: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c '$(ours)' || { echo '$(PYTHON) does not run, or is not Python 3.10 or 3.11 (pybullet has no wheels for others)' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(PYTHON) cannot make virtual environments: install python3-venv (Debian, Ubuntu: apt install python3-venv)' >&2; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv --clear .venv

# The stamp is written only when pip succeeded; sed shows one line a download and hides the rest (errors are on stderr).
define install
@echo "Installing $(1) into .venv (torch is large: the first time takes some minutes)"
@rm -f $@
@{ $(pip) install -c constraints.txt -e '$(1)' && touch $@; } | sed -unE \
	'/\.metadata/d; s/ \(from .*//; s,^ *(Downloading|Using cached|Processing) ([^ ]*/)?([^ /]+.*),  \3,p; s/^Installing collected.*/  unpacking …/p'
@test -f $@
endef

.venv/.run: pyproject.toml constraints.txt | .venv/bin/python
	$(call install,.)

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(call install,.[dev])
	@touch .venv/.run
