# make demo   a question about a real video, answered; a report to open     make report   every notebook, executed, as HTML
# make test   unit tests, slow tests, notebooks                             make bench    speed as ratios, side by side
# Each target creates .venv and installs what is missing; the second time that costs nothing.

VENV  := .venv
PY    := $(VENV)/bin/python
READY := $(VENV)/.svqa-installed
EXTRAS := notebooks,hub,postgres,dev
# the first of these that is Python 3.11 or newer; `make demo PYTHON=/path/to/python` chooses another
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# a file's tests stay together, because they share what was ingested once
SPREAD := -n logical --maxprocesses=4 --dist loadfile
NOTEBOOKS := $(wildcard notebooks/[0-9]*.ipynb)

export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help install demo test test-unit test-slow test-notebooks report bench docs-check lint constraints clean

help:
	@sed -n '1,3s/^# //p' Makefile

install: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "svqa needs Python 3.11 or newer; none of python3, python3.11 ... is."; \
		echo "Install one, or name it: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "No venv module: apt-get install python3-venv"; exit 1; }
	@echo "Installing svqa into $(VENV): about 6 GB (torch), two minutes on a fast line, once."
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

demo: $(READY)
	@$(PY) -m svqa.reporting.demo

test: $(READY)
	@failed=; for part in unit slow notebooks; do \
		$(MAKE) --no-print-directory test-$$part || failed="$$failed $$part"; done; \
	if [ -n "$$failed" ]; then echo "FAILED:$$failed"; exit 1; else echo "All green: unit, slow, notebooks."; fi

test-unit: $(READY)
	@echo "== unit tests"; $(PY) -m pytest -q $(SPREAD) -m "not slow"

test-slow: $(READY)
	@echo "== slow and integration tests"; $(PY) -m pytest -q $(SPREAD) -m slow

test-notebooks: $(READY)
	@echo "== notebooks, compared with their committed outputs"
	@test -z "$(NOTEBOOKS)" || $(PY) -m pytest -q $(SPREAD) --nbval --nbval-current-env --nbval-cell-timeout=600 \
		--nbval-kernel-startup-timeout=120 --timeout=900 -p no:cacheprovider $(NOTEBOOKS)

report: $(READY)
	@$(VENV)/bin/svqa report

bench: $(READY)
	@$(PY) -m benchmarks

docs-check: $(READY)
	@$(PY) -m svqa.reporting.readme --check
	@$(PY) -m pytest -q tests/rules/test_docs.py

lint: $(READY)
	@$(VENV)/bin/ruff check svqa tests

# exact versions of what is installed now, after upgrading on purpose
constraints: $(READY)
	@{ sed -n '/^#/p' constraints.txt; $(PY) -m pip freeze --exclude-editable --exclude svqa; } > constraints.new
	@mv constraints.new constraints.txt && touch $(READY)

clean:
	@rm -rf build dist .pytest_cache .ruff_cache reports/*.html reports/*.ipynb reports/results
