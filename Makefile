# Needs only Python 3.11+, pip, git and make. Everything is installed into .venv.
PYTHON ?= python3
VENV ?= .venv
AGENT_PACKAGES := @anthropic-ai/claude-code@2.1.329 @agentclientprotocol/claude-agent-acp@0.49.0 \
	opencode-ai@1.18.33 @google/gemini-cli@0.61.0 @agentclientprotocol/codex-acp@2.6.0
BIN := $(VENV)/bin
# AGAIN=--last-failed runs only what failed the last time.
AGAIN ?=
# Most tests wait for processes: one more at a time than there are cores. A file's tests stay
# together, since some share a run.
SIDE_BY_SIDE = --dist loadfile -n $$($(BIN)/python -c 'import os; print(min(8, os.cpu_count() + 1))')
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c .ci/constraints.txt

.PHONY: demo test test-fast test-long test-agents check format bench screenshots clean

demo: $(VENV)/.demo
	@$(BIN)/maestro demo

test: $(VENV)/.test
	TEXTUAL_ANIMATIONS=none $(BIN)/python -m pytest -q -m "not agents and not long" $(SIDE_BY_SIDE) $(AGAIN)

test-fast: $(VENV)/.test
	TEXTUAL_ANIMATIONS=none $(BIN)/python -m pytest -q -m "not slow and not agents and not long" $(SIDE_BY_SIDE)

# Random runs of large plans: minutes that `make test` need not take.
test-long: $(VENV)/.test
	$(BIN)/python -m pytest -q -m long $(AGAIN)

# The real agents' programs, from their registries, against a scripted service on this machine.
test-agents: $(VENV)/.agents
	$(BIN)/python -m pytest -q -m agents -n $$($(BIN)/python -c 'import os; print(min(4, os.cpu_count() + 1))') $(AGAIN)

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
	-command -v npm >/dev/null && for package in $(AGENT_PACKAGES); do \
		npm install --no-audit --no-fund --prefix $(VENV)/agents $$package; done
	@touch $@
