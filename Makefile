# Two commands: `make app` opens the dashboard, `make test` runs every test. Both set up .venv first.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
PORT ?= 8501
ADDRESS ?= localhost
BIN = .venv/bin

.PHONY: app test lock clean

app: .venv/app.ready  # prints the address, on which this machine alone is heard; Ctrl+C stops it
	@$(BIN)/python -m streamlit run app/main.py --server.port $(PORT) --server.address $(ADDRESS)

# What is compiled of the modules and the tests is kept even where a container's image forbids it: the tests start hundreds of
# interpreters. Neighbouring tests stay in one process (worksteal): they share what a module's fixtures made.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/test.ready  # what fails is tried once more, alone: some tests wait for another process, and two share two cores
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not browser" $(PYTEST_ARGS) || test $$? -eq 5 || \
		$(BIN)/python -m pytest -m "not browser" --lf $(PYTEST_ARGS)  # 5: PYTEST_ARGS chose none of these
	$(BIN)/python -m pytest -n 2 --dist worksteal -o testpaths=tests/e2e -m browser $(PYTEST_ARGS) || test $$? -eq 5 || \
		$(BIN)/python -m pytest -m browser --lf $(PYTEST_ARGS)

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Exitlens needs Python 3.11 or newer: call make with PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/app.ready: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.ready: tests/requirements.txt .venv/app.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

lock:  # needs uv: everything that requirements.txt brings with it, for every system, with the hash of each file
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header requirements.txt --output-file docs/requirements.lock

clean:
	rm -rf .venv
