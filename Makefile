# Each command sets up what it needs; the work is done by dev.py.
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help dev demo frontend test fuzz clients check bench docs requirements clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  Further arguments: make test ARGS="-k expiry". Another Python: make dev PYTHON=python3.12.'

dev: ## Set up the environment in .venv and the GraphiQL page
	@$(PYTHON) dev.py env

demo: ## Settle a year of real purchases and serve GraphiQL over them (ARGS="--full")
	@$(PYTHON) dev.py demo $(ARGS)

frontend: ## Build the page for a member, of examples/frontend, and serve it over real purchases
	@$(PYTHON) dev.py frontend $(ARGS)

test: ## Run all tests on SQLite and PostgreSQL
	@$(PYTHON) dev.py test $(ARGS)

fuzz: ## Play the model, let writers loose and compare the executor for long, each time something else
	@$(PYTHON) dev.py fuzz $(ARGS)

clients: ## Run the clients that people use against a server (ARGS="apollo relay")
	@$(PYTHON) dev.py clients $(ARGS)

check: ## Check format, types, imports, wheels, line budget, feature matrix, tree
	@$(PYTHON) dev.py check $(ARGS)

bench: ## Measure, side by side, into build/bench.json
	@$(PYTHON) dev.py bench $(ARGS)

docs: ## Generate docs/reference and build the site, with search, into build/docs
	@$(PYTHON) dev.py docs $(ARGS)

requirements: ## Lock requirements/*.txt and the packages of npm (ARGS="--upgrade")
	@$(PYTHON) dev.py requirements $(ARGS)

clean: ## Remove what was built and cached, but not .venv
	@$(PYTHON) dev.py clean
