"""Jobs from a fork server that Python starts in its main thread, as Snakemake does."""

import json
import os
import signal
import subprocess
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import gone

from restoration.execution import fork_server

SCRIPTS = Path(fork_server.__file__).parents[2]
TELL = """
import json, os, signal, sys
from pathlib import Path
told = {
    "argv": sys.argv, "name": __name__, "variable": os.environ["TOLD"], "folder": os.getcwd(),
    "torch": "torch" in sys.modules, "comm": Path("/proc/self/comm").read_text().strip(),
    "threads": len(os.listdir("/proc/self/task")), "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "omp": os.environ["OMP_NUM_THREADS"], "parent": Path(f"/proc/{os.getppid()}/cmdline").read_text(),
}
print(json.dumps(told), flush=True)
"""
SLEEP = """
import os, time
from restoration.core import process_locks
process_locks.join()
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(python, tmp_path):
    """Start Python with `code`, in which `server` is a fork server that has loaded and `job(text)` writes a script."""
    prelude = f"""
        import os, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where the tests run in the background
        sys.path.insert(0, {str(SCRIPTS)!r})
        from restoration.core import process_locks as locking
        from restoration.execution import fork_server
        def job(text, name="train"):
            path = os.path.join({str(tmp_path)!r}, "tmpabc." + name + ".py")
            with open(path, "w") as file:
                file.write(text)
            return path
        assert __name__ == "__main__"
        server = fork_server.ForkServer()
        assert server.loaded.wait(120)
        """

    def start(code: str) -> subprocess.Popen:
        file = tmp_path / "parent.py"
        file.write_text(textwrap.dedent(prelude) + textwrap.dedent(code))
        return python(file, start_new_session=True)

    return start


def test_a_job_is_a_process_with_all_loaded(parent, tmp_path):
    code = f"""
        variables = {{**os.environ, **fork_server.ONE_THREAD, "TOLD": "yes"}}
        print(server.run(fork_server.run_script, job({TELL!r}), variables))
        """
    said, errors = parent(code).communicate()
    told, status = said.splitlines()
    assert status == "0", errors
    told = json.loads(told)
    assert "forkserver" in told.pop("parent")
    assert told == {
        "argv": [str(tmp_path / "tmpabc.train.py")],
        "name": "__main__",
        "variable": "yes",
        "folder": str(tmp_path),
        "torch": True,
        "comm": "train",
        "threads": 1,
        "blocked": [],
        "omp": "1",
    }


def test_a_job_ends_as_its_script_does(parent):
    ends = {
        "": 0,
        "raise SystemExit(3)": 3,
        "raise SystemExit": 0,
        "raise ValueError('told')": 1,
        "import os; os.kill(os.getpid(), 9)": -9,
    }
    code = f"for text in {list(ends)!r}: print(server.run(fork_server.run_script, job(text), dict(os.environ)))"
    said, errors = parent(code).communicate()
    assert [int(line) for line in said.split()] == list(ends.values())
    assert "ValueError: told" in errors


def test_each_of_many_threads_gets_its_own_jobs_status(parent):
    code = """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: server.run(sys.exit, number), range(60)))
        print(found == list(range(60)))
        """
    said, errors = parent(code).communicate()
    assert said == "True\n", errors


def test_jobs_and_fork_server_end_with_a_killed_snakemake(parent):
    code = f"""
        from multiprocessing import forkserver
        print(forkserver._forkserver._forkserver_pid, flush=True)
        locking.announce()
        server.run(fork_server.run_script, job({SLEEP!r}), dict(os.environ))
        """
    process = parent(code)
    server, job = (int(process.stdout.readline()) for _ in range(2))
    process.kill()
    process.wait()
    assert gone(job)
    assert gone(server)


def test_ctrl_c_ends_jobs_without_a_traceback_and_leaves_the_fork_server(parent):
    code = f"""
        signal.signal(signal.SIGINT, lambda *_: None)
        print(server.run(fork_server.run_script, job({SLEEP!r}), dict(os.environ)))
        print(server.run(sys.exit, 5))
        """
    process = parent(code)
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=30)
    assert said.split() == ["130", "5"]
    assert errors == ""


def test_scripts_come_from_it_where_they_can(parent):
    """A stand-in for the object that Snakemake has of a script."""
    code = """
        from types import SimpleNamespace
        from snakemake.script import PythonScript
        usual = []
        PythonScript.execute_script = lambda self, path, edit=False: usual.append(self)
        fork_server.ForkServer = lambda: server
        fork_server.install()
        plain = dict(conda_env=None, container_img=None, env_modules=None, shadow_dir=None, bench_record=None)
        plain |= dict(resources={"tmpdir": "/tmp/told"}, threads=2)
        tell = job("import os; print(os.environ['TMPDIR'], os.environ['OMP_NUM_THREADS'], flush=True)")
        PythonScript.execute_script(SimpleNamespace(**plain), tell)
        for other in ({"conda_env": "env"}, {"container_img": "image"}, {"shadow_dir": "shadow"}):
            PythonScript.execute_script(SimpleNamespace(**(plain | other)), tell)
        server.loaded.clear()
        PythonScript.execute_script(SimpleNamespace(**plain), tell)
        server.loaded.set()
        print(len(usual), flush=True)
        PythonScript.execute_script(SimpleNamespace(**plain), job("raise SystemExit(7)"))
        """
    said, errors = parent(code).communicate()
    assert said.split() == ["/tmp/told", "1", "4"]
    assert "returned non-zero exit status 7" in errors.splitlines()[-1]


def due(torch: int, local: bool = True) -> SimpleNamespace:
    """A Snakemake that is to run 50 jobs without torch, one without packages, and so many with torch."""
    packages = [*[["matplotlib = 3.10"]] * 50, *[["matplotlib = 3.10", "torch = 2.15.0"]] * torch]
    jobs = [SimpleNamespace(params={}), *(SimpleNamespace(params={"packages": some}) for some in packages)]
    return SimpleNamespace(local_exec=local, dag=SimpleNamespace(needrun_jobs=lambda: iter(jobs)))


def test_it_pays_for_enough_jobs_that_use_torch():
    assert not fork_server.pays(due(fork_server.ENOUGH - 1))
    assert fork_server.pays(due(fork_server.ENOUGH))
    assert not fork_server.pays(due(fork_server.ENOUGH, local=False))
