"""Checkpoints in the course of a run, and going on from them."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings

import pytest
from typer.testing import CliRunner

import engram.checkpoint.every as every
from engram import (
    Brain,
    CheckpointError,
    InvalidTypeError,
    InvalidValueError,
    RegionType,
    load_brain,
    resume_brain,
    save_brain,
)
from engram.cli import app


def build(seed=1):
    brain = Brain(seed=seed, dt=0.5)
    brain.add_region("a", RegionType.SENSORY, 20, 0.3, max_neurons=40, background=8.0)
    brain.growth.growth_interval, brain.growth.neurogenesis_rate = 25.0, 1.0
    return brain


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def at(*steps):
    return [f"step-{s:012d}.engram" for s in steps]


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("how", [{"steps": 50}, {"ms": 25.0}])
def test_the_latest_stay_and_hold_the_brain_of_their_step(tmp_path, how, background):
    brain, twin = build(), build()
    prints = {}
    made = brain.checkpoint_every(tmp_path / "new" / "c", keep=2, background=background, **how)
    with made:
        for _ in range(9):
            brain.run(25)
            made.wait()
            twin.run(25)
            prints[brain.step_count] = twin.fingerprint()
    assert brain.fingerprint() == twin.fingerprint()
    folder = tmp_path / "new" / "c"
    assert names(folder) == at(150, 200)
    for path in folder.iterdir():
        loaded = load_brain(path)
        assert loaded.fingerprint() == prints[loaded.step_count]
    resumed = resume_brain(folder)
    assert resumed.step_count == 200
    resumed.run(25)
    assert resumed.fingerprint() == brain.fingerprint()
    assert resumed.stats_history == brain.stats_history
    brain.run(100)
    assert names(folder) == at(150, 200)  # It was detached.


def test_it_does_not_matter_how_the_run_is_cut(tmp_path):
    for k, chunks in enumerate([[130], [1] * 130, [49, 1, 80]]):
        brain = build()
        with brain.checkpoint_every(tmp_path / str(k), steps=40, keep=9, background=False):
            for n in chunks:
                brain.run(n)
    files = [names(tmp_path / str(k)) for k in range(3)]
    assert files == [at(40, 80, 120)] * 3
    contents = [[p.read_bytes() for p in sorted((tmp_path / str(k)).iterdir())] for k in range(3)]
    assert contents[0] == contents[1] == contents[2]


def test_a_presentation_is_not_cut(tmp_path):
    """A brain saved in the middle of one would hold the stimulus for ever."""
    brain, twin = build(), build()
    with brain.checkpoint_every(tmp_path, steps=30, keep=9, background=False):
        brain.present("a", [0.9], 50, rest=15)
    assert names(tmp_path) == at(65)
    twin.present("a", [0.9], 50, rest=15)
    loaded = resume_brain(tmp_path)
    assert loaded.fingerprint() == twin.fingerprint()
    brain.run(40)
    loaded.run(40)
    assert loaded.fingerprint() == brain.fingerprint()


def test_what_is_written_is_the_brain_as_it_was(tmp_path, monkeypatch):
    """The run goes on, and changes everything, before the thread has written a byte."""
    brain, write, go = build(), every.write_state, threading.Event()
    started = threading.Event()
    expected = build()
    expected.run(50)

    def wait(*arguments, **options):
        started.set()
        assert go.wait(60)
        write(*arguments, **options)

    monkeypatch.setattr(every, "write_state", wait)
    checkpointer = brain.checkpoint_every(tmp_path, steps=50)
    brain.run(60)
    assert started.wait(60)
    brain.run(89)
    assert names(tmp_path) == []
    go.set()
    checkpointer.detach()
    assert names(tmp_path) == at(50, 100)
    assert load_brain(tmp_path / at(50)[0]).fingerprint() == expected.fingerprint()


def test_a_slow_disk_does_not_pile_up_copies(tmp_path, monkeypatch):
    brain, write, go = build(), every.write_state, threading.Event()
    started = threading.Event()

    def wait(*arguments, **options):
        started.set()
        assert go.wait(60)
        write(*arguments, **options)

    monkeypatch.setattr(every, "write_state", wait)
    checkpointer = brain.checkpoint_every(tmp_path, steps=10, keep=9)
    brain.run(10)
    assert started.wait(60)
    brain.run(90)
    go.set()
    checkpointer.wait()
    assert names(tmp_path) == at(10, 100)
    assert checkpointer.left_out == 8
    checkpointer.detach()


def test_errors_of_the_thread_surface(tmp_path, monkeypatch):
    def fail(*_args, **_options):
        raise OSError("no space left on device")

    brain, twin = build(), build()
    checkpointer = brain.checkpoint_every(tmp_path, steps=10)
    monkeypatch.setattr(every, "write_state", fail)

    def run_and_wait():
        brain.run(15)
        checkpointer.wait()

    def run_on():
        for _ in range(40):
            brain.run(1)
            checkpointer.settle()

    for action in (run_and_wait, run_on):
        with pytest.raises(OSError, match="no space"):
            action()
    assert brain.step_count in (20, 21, 30)
    twin.run(brain.step_count)
    assert brain.fingerprint() == twin.fingerprint()
    monkeypatch.undo()
    brain.run(50 - brain.step_count)
    checkpointer.detach()
    assert names(tmp_path)[-1:] == at(50)


def test_an_error_nobody_saw_is_reported_at_the_end(tmp_path):
    code = f"""
