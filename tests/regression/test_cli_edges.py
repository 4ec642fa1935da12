"""Commands: outputs that can't be, pipes that are closed, a line a minute without a terminal."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engram import Brain, RegionType, cli, load_brain, save_brain
from engram.cli import app
from engram.errors import InvalidTypeError, InvalidValueError


def engram(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def saved(tmp_path):
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 5)
    brain.run(10)
    return save_brain(brain, tmp_path / "old")


def is_refused(result, *words):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("engram: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("name", ["sub", "sub.engram", ".", "..", "sub/", "", "none/x", "file/x"])
def test_an_output_that_cannot_be_is_refused_before_running(saved, monkeypatch, name):
    monkeypatch.chdir(saved.parent)
    Path("sub").mkdir()
    Path("sub.engram").mkdir()
    Path("file").touch()
    monkeypatch.setattr(Brain, "run", lambda *_, **__: pytest.fail("it ran"))
    is_refused(engram("run", saved, "--steps", 3, "--output", name))
    assert load_brain(saved).step_count == 10


def test_a_folder_that_cannot_be_written_is_refused_before_running(saved, tmp_path, monkeypatch):
    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("engram.checkpoint.folder.tempfile.TemporaryFile", refused)
    monkeypatch.setattr(Brain, "run", lambda *_, **__: pytest.fail("it ran"))
    is_refused(engram("run", saved, "--steps", 3), str(tmp_path), "Permission denied")
    is_refused(engram("demo", "--output", tmp_path / "demo.png"), "Permission denied")
    options = ("--data", "digits", "--images", "100", "--output", tmp_path / "new")
    is_refused(engram("bench", "mnist", *options), "Permission denied")


def test_pictures_are_checked_before_a_brain_lives(tmp_path, monkeypatch):
    module = importlib.import_module("engram.demo.run")
    monkeypatch.setattr(module, "build", lambda *_: pytest.fail("it lived"))
    is_refused(engram("demo", "--output", tmp_path), "folder")
    is_refused(engram("demo", "--output", tmp_path / "none" / "x.png"), "no folder")
    is_refused(engram("demo", "--output", tmp_path / "x.xyz"), "must end in one of", ".png")


def test_each_output_has_checkpoints_of_its_own(saved, monkeypatch):
    monkeypatch.chdir(saved.parent)
    for name in ("new.v1", "new.v2", "later"):
        result = engram("run", saved, "--steps", 10, "--output", name, "--checkpoint-every", 5)
        assert result.exit_code == 0, result.output
        assert load_brain(name).step_count == 20
    folders = sorted(p.name for p in Path().iterdir() if p.is_dir())
    assert folders == ["later.checkpoints", "new.v1.checkpoints", "new.v2.checkpoints"]


@pytest.mark.parametrize("path", ["sub/", ".", "..", "", "a/..", "x\0y"])
def test_a_brain_is_no_folder(saved, monkeypatch, path):
    monkeypatch.chdir(saved.parent)
    brain, before = load_brain(saved), sorted(Path().iterdir())
    for call in (lambda: save_brain(brain, path), lambda: load_brain(path)):
        with pytest.raises(InvalidValueError):
            call()
    assert sorted(Path().iterdir()) == before
    for wrong in (None, b"x", 3):
        with pytest.raises(InvalidTypeError, match="must be a text or a Path"):
            save_brain(brain, wrong)


def test_a_run_without_a_terminal_prints_lines(saved, monkeypatch):
    monkeypatch.setattr(cli, "LINES_EVERY", 0.0)
    result = engram("run", saved, "--steps", 1000)
    assert result.exit_code == 0
    assert "1,000 of 1,000 steps" in result.stderr
    monkeypatch.setattr(cli, "LINES_EVERY", 60.0)
    assert engram("run", saved, "--steps", 100).stderr == ""


def test_a_closed_pipe_is_no_error_of_its_own(saved):
    command = [sys.executable, "-m", "engram.cli"]
    for arguments in (["info", str(saved)], ["run", str(saved), "--steps", "1"], ["--help"]):
        here, there = os.pipe()
        os.close(here)
        done = subprocess.run([*command, *arguments], stdout=there, stderr=subprocess.PIPE)
        os.close(there)
        assert done.returncode in (141, 1)
        assert done.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk to write to")
def test_a_full_disk_behind_the_output_is_one_line(saved):
    command = [sys.executable, "-m", "engram.cli", "info", str(saved)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("engram: ")
    assert "No space left" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lack_of_memory_is_one_line(saved, monkeypatch):
    def much(*_, **__):
        raise MemoryError("Unable to allocate 3 TiB")

    monkeypatch.setattr(Brain, "run", much)
    is_refused(engram("run", saved, "--steps", 3), "out of memory", "3 TiB")
