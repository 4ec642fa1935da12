"""A save that is cut off at any moment leaves the file before it whole, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.checkpoints.kills import kill_savers
from engram import Brain, RegionType, load_brain, save_brain
from engram.checkpoint import atomic
from engram.checkpoint.atomic import TEMPORARY, remove_abandoned, replacing


def small(seed=1):
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 20, 0.5, max_neurons=32, background=8.0)
    return brain


def names(folder):
    return sorted(p.name for p in folder.iterdir())


class Failing:
    """A stream whose disk is full after some bytes, or that is interrupted there."""

    def __init__(self, stream, room, error):
        self.stream, self.room, self.error = stream, room, error

    def write(self, data):
        self.room -= memoryview(data).nbytes
        if self.room < 0:
            raise self.error
        return self.stream.write(data)

    def __getattr__(self, name):
        return getattr(self.stream, name)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "no space left on device"), KeyboardInterrupt()]
)
def test_a_full_disk_or_an_interrupt_at_any_byte(tmp_path, monkeypatch, error):
    brain = small()
    path = save_brain(brain, tmp_path / "b")
    old = path.read_bytes()
    brain.run(10)
    fdopen = os.fdopen
    places = [0, 1, 29, 30, 200, len(old) // 2, len(old) - 4000, len(old) - 30]
    for room in places:
        monkeypatch.setattr(
            "engram.checkpoint.atomic.os.fdopen",
            lambda *a, room=room: _wrapped(fdopen(*a), room, error),
        )
        with pytest.raises(type(error)):
            save_brain(brain, path)
        monkeypatch.undo()
        assert path.read_bytes() == old
        assert names(tmp_path) == ["b.engram"]
    save_brain(brain, path)
    assert load_brain(path).fingerprint() == brain.fingerprint()


class _wrapped:
    def __init__(self, stream, room, error):
        self.stream, self.failing = stream, Failing(stream, room, error)

    def __enter__(self):
        self.stream.__enter__()
        return self.failing

    def __exit__(self, *what):
        return self.stream.__exit__(*what)


@pytest.mark.parametrize("call", ["replace", "fsync", "chmod"])
def test_a_failing_system_call(tmp_path, monkeypatch, call):
    path = save_brain(small(), tmp_path / "b")
    old = path.read_bytes()

    def fail(*_args, **_options):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(f"engram.checkpoint.atomic.os.{call}", fail)
    if call == "chmod":  # Permissions are not worth a brain.
        save_brain(small(2), path)
        assert path.read_bytes() != old
    else:
        with pytest.raises(OSError, match="input/output"):
            save_brain(small(2), path)
        assert path.read_bytes() == old
    assert names(tmp_path) == ["b.engram"]


def test_the_file_is_on_the_disk_before_it_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def note(handle):
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        fsync(handle)

    monkeypatch.setattr("engram.checkpoint.atomic.os.fsync", note)
    monkeypatch.setattr(
        "engram.checkpoint.atomic.os.replace", lambda *a: (done.append("rename"), replace(*a))
    )
    save_brain(small(), tmp_path / "b")
    assert done == ["file", "rename", "folder"]


def test_a_real_disk_limit(tmp_path):
    """The operating system itself refuses to make the file longer."""
    path = save_brain(small(), tmp_path / "b", compress=False)
    code = f"""
import resource, signal
from tests.unit.test_checkpoint_crashes import small
from engram import save_brain
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size // 2}, resource.RLIM_INFINITY))
try:
    save_brain(small(2), {str(path)!r}, compress=False)
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "refused\n", done.stderr
    assert load_brain(path).fingerprint() == small().fingerprint()
    assert names(tmp_path) == ["b.engram"]


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    dead = tmp_path / f".b.engram.0123{TEMPORARY}"
    dead.write_bytes(b"half")
    other = tmp_path / ".b.engram.backup"
    other.write_bytes(b"mine")
    with replacing(tmp_path / "living") as stream:
        stream.write(b"1")
        path = save_brain(small(), tmp_path / "b")
        left = names(tmp_path)
        assert dead.name not in left
        assert sum(name.endswith(TEMPORARY) for name in left) == 1
    assert names(tmp_path) == [other.name, "b.engram", "living"]
    assert path.exists()


def test_a_file_taken_for_abandoned_is_made_again(tmp_path, monkeypatch):
    """Another process may clean up between the creation of a file and its lock."""
    lock, tries = atomic._lock, []

    def late(handle):
        tries.append(handle)
        if len(tries) == 1:
            monkeypatch.setattr(atomic, "_lock", lock)
            remove_abandoned(tmp_path)
            monkeypatch.setattr(atomic, "_lock", late)
        return lock(handle)

    monkeypatch.setattr(atomic, "_lock", late)
    with replacing(tmp_path / "x") as stream:
        stream.write(b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert len(tries) == 2


def test_concurrent_saves_to_one_path(tmp_path):
    brains = [small(seed) for seed in range(4)]
    valid = {brain.fingerprint() for brain in brains}
    path = tmp_path / "b.engram"
    errors = []

    def save_often(brain):
        try:
            for _ in range(12):
                save_brain(brain, path)
                assert load_brain(path).fingerprint() in valid
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=save_often, args=(b,)) for b in brains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert names(tmp_path) == ["b.engram"]


def test_permissions_and_links(tmp_path):
    brain = small()
    path = save_brain(brain, tmp_path / "b")
    path.chmod(0o640)
    link = tmp_path / "latest.engram"
    link.symlink_to(path)
    brain.run(5)
    save_brain(brain, link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert load_brain(path).step_count == 5
    (tmp_path / "folder.engram").mkdir()
    with pytest.raises(IsADirectoryError):
        save_brain(brain, tmp_path / "folder.engram")
    with pytest.raises(FileNotFoundError):
        save_brain(brain, tmp_path / "nowhere" / "b")


def test_killed_while_saving(tmp_path):
    result = kill_savers(tmp_path, kills=15, seed=5)
    assert result["kills"] == 15
    assert result["broken"] == result["lost"] == 0
    assert result["strays_at_the_end"] == 0
    assert result["saves_cut_off"] > 0


def test_the_lock_dies_with_its_process(tmp_path):
    code = f"""
import os, sys, signal
from pathlib import Path
from engram.checkpoint.atomic import replacing
with replacing(Path({str(tmp_path)!r}) / "x") as stream:
    stream.write(b"half"); stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code])
    assert done.returncode == -signal.SIGKILL
    assert [n.endswith(TEMPORARY) for n in names(tmp_path)] == [True]
    remove_abandoned(tmp_path)
    assert names(tmp_path) == []
    remove_abandoned(Path(tmp_path / "nowhere"))
