# Shorthands for what README.md explains. `make demo` and `make test` set up what they need, once.
PYTHON ?= python3
PORT ?= 5000
RESULTS ?= results/mnist
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
.DELETE_ON_ERROR:
.PHONY: demo test test-all test-long check setup slurm lock mlflow docs findings verify kills newest checkpoints empty-checkpoints bench benchmark-dvc

demo: .venv/.requirements
	$(BIN)/snakemake --cores all --configfile config/digits.yaml
	@echo "The report: $(CURDIR)/results/digits/report/report.html"

# In minutes: the unit tests, the tiny graph, and one test each of what takes long. test-long has the rest, test-all both.
test: .venv/.development
	$(BIN)/python -m pytest -m "not long"

test-all: .venv/.development tests/.slurm/.made
	$(BIN)/python -m pytest

test-long: .venv/.development tests/.slurm/.made
	$(BIN)/python -m pytest -m long

check: .venv/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	env PYTHONPATH=workflow/scripts $(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

setup: .venv/.requirements

# For workflow/profiles/slurm alone: where Slurm is installed, it slows every call of Snakemake down.
slurm: .venv/.requirements
	$(BIN)/uv pip install --quiet --python .venv --no-deps --require-hashes --compile-bytecode --requirement envs/slurm.txt

tests/.slurm/.made: envs/slurm.txt .venv/.uv
	$(BIN)/uv pip install --quiet --python .venv --target tests/.slurm --no-deps --require-hashes --compile-bytecode --requirement $<
	@touch $@

mlflow: .venv/.requirements
	@$(BIN)/python tools/mlflow_links.py $(PORT)
	$(BIN)/mlflow ui --port $(PORT) --backend-store-uri sqlite:///results/mlflow/mlflow.db

docs: .venv/.requirements
	$(BIN)/python tools/configuration_tables.py

findings: .venv/.requirements
	$(BIN)/python tools/findings.py $(RESULTS)

verify: .venv/.requirements
	$(BIN)/python tests/verify.py

kills: .venv/.requirements
	$(BIN)/python tests/kills.py

# The tiny graph with the newest Snakemake that there is, which takes all other packages from .venv: are bytes the same?
newest: .venv/.requirements
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python tests/.newest
	$(BIN)/uv pip freeze --python .venv | grep -v '^snakemake' > tests/.newest/constraints.txt
	$(BIN)/uv pip install --python tests/.newest --compile-bytecode --constraint tests/.newest/constraints.txt snakemake
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	  "$$(tests/.newest/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/venv.pth"
	$(BIN)/python tests/verify.py --python tests/.newest/bin/python --configfile tests/workflow/tiny.yaml

checkpoints:
	@mkdir -p results/checkpoints
	@echo "$$(ls results/checkpoints | wc -l) trainings in results/checkpoints, $$(du -sh results/checkpoints | cut -f1)"

empty-checkpoints:
	rm -rf results/checkpoints

lock: .venv/.uv
	$(LOCK) envs/uv.in --output-file envs/uv.txt
	$(LOCK) envs/requirements.in --output-file envs/requirements.txt
	$(LOCK) envs/development.in --output-file envs/development.txt
	$(LOCK) envs/slurm.in --excludes envs/requirements.txt --output-file envs/slurm.txt
	$(LOCK) tests/benchmarks/dvc.in --output-file tests/benchmarks/dvc.txt
	$(LOCK) tests/benchmarks/peers.in --output-file tests/benchmarks/peers.txt
	$(BIN)/python tools/conda_environment.py

# uv installs the same hashed lock as pip, in a quarter of the time; bytecode now, or each of the many short jobs waits.
.venv/.uv: envs/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement envs/uv.txt
	@touch $@

.venv/.requirements .venv/.development: .venv/.%: envs/%.txt .venv/.uv
	$(BIN)/uv pip install --quiet --python .venv --require-hashes --compile-bytecode --requirement $<
	@touch $@

# DVC and what else the benchmarks compare with have environments of their own, beside them: nothing else needs those.
tests/benchmarks/.venv/.made: tests/benchmarks/dvc.txt
tests/benchmarks/.peers/.made: tests/benchmarks/peers.txt
tests/benchmarks/.venv/.made tests/benchmarks/.peers/.made: %/.made: .venv/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $*
	$(BIN)/uv pip install --quiet --python $* --require-hashes --compile-bytecode --requirement $(filter %.txt,$^)
	@touch $@

bench: .venv/.requirements tests/benchmarks/.peers/.made tests/benchmarks/.venv/.made
	$(BIN)/python tests/benchmarks/bench.py $(BENCH)

benchmark-dvc: .venv/.requirements tests/benchmarks/.venv/.made
	$(BIN)/python tests/benchmarks/dvc_comparison.py
