# Everything one does with this project. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PORT ?= 8000
HOST ?= 127.0.0.1
DEMO ?= 1
ZHIXING_HOME ?= $(CURDIR)/var
FLASK_APP := lms.app
PYTHONPATH := $(CURDIR)
export PORT HOST DEMO ZHIXING_HOME FLASK_APP PYTHONPATH

BIN := .venv/bin

.PHONY: help run test test-full lint format text roles schema requirements lock doctor clean

help: ## list these targets
	@echo "make <target>, settings after it: make run PORT=9000 DEMO=0 ZHIXING_HOME=/srv/zhixing"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, migrate, build the demo bank (DEMO=0: start empty), serve on PORT
	@tools/packages.sh venv pdf
	@tools/environment.sh requirements.lock
	@tools/run.sh

test: ## every check: style, types, contracts, tests on SQLite and PostgreSQL, browser (15 minutes)
	@tools/packages.sh venv pdf browser
	@tools/environment.sh requirements-dev.lock
	@tools/test.sh

test-full: export ZHIXING_PROFILE := full
test-full: test ## the same tests with their large generators (90 minutes)

lint: ## style, templates, types and import contracts, without the tests
	@tools/environment.sh requirements-dev.lock
	@tools/lint.sh

format: ## lay the code out and mend what can be mended
	@tools/environment.sh requirements-dev.lock
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

text: ## collect the texts of code and templates into the catalogues of both languages
	@tools/environment.sh requirements-dev.lock
	$(BIN)/python -m lms.core.catalogue update

roles: ## write docs/roles.md anew from the table of rights
	@tools/environment.sh requirements.lock
	$(BIN)/python tools/roles.py > docs/roles.md

schema: ## write docs/handbook/scheme-file.schema.json anew from the code
	@tools/environment.sh requirements.lock
	$(BIN)/python tools/scheme_schema.py > docs/handbook/scheme-file.schema.json

requirements: ## print which tests prove which requirement
	@tools/environment.sh requirements-dev.lock
	@$(BIN)/python -m pytest --requirements -p no:randomly -q

lock: ## resolve requirements*.in anew into the lock files
	@tools/environment.sh requirements-dev.lock
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url requirements.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url requirements-dev.in -o requirements-dev.lock

doctor: ## say what this installation has and lacks
	@tools/environment.sh requirements.lock
	@$(BIN)/flask doctor

clean: ## remove the environment and caches; data in ZHIXING_HOME stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
