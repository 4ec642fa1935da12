"""Sweeps on a Dask cluster: as on one machine, whoever dies."""

from __future__ import annotations

import logging
import os
import queue
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from engram.errors import InvalidTypeError, InvalidValueError, MissingExtraError
from engram.sweep import ClusterError, Range, cluster, read_sweep, run_sweep, search
from engram.sweep.store import Outcome, Store, Trial

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
optuna = pytest.importorskip("optuna")
joblib = pytest.importorskip("joblib")
datasets = pytest.importorskip("sklearn.datasets")
selection = pytest.importorskip("sklearn.model_selection")
learn = pytest.importorskip("engram.learn")

pytestmark = pytest.mark.filterwarnings("default")

GRID = {"a": [1, 2, 3, 4], "b": [0.5, 1.5]}


def cluster_of(workers):
    """On this machine."""
    return distributed.LocalCluster(
        n_workers=workers,
        processes=True,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )


@pytest.fixture(scope="module")
def local():
    patience = dask.config.set(
        {
            # Else it gives up a worker that happens to be dead 15 s after an earlier death.
            "distributed.deploy.lost-worker-timeout": "1h",
            # Else a trial may wait behind one that hangs while the other worker is idle.
            "distributed.scheduler.worker-saturation": 1.0,
        }
    )
    with patience, cluster_of(2) as made:
        yield made


@pytest.fixture
def client(local):
    with distributed.Client(local, set_as_default=False) as made:
        made.wait_for_workers(2, timeout=30)
        yield made


def product(seed, a, b):
    time.sleep(0.05)
    return {"area": a * b, "drawn": random.Random(seed * 1000 + a).random()}


def fails(seed, a):
    if a == 2:
        raise ZeroDivisionError("two")
    return a + seed


def deadly(seed, a):  # noqa: ARG001
    if a == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return a


def hangs(seed, a, folder):
    Path(folder, f"{a}-{seed}").touch()
    until = time.monotonic() + 100
    while a == 1 and not Path(folder, "open").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return a


def comparable(found):
    return found.drop(columns="duration_s")


def test_as_with_processes(tmp_path, client, local, wanted):
    calls = []
    there = run_sweep(
        product,
        GRID,
        path=tmp_path / "there.db",
        client=client,
        progress=lambda *done: calls.append(done),
    )
    assert (there.status == "done").all()
    assert comparable(there).equals(comparable(wanted))
    assert calls == [(n, 24) for n in range(1, 25)]
    # By address; nothing is left to do.
    again = run_sweep(
        product, GRID, path=tmp_path / "there.db", client=local.scheduler_address, jobs=1
    )
    assert again.equals(there)


def test_errors_are_rows_and_lambdas_go(tmp_path, client):
    found = run_sweep(fails, {"a": [1, 2, 3]}, path=tmp_path / "s.db", seeds=[0], client=client)
    assert found.status.tolist() == ["done", "failed", "done"]
    assert "ZeroDivisionError: two" in found.error[1]
    path = tmp_path / "t.db"
    found = run_sweep(lambda seed, a: a * 2 + seed, {"a": [1]}, path=path, client=client, jobs=1)
    assert found.result.tolist() == [2, 3, 4]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory):
    """A sweep that nobody disturbs."""
    return run_sweep(product, GRID, path=tmp_path_factory.mktemp("sweep") / "s.db", jobs=2)


