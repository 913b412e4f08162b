# Needs only Python 3.11+, pip, git and make. Everything is installed into .venv.
PYTHON ?= python3
VENV ?= .venv
AGENT_PACKAGES := @anthropic-ai/claude-code@2.1.329 @agentclientprotocol/claude-agent-acp@0.49.0 \
	opencode-ai@1.18.33 @google/gemini-cli@0.61.0 @agentclientprotocol/codex-acp@2.6.0
BIN := $(VENV)/bin
# AGAIN=--last-failed runs only what failed the last time.
AGAIN ?=
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c .ci/constraints.txt

.PHONY: demo test test-fast test-long test-agents check format bench screenshots clean

demo: $(VENV)/.demo
	@$(BIN)/maestro demo

test: $(VENV)/.test
	TEXTUAL_ANIMATIONS=none $(BIN)/python -m pytest -q -m "not agents and not long" $(AGAIN)

test-fast: $(VENV)/.test
	TEXTUAL_ANIMATIONS=none $(BIN)/python -m pytest -q -m "not slow and not agents and not long"

# Random runs of large plans: minutes that `make test` need not take.
test-long: $(VENV)/.test
	$(BIN)/python -m pytest -q -m long $(AGAIN)

# The real agents' programs, from their registries, against a scripted service on this machine.
test-agents: $(VENV)/.agents
	$(BIN)/python -m pytest -q -m agents $(AGAIN) \
		$$($(BIN)/python -c 'import os, xdist; print("-n", min(4, (os.cpu_count() or 1) + 1))' 2>/dev/null)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.screenshots

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Maestro needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP) -e '.[demo,test]'
	@touch $@

$(VENV)/.check: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP) -e '.[demo,test,check]'
	@touch $@

# The SDK without its own copy of the program, and the programs themselves; each on its own, since
# the tests skip what is missing.
$(VENV)/.agents: pyproject.toml .ci/constraints.txt | $(VENV)/.test
	-$(PIP) --no-binary claude-agent-sdk -e '.[demo,test,claude]'
	-$(PIP) -e '.[acp]'
	-$(PIP) -e '.[api]'
	-$(PIP) 'pytest-xdist>=3.8,<4'
	-command -v npm >/dev/null && for package in $(AGENT_PACKAGES); do \
		npm install --no-audit --no-fund --prefix $(VENV)/agents $$package; done
	@touch $@
