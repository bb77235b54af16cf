# Prerequisites: Python 3.11 or newer, git and make. Everything else is installed into .venv.
SERVE ?= 1
FEATURES ?= none
WORKERS ?= logical
PYTEST_FLAGS ?=

BIN := .venv/bin
# The template tree has its own rules; tests lint a copy of it, so that it contains no cache.
SOURCES := .github/release_notes.py benchmarks/bake.py benchmarks/compare.py benchmarks/weight.py docs/configurator hooks tests website
# The demo runs on SQLite, regardless of the variables of the calling shell.
DEMO := env -u DATABASE_URL -u DJANGO_SETTINGS_MODULE -u REDIS_URL -u VIRTUAL_ENV $(MAKE) --no-print-directory -C build/my_api

.PHONY: help demo test test-services test-containers test-variants test-dependencies test-all \
	weight compare docs configurator screenshots lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/demo ## Generate a project in build/, add sample data and serve it (FEATURES="blog files", HOST=, PORT=, SERVE=0)
	@echo 'Generating build/my_api'
	@$(BIN)/cookiecutter --no-input --default-config --overwrite-if-exists --output-dir build . features="$(FEATURES)" >/dev/null
	@$(DEMO) smoke seed
	@$(if $(filter 0,$(SERVE)),echo 'To serve it: make demo',$(DEMO) run)

test: .venv/test ## Run the fast tests: generate and check every variant, install the default project
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(PYTEST_FLAGS)

test-services: .venv/test ## Run projects on PostgreSQL and Redis, including outages
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m services $(PYTEST_FLAGS)

test-containers: .venv/test ## Build the image and run the stacks (skipped without a container engine)
	$(BIN)/pytest -rs -m containers $(PYTEST_FLAGS)

test-variants: .venv/test ## Run the checks and fast tests of every pairwise variant, and all tests of a few
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m variants $(PYTEST_FLAGS)

test-dependencies: .venv/test ## List dependencies without a release for 18 months; run the Bruno and Postman collections
	$(BIN)/pytest -rs -m dependencies $(PYTEST_FLAGS)

test-all: test test-services test-containers test-variants ## Run all tests

weight: .venv/test ## Count the files and lines of the default project against their targets
	$(BIN)/python benchmarks/weight.py

compare: .venv/test ## Measure the rows of the comparison (PEERS="path …": other templates as well)
	$(BIN)/python benchmarks/compare.py $(PEERS)

docs: .venv/docs .venv/demo ## Build the documentation site in build/site; broken links fail
	$(BIN)/python website/pages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python docs/configurator/build.py build/site/configurator

configurator: .venv/demo ## Build the configurator page in build/configurator
	$(BIN)/python docs/configurator/build.py build/configurator

screenshots: .venv/demo ## Take the pictures of the documentation again (needs Chromium, its chromedriver and port 8000)
	rm -rf build/my_api
	python3 website/terminal.py docs/images/terminal.svg
	build/my_api/.venv/bin/python website/screenshots.py docs/images
	for theme in django unfold jazzmin; do \
		$(BIN)/cookiecutter --no-input --default-config -f -o build/$$theme . admin_theme=$$theme >/dev/null && \
		$(MAKE) -C build/$$theme/my_api setup && \
		build/$$theme/my_api/.venv/bin/python website/screenshots.py docs/images $$theme || exit 1; \
	done

lint: .venv/test ## Lint and type-check the template's own Python
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: .venv/test ## Fix and format the template's own Python with ruff
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

clean: ## Delete the environment and the demo
	rm -rf .venv build

# One stamp file per dependency group. The first Python that is new enough creates the environment.
.venv/%: pyproject.toml
	@if [ ! -x $(BIN)/python ]; then \
	  for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do \
	    "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    "$$python" -m venv .venv && break; \
	  done; \
	  [ -x $(BIN)/python ] || { echo 'Python 3.11 or newer (with venv) was not found; name one: make PYTHON=/path/to/python3' >&2; exit 1; }; \
	fi
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv~=0.9'
	@echo 'Installing the dependencies of the template ($*)'
	@PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip install --quiet --python $(BIN)/python --group $*
	@touch $@