import engram.checkpoint.every as every
from tests.unit.test_checkpoint_every import build
def fail(*a, **o): raise OSError("no space left on device")
every.write_state = fail
brain = build()
keep = brain.checkpoint_every({str(tmp_path)!r}, steps=10)
brain.run(10)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "no space left on device" in done.stderr


def test_copies_and_files_leave_checkpoints_behind(tmp_path):
    brain = build()
    with brain.checkpoint_every(tmp_path, steps=10):
        for other in (brain.copy(), load_brain(save_brain(brain, tmp_path / "b"))):
            other.run(30)
    assert names(tmp_path) == ["b.engram"]


def test_arguments(tmp_path):
    brain = build()
    for wrong in ({}, {"steps": 3, "ms": 2.0}, {"steps": 0}, {"ms": -1.0}, {"steps": 1, "keep": 0}):
        with pytest.raises(InvalidValueError, match="checkpoint_every"):
            brain.checkpoint_every(tmp_path / "c", **wrong)
    for wrong in ({"steps": 1.5}, {"steps": 1, "compress": 1}, {"steps": 1, "background": "no"}):
        with pytest.raises(InvalidTypeError, match="checkpoint_every"):
            brain.checkpoint_every(tmp_path / "c", **wrong)
    assert not (tmp_path / "c").exists()
    brain.run(5)
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_of_another_future_are_in_the_way(tmp_path):
    brain = build()
    with brain.checkpoint_every(tmp_path, steps=10, background=False):
        brain.run(20)
    with pytest.raises(InvalidValueError, match=r"later steps than this brain's 0.*another"):
        build().checkpoint_every(tmp_path, steps=10)


def test_resuming_past_a_damaged_file(tmp_path):
    brain = build()
    with brain.checkpoint_every(tmp_path, steps=10, background=False):
        brain.run(30)
    newest = tmp_path / at(30)[0]
    newest.write_bytes(newest.read_bytes()[:500])
    with pytest.warns(UserWarning, match=f"{newest.name}.*resuming from {at(20)[0]}"):
        assert resume_brain(tmp_path).step_count == 20
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.raises(CheckpointError, match=newest.name):
        resume_brain(tmp_path)
    for folder in (tmp_path / "nowhere", tmp_path / at(30)[0]):
        with pytest.raises(CheckpointError, match=folder.name):
            resume_brain(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="no checkpoints"):
        resume_brain(tmp_path / "empty")


# -- the command line


def command(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_run_and_resume(tmp_path, monkeypatch):
    path = save_brain(build(), tmp_path / "brain")
    whole = build()
    whole.run(230)
    run = Brain.run

    def cut_off(self, steps, **_):
        run(self, min(steps, 130))
        if steps > 130:
            raise KeyboardInterrupt

    monkeypatch.setattr(Brain, "run", cut_off)
    out = tmp_path / "later.engram"
    wanted = ["run", path, "--steps", 230, "--output", out, "--checkpoint-every", 50, "--keep", 2]
    result = command(*wanted)
    assert result.exit_code == 130, result.output
    folder = tmp_path / "later.checkpoints"
    assert names(folder)[-1:] == at(100)
    save_brain(build(), folder / at(0)[0])  # Another one, if the disk was too slow for all.
    assert not out.exists()
    result = command(*wanted)
    assert result.exit_code == 2
    assert "engram resume" in result.stderr
    # The newest is damaged, too.
    (folder / at(100)[0]).write_bytes(b"PK")
    monkeypatch.setattr(Brain, "run", run)
    result = command("resume", folder)
    assert result.exit_code == 0, result.output
    assert "resuming from" in result.stderr
    assert load_brain(out).fingerprint() == whole.fingerprint()
    assert names(folder)[-1:] == at(200)
    assert "step-000000000100.damaged" in names(folder)
    assert len(names(folder)) == 4
    assert command("resume", folder).exit_code == 0
    assert load_brain(out).fingerprint() == whole.fingerprint()


@pytest.mark.parametrize(
    "plan",
    [
        None,
        "{",
        "[]",
        '{"until": 1}',
        '{"until": -5, "every": 1, "keep": 1, "output": "x"}',
        '{"until": 5, "every": 0, "keep": 1, "output": "x"}',
    ],
)
def test_nothing_to_resume(tmp_path, plan):
    if plan is not None:
        (tmp_path / "run.json").write_text(plan)
    result = command("resume", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith("engram: ")
    assert str(tmp_path) in result.stderr
    assert result.stderr.count("\n") == 1


def test_checkpoints_need_an_interval(tmp_path):
    path = save_brain(build(), tmp_path / "brain")
    result = command("run", path, "--steps", 3, "--checkpoints", tmp_path / "c")
    assert result.exit_code == 2
    assert "--checkpoint-every" in result.stderr


def test_no_warning_without_reason(tmp_path):
    brain = build()
    with brain.checkpoint_every(tmp_path, steps=10):
        brain.run(10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resume_brain(tmp_path).step_count == 10
