# make run     the tracker with the sample document, on http://127.0.0.1:8000, for passkeys http://localhost:8000 (PORT=… for another port)
# make test    make lint, then every test, on SQLite and on PostgreSQL
# make torture  the long tests of reliability: kills, full disks, thousands of writes (minutes to hours)
# make security  what the product is asked about its own security: tests of access, sign-in, record and uploads, two scanners (20 minutes)
# make fuzz    20,000 forms and addresses, each with one field that nobody means (a quarter of an hour)
# make lint    style, formatting (Python, templates, style sheets) and types
# make bench   how fast the hot pages and saves are, against bare floors (BENCH="--scale nation --engine postgresql --against small --documents 100")
# make restore-drill  back this installation up, restore it into a throw-away place, check and serve it there
# make screenshots  draw the pictures of README.md anew
# make messages  collect and compile the translations
# make clean   remove caches; .venv and var/ (the data) stay

# The distribution's Python, if it is new enough: it is built with optimisations, so that pages and
# tests take two thirds of the time that they take with a Python that pyenv has built.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
LANG ?= C.UTF-8
export LANG

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.requirements
READY_FOR_TESTS := $(VENV)/.test-requirements
SCANNERS := .venv-security
READY_TO_SCAN := $(SCANNERS)/.requirements

.PHONY: run test torture fuzz security lint bench restore-drill screenshots messages clean

run: $(READY)
	@exec $(PY) manage.py serve

test: $(READY) $(READY_FOR_TESTS)
	@exec tests/run

torture: $(READY) $(READY_FOR_TESTS)
	@exec tests/run -m torture

fuzz: $(READY) $(READY_FOR_TESTS)
	@exec tests/run -m torture tests/fuzz/test_fuzz.py

security: $(READY) $(READY_FOR_TESTS) $(READY_TO_SCAN)
	@exec tests/security

lint: $(READY) $(READY_FOR_TESTS)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/djhtml --check --tabwidth 2 --extra-block joined,endjoined templates
	@$(VENV)/bin/djcss --check --tabwidth 2 directives/static
	@QUNZHU_DOTENV=/dev/null QUNZHU_ENV=local $(PY) -m mypy

bench: $(READY)
	@exec $(PY) manage.py bench $(BENCH)

restore-drill: $(READY)
	@exec $(PY) manage.py restore_drill

screenshots: $(READY) $(READY_FOR_TESTS)
	@exec $(PY) docs/screenshots.py

messages: $(READY) $(READY_FOR_TESTS)
	@exec $(PY) manage.py translations

clean:
	@find . -path ./$(VENV) -prune -o -path ./var -prune -o -type d -name __pycache__ -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt constraints.txt
	@deploy/venv.sh $(PYTHON) $(VENV)
	@echo "Installing the requirements …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements.txt
	@touch $@

$(READY_FOR_TESTS): tests/requirements.txt constraints.txt $(READY)
	@echo "Installing what the tests require …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement tests/requirements.txt
	@touch $@

$(READY_TO_SCAN): tests/security.txt
	@deploy/venv.sh $(PYTHON) $(SCANNERS)
	@echo "Installing the scanners …"
	@$(SCANNERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/security.txt
	@touch $@
