# Needs Python 3.11 or newer, make and a shell; all else is installed into .venv, by hash.

PYTHON ?= python3
PORT ?= 8000
VAR_DIR ?= var
STATIC_ROOT ?= staticfiles
BIN = .venv/bin
CLIENTS = tests/clients
PIP_INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes
# From the public index alone, so that nobody's own wheels get into the lock.
PIP_COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-options

NEW_SECRET = $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))'

.DELETE_ON_ERROR:
.PHONY: help run free-port test test-sqlite test-postgresql fuzz bench screenshots check lint scripts format types layers migrations deploy openapi messages lock clients

help:
	@echo 'make run      the product with demo data on http://127.0.0.1:$(PORT) (PORT, DATABASE_URL, PUBLIC_URL)'
	@echo 'make test     the whole suite, on SQLite and on PostgreSQL (ARGS="tests/quotes -x")'
	@echo 'make fuzz     every operation of the API, asked at random (SECONDS=600 DATABASE=postgresql)'
	@echo 'make bench    what things cost, as ratios (DATABASE=sqlite ARGS="bulk --repeat 3")'
	@echo 'make screenshots  every staff page, light and dark, on a desk and a phone (FOLDER=var/screens)'
	@echo 'make check    style, types, layers, migrations, deployment settings, OpenAPI; scripts (npm)'
	@echo 'make messages  the German catalogue: new texts in, and compiled (needs GNU gettext)'
	@echo 'make clients  from npm: the JavaScript clients of the tests, and the linter of scripts'
	@echo 'make lock     the lock files anew from pyproject.toml (ARGS=--upgrade)'

# --- The product ----------------------------------------------------------------------------

run: export PORT := $(PORT)
run: export BASE_URL := http://127.0.0.1:$(PORT)
# Blocks of 256 KiB and more go back to the system at once (glibc; others have no such habit).
run: export MALLOC_MMAP_THRESHOLD_ ?= 262144
run: free-port .venv/runtime $(VAR_DIR)/secret_key $(STATIC_ROOT)/staticfiles.json
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@exec $(BIN)/gunicorn --config commsapp/server/gunicorn_conf.py commsapp.asgi:application

free-port: | .venv/bin/pip
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || \
		{ echo 'Port $(PORT) is in use, or not ours to use: try another with `make run PORT=8001`.' >&2; exit 1; }

# Compressing takes a while, so it is done again only for a change: a folder's time tells of files
# that were removed.
COLLECTED = static commsapp/static_files.py commsapp/settings.py
$(STATIC_ROOT)/staticfiles.json: .venv/runtime $(shell find $(COLLECTED)) | $(VAR_DIR)/secret_key
	$(BIN)/python manage.py collectstatic --noinput --verbosity 0

# Also the folder of the database: none of it is for other users of the machine.
$(VAR_DIR)/secret_key:
	@umask 077 && mkdir -p $(@D) && $(NEW_SECRET) > $@

# --- Its tests and checks -------------------------------------------------------------------

test:
	@$(MAKE) --no-print-directory --keep-going test-sqlite test-postgresql

# The slow ones that are the same on every database run on one. (5: there were no others.)
test-sqlite: .venv/dev
	$(BIN)/pytest -n logical --database=sqlite -m "not once" $(ARGS) || [ $$? = 5 ]

test-postgresql: .venv/dev
	$(BIN)/pytest -n logical --database=postgresql $(ARGS)

# As long as one likes: it is a minute of the suite, too.
fuzz: .venv/dev
	FUZZ_SECONDS=$(or $(SECONDS),600) $(BIN)/pytest --database=$(or $(DATABASE),postgresql) tests/http/test_fuzz.py

# On a quiet machine: only ratios of one run say anything.
bench: .venv/dev
	$(BIN)/python bench/run.py --database=$(or $(DATABASE),postgresql) $(ARGS)

# The README's four are picked from these.
screenshots: .venv/dev
	$(BIN)/python -m tests.browser.screenshots $(or $(FOLDER),var/screens)

# Last what needs npm: on a machine without it, the others have run.
check: lint types layers migrations deploy openapi scripts

# These load the settings, and see them as on a server, whatever the environment they run in.
types migrations deploy openapi messages: export SECRET_KEY = $(shell $(NEW_SECRET))
types migrations deploy openapi messages: export DATABASE_URL = sqlite://:memory:
types migrations deploy openapi: export PUBLIC_URL = https://commsapp.example
types migrations deploy openapi: export ALLOWED_HOSTS = commsapp.example
types migrations deploy openapi: export HTTPS = on
types migrations deploy openapi: export DEBUG = off

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djlint templates --lint --check --quiet

scripts: clients
	$(CLIENTS)/node_modules/.bin/biome check --error-on-warnings

# Rewrites what `make lint` and `make scripts` would refuse, where a program can.
format: .venv/dev clients
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/djlint templates --reformat --quiet
	$(CLIENTS)/node_modules/.bin/biome check --write

types: .venv/dev
	$(BIN)/mypy

layers: .venv/dev
	$(BIN)/lint-imports --no-logo

migrations: .venv/dev
	$(BIN)/python manage.py makemigrations --check --dry-run

deploy: .venv/dev
	$(BIN)/python manage.py check --deploy --fail-level WARNING

openapi: .venv/dev
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

# Both files are committed: who only runs the product needs no gettext.
messages: .venv/dev
	@{ command -v xgettext && command -v msgmerge && command -v msgfmt; } >/dev/null || \
		{ echo 'GNU gettext is needed: `apt-get install gettext`, or `brew install gettext`.' >&2; exit 1; }
	$(BIN)/python manage.py makemessages --locale de --add-location file --no-obsolete \
		--ignore tests --ignore bench --ignore staticfiles --ignore var
	msgfmt --check --output-file locale/de/LC_MESSAGES/django.mo locale/de/LC_MESSAGES/django.po

# --- What they stand on ---------------------------------------------------------------------

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: name one with `make PYTHON=python3.11 ...`.' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock | .venv/bin/pip
	$(PIP_INSTALL) -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock | .venv/bin/pip
	$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

# From npm, for tests and checks alone.
clients: $(CLIENTS)/node_modules/.package-lock.json

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	@command -v npm >/dev/null || \
		{ echo 'npm is needed: `apt-get install npm`, or `brew install node`.' >&2; exit 1; }
	cd $(CLIENTS) && npm ci --silent
	@touch $@

lock: .venv/dev
	$(PIP_COMPILE) $(ARGS) --output-file requirements.lock pyproject.toml
	$(PIP_COMPILE) $(ARGS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
