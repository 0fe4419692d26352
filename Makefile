# Every command a developer needs. `make help` lists them.
# Needs Python >= 3.11, make and git; tools/setup.sh brings the rest into .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
KINDS := unit spec property reference knowledge acceptance functional docs architecture
# Tests of whole commands, pages and the browser: about as long as all others together.
WHOLE := acceptance functional docs

.PHONY: help setup setup-browser demo test check fix docs docs-serve bench calibrate pictures lock clean tests-only tests-whole tests-others $(KINDS:%=test-%)

help: ## show this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@printf '  make %-14s %s\n' 'test-KIND' 'one kind of test: $(KINDS)'

setup: ## make .venv from requirements.lock (nothing to do when it is up to date)
	@sh tools/setup.sh

setup-browser:
	@sh tools/setup_browser.sh

demo: setup ## grade the demo cohort and write ./demo-output/report.html
	@$(BIN)/vein2vein demo -o demo-output

# Two jobs side by side: most tests keep one core busy. What the others print is held back, so that lines do not mix.
test: check setup-browser ## everything: checks, strict documentation, all tests (what CI runs)
	@$(MAKE) --no-print-directory -j2 tests-whole docs tests-others

tests-only: setup
	@$(PYTEST)

tests-whole: setup
	@$(PYTEST) $(WHOLE:%=tests/%)

tests-others: setup
	@said=$$($(PYTEST) $(WHOLE:%=--ignore=tests/%) 2>&1); code=$$?; printf '%s\n' "$$said"; exit $$code

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

pictures: setup setup-browser ## take the pictures of the report in the documentation anew (look at them before you commit)
	@$(BIN)/python tools/pictures.py

lock: ## make requirements.lock anew (UPGRADE=1 takes newer versions)
	@sh tools/lock.sh

clean: ## remove what was built, keep .venv
	@rm -rf site demo-output bench-output test-output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(KINDS:%=test-%): test-%: setup
	@$(PYTEST) tests/$*