@pytest.mark.parametrize("drawn", [1, 2, 3])
def test_workers_that_are_killed_cost_nothing(tmp_path, client, wanted, drawn):
    path, draw = tmp_path / "s.db", random.Random(drawn)
    killed = []

    def kill(done, _total):
        if done in (2, 9):
            victim = draw.choice(sorted(client.run(os.getpid, on_error="ignore").values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    found = run_sweep(product, GRID, path=path, client=client, progress=kill)
    assert len(killed) == 2
    assert len(read_sweep(path)) == 24
    assert comparable(found).equals(comparable(wanted))


def test_a_trial_that_kills_its_workers_has_failed(tmp_path, client):
    found = run_sweep(deadly, {"a": [0, 1]}, path=tmp_path / "s.db", seeds=[0], client=client)
    assert found.status[1] == "failed"
    assert "4 times (out of memory?)" in found.error[1]


def test_a_trial_that_hangs_is_ended(tmp_path, client):
    before = set(client.run(os.getpid).values())
    found = run_sweep(
        hangs,
        {"a": [0, 1, 2]},
        fixed={"folder": str(tmp_path)},
        path=tmp_path / "s.db",
        seeds=[0],
        client=client,
        time_limit=0.5,
    )
    assert found.status.tolist() == ["done", "failed", "done"]
    assert "longer than time_limit=0.5 s; its worker was ended" in found.error[1]
    assert found.duration_s[1] >= 0.5
    assert len([pid for pid in before if not psutil.pid_exists(pid)]) == 1


@pytest.fixture
def heard():
    """A job in the background, and what it starts, ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_and_again(tmp_path, client):
    path = tmp_path / "s.db"
    given = {"path": path, "fixed": {"folder": str(tmp_path)}, "seeds": [0], "client": client}

    def interrupt(done, _total):
        # The other worker hangs in the meantime, and this process waits.
        if done == 3:
            wait_for(tmp_path / "1-0")
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    before = set(client.run(os.getpid).values())
    with pytest.raises(KeyboardInterrupt):
        run_sweep(hangs, {"a": [0, 1, 2, 3]}, **given, progress=interrupt)
    assert read_sweep(path).status.tolist() == ["done", "waiting", "done", "done"]
    # What ran is ended with its worker.
    assert len([pid for pid in before if not psutil.pid_exists(pid)]) == 1
    (tmp_path / "open").touch()
    (tmp_path / "0-0").unlink()
    found = run_sweep(hangs, {"a": [0, 1, 2, 3]}, **given)
    assert found.result.tolist() == [0, 1, 2, 3]
    assert not (tmp_path / "0-0").exists()


def wait_for(path):
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def loops():
    """Threads of clients and clusters."""
    return {thread for thread in threading.enumerate() if "loop" in thread.name}


class Twice(queue.SimpleQueue):
    """Tells everything twice."""

    def put(self, item):
        super().put(item)
        super().put(item)


def test_what_comes_twice_is_written_once(tmp_path, client, monkeypatch):
    written, finish = [], Store.finish

    def counted(self, trial, outcome):
        written.append(trial.key)
        finish(self, trial, outcome)

    monkeypatch.setattr(cluster, "SimpleQueue", Twice)
    monkeypatch.setattr(Store, "finish", counted)
    found = run_sweep(product, GRID, path=tmp_path / "s.db", client=client)
    assert (found.status == "done").all()
    assert len(written) == len(set(written)) == 24


def test_the_file_takes_the_first_result_only(tmp_path):
    trial = Trial("s", {"a": 1}, 0)
    with Store(tmp_path / "s.db").locked() as store:
        store.enter([trial])
        with store.started() as started:
            started(trial)
            store.finish(trial, Outcome({"x": 1}, None, 0.1))
            store.finish(trial, Outcome({"x": 2}, None, 0.1))
            store.finish(trial, Outcome(None, "late", 0.1))
    found = read_sweep(tmp_path / "s.db")
    assert found.x.tolist() == [1]
    assert found.status.tolist() == ["done"]


def test_no_scheduler(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING", 0.5)
    before = loops()
    for call in (
        lambda client: run_sweep(product, GRID, path=tmp_path / "s.db", client=client),
        lambda client: search(
            product, {"a": [1]}, path=tmp_path / "s.db", n_trials=1, client=client
        ),
    ):
        with pytest.raises(
            ClusterError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"
        ):
            call("tcp://127.0.0.1:9")
        with pytest.raises(InvalidValueError, match="'carrier://pigeon' is no address"):
            call("carrier://pigeon")
        with pytest.raises(InvalidTypeError, match=r"client must be a distributed\.Client"):
            call(8786)
    assert list(tmp_path.iterdir()) == []
    assert loops() <= before


def test_a_client_that_is_closed(tmp_path, local):
    closed = distributed.Client(local, set_as_default=False)
    closed.close()
    with pytest.raises(ClusterError, match="client is not connected"):
        run_sweep(product, GRID, path=tmp_path / "s.db", client=closed)
    assert list(tmp_path.iterdir()) == []


def test_functions_that_workers_can_not_have(tmp_path, client, monkeypatch):
    lock = threading.Lock()
    with pytest.raises(InvalidTypeError, match=r"cannot pickle .*lock.*; define it at the top"):
        run_sweep(lambda **_: lock, {"a": [1]}, path=tmp_path / "s.db", client=client)
    (tmp_path / "only_here.py").write_text("def f(seed, a):\n    return a\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    words = r"worker tcp://127.* can't import the function: ModuleNotFoundError: .*'only_here'"
    with pytest.raises(InvalidValueError, match=words):
        run_sweep(only_here.f, {"a": [1]}, path=tmp_path / "s.db", client=client)
    assert not (tmp_path / "s.db").exists()
    client.upload_file(str(tmp_path / "only_here.py"))
    found = run_sweep(only_here.f, {"a": [1]}, path=tmp_path / "s.db", client=client)
    assert (found.status == "done").all()


def test_workers_that_will_not_do(tmp_path, client, monkeypatch):
    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as bare,
        distributed.Client(bare, set_as_default=False) as other,
        pytest.raises(InvalidValueError, match="time_limit needs workers with a nanny"),
    ):
        run_sweep(product, GRID, path=tmp_path / "s.db", client=other, time_limit=9.0)
    monkeypatch.setattr(cluster, "__version__", "0.0.1")
    with pytest.raises(InvalidValueError, match=r"has engram .*, and here it is 0\.0\.1; install"):
        run_sweep(product, GRID, path=tmp_path / "s.db", client=client)
    assert list(tmp_path.iterdir()) == []


def test_missing_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r'distributed: pip install "\.\[dask\]"'):
        run_sweep(product, GRID, path=tmp_path / "s.db", client="tcp://127.0.0.1:9")


SCRIPT = textwrap.dedent("""
    import sys
    from engram.sweep import run_sweep

    FACTOR = 3

    def tripled(seed, a):
        return FACTOR * a

    if __name__ == "__main__":
        found = run_sweep(tripled, {"a": [1, 2]}, path=sys.argv[1], seeds=[0], client=sys.argv[2])
        print(found.result.tolist())
""")


def test_a_script_and_nothing_is_left_behind(tmp_path, local, client):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "s.db"), local.scheduler_address]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[0] == "[3, 6]"
    before, children = loops(), psutil.Process().children(recursive=True)
    run_sweep(product, GRID, path=tmp_path / "t.db", client=local.scheduler_address)
    assert loops() <= before
    assert set(psutil.Process().children(recursive=True)) <= set(children)
    assert client.run(lambda: len(cluster._ANSWERS)) == dict.fromkeys(client.nthreads(), 0)


def test_the_scheduler_goes(tmp_path):
    path = tmp_path / "s.db"
    with cluster_of(1) as made:
        address = made.scheduler_address

        def close(done, _total):
            if done == 2:
                made.close()

        with pytest.raises(ClusterError, match="the scheduler has gone"):
            run_sweep(product, GRID, path=path, client=address, progress=close)
    with sqlite3.connect(path) as connection:
        rows = dict(connection.execute("SELECT status, count(*) FROM trials GROUP BY 1"))
    assert rows["done"] >= 2
    assert rows.keys() == {"done", "waiting"}


def climb(seed, x):
    """Gets to x in five steps."""
    for step in range(5):
        yield {"height": x * (step + 1) / 5 + seed}


def points(study):
    return [(t.params, t.value, t.state.name, t.intermediate_values) for t in study.trials]


def test_searches_as_with_processes(tmp_path, client):
    def found(name, **values):
        return search(
            climb,
            {"x": Range(0.0, 1.0)},
            path=tmp_path / name,
            n_trials=20,
            metric="height",
            pruner=optuna.pruners.MedianPruner(),
            **values,
        )

    there, here = found("there.db", client=client), found("here.db", time_limit=60.0)
    assert points(there) == points(here)
    assert {t.state.name for t in there.trials} == {"COMPLETE", "PRUNED"}
    several = found("several.db", client=client, jobs=-1)
    assert len(several.trials) == 20
    assert len(read_sweep(tmp_path / "several.db")) == 20


def test_nobody_waits_for_an_answer_that_never_comes(tmp_path, client):
    def progress(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(
            climb,
            {"x": Range(0.0, 1.0)},
            path=tmp_path / "s.db",
            n_trials=20,
            metric="height",
            pruner=optuna.pruners.MedianPruner(),
            client=client,
            jobs=2,
            progress=progress,
        )
    client.wait_for_workers(2, timeout=30)
    found = run_sweep(product, GRID, path=tmp_path / "t.db", client=client)
    assert (found.status == "done").all()
    assert not any(client.processing().values())


def process(_estimator, _x, _y):
    return os.getpid()


def test_estimators_under_joblib(local):
    x, y = datasets.load_iris(return_X_y=True)
    x, y = x[::5], y[::5]
    classifier = learn.RSTDPClassifier(n_epochs=1, random_state=0)
    wanted = selection.cross_val_score(classifier, x, y, cv=2)
    with distributed.Client(local) as client, joblib.parallel_config(backend="dask"):
        found = selection.cross_val_score(classifier, x, y, cv=2)
        where = selection.cross_val_score(learn.PlaceCode(), x, y, cv=2, scoring=process)
        assert set(where) <= set(client.run(os.getpid).values())
    assert found.tolist() == wanted.tolist()
