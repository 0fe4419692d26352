# Every command a developer needs. `make help` lists them.
# Needs Python >= 3.11, make and git; tools/setup.sh brings the rest into .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
KINDS := unit spec property reference knowledge acceptance docs architecture

.PHONY: help setup setup-browser demo test check fix docs docs-serve bench calibrate lock clean tests-only $(KINDS:%=test-%)

help: ## show this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@printf '  make %-14s %s\n' 'test-KIND' 'one kind of test: $(KINDS)'

setup: ## make .venv from requirements.lock (nothing to do when it is up to date)
	@sh tools/setup.sh

setup-browser:
	@sh tools/setup_browser.sh

demo: setup ## grade the demo cohort and write ./demo-output/report.html
	@$(BIN)/vein2vein demo -o demo-output

test: check docs setup-browser tests-only ## everything: checks, strict documentation, all tests (what CI runs)

tests-only: setup
	@$(PYTEST)

check: setup ## formatting, lint, types, import contracts, banned words
	@$(BIN)/ruff format --check --quiet . || { echo "fix: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/check_words.py

fix: setup ## format, and mend what the linter can mend by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: setup ## build the documentation strictly into ./site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

docs-serve: setup ## read the documentation in a browser while writing it
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --strict

bench: setup ## measure speed and memory, and print the table
	@$(BIN)/python -m benchmarks

calibrate: setup ## simulate, grade and compare with published figures, and write the page (half an hour)
	@$(BIN)/python tools/calibrate.py
	@$(BIN)/python tools/calibrate.py --mess

lock: ## make requirements.lock anew (UPGRADE=1 takes newer versions)
	@sh tools/lock.sh

clean: ## remove what was built, keep .venv
	@rm -rf site demo-output bench-output test-output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(KINDS:%=test-%): test-%: setup
	@$(PYTEST) tests/$*
