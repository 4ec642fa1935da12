"""The cache of machine code: whatever is wrong with it costs a compilation and one warning."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import warnings

import pytest

from benchmarks.reliability.cache import DAMAGE
from engram.kernels import cache
from engram.kernels.jit import JIT_DISABLED

pytestmark = [
    pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled"),
    pytest.mark.skipif(os.name != "posix", reason="owners, modes and locks of POSIX"),
]


@pytest.fixture(autouse=True)
def complaint(monkeypatch):
    """As in a new process: no warning was given yet."""
    monkeypatch.setattr(cache, "complaint", cache.Complaint())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of its own."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(cache, "complaint", cache.Complaint())
    return tmp_path


@contextlib.contextmanager
def one_warning(text):
    with pytest.warns(UserWarning, match=text) as caught:
        yield
    assert len(caught) == 1


def result(label="plus_abc", shift=1):
    """What a small function gives, compiled or from the cache, and whether it was compiled."""
    import ctypes

    from engram.kernels import compiled

    def plus(a, b, c):
        return a + b * c + shift

    made = []
    original = compiled.KernelCache.compiled

    class Counting(compiled.KernelCache):
        def compiled(self, *arguments):
            made.append(self.label)
            return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "KernelCache", Counting)
        function = compiled.entry_point(plus, label)
    call = ctypes.CFUNCTYPE(*[ctypes.c_int64] * 4)(function.address)
    return call(2, 3, 4), len(made)


def files(folder):
    return sorted(folder.rglob(f"*{cache.SUFFIX}"))


# -- files


def test_machine_code_is_kept_for_this_user_alone(folder):
    assert result() == (15, 1)
    assert result() == (15, 0)
    (file,) = files(folder)
    assert file.stat().st_mode & 0o077 == 0
    assert not list(folder.glob("*.tmp"))


def test_names_of_kernels_need_not_be_names_of_files(folder):
    assert result("../../é\0/" + "x" * 500) == (15, 1)
    assert result("../../é\0/" + "x" * 500) == (15, 0)
    assert len(files(folder)) == 1


def test_damaged_files_are_compiled_anew(folder, monkeypatch):
    assert result() == (15, 1)
    assert result("plus_other", 2) == (16, 1)
    other, file = sorted(files(folder), key=lambda path: "plus_abc" in path.name)
    data, draw = file.read_bytes(), random.Random(1)
    for kind, damage in DAMAGE.items():
        for _ in range(3):
            damaged = damage(data, draw, other.read_bytes())
            file.write_bytes(damaged)
            monkeypatch.setattr(cache, "complaint", cache.Complaint())
            with one_warning(r"can't be used \(it is (damaged|of another kernel)\)"):
                assert result() == (15, 1), kind
            assert result() == (15, 0), kind  # it was mended


def test_what_is_no_file_of_this_user_is_not_read(folder, monkeypatch):
    assert result() == (15, 1)
    (file,) = files(folder)
    file.chmod(0o666)
    with one_warning("other users may write to it"):
        assert result() == (15, 1)
    assert result() == (15, 0)
    for plant in (lambda: file.symlink_to(__file__), lambda: os.mkfifo(file), file.mkdir):
        file.unlink()
        plant()
        monkeypatch.setattr(cache, "complaint", cache.Complaint())
        with one_warning("can't be used"):
            assert result() == (15, 1)
    assert result() == (15, 1)  # a folder is in the way of the new file
    assert not list(folder.glob("*.tmp"))


@pytest.mark.usefixtures("folder")
def test_files_of_other_users_are_not_read(monkeypatch):
    assert result() == (15, 1)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with one_warning("belongs to another user"):
        assert result() == (15, 1)


def test_a_file_that_can_not_be_written_costs_one_warning(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.tempfile, "mkstemp", full)
    with one_warning("No space left"):
        assert result() == (15, 1)
    assert result() == (15, 1)  # and no second warning
    assert not files(folder)


def test_an_interrupted_write_leaves_nothing(folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            result()
    assert not [path for path in folder.iterdir() if path.suffix != ".lock"]
    assert result() == (15, 1)


def test_a_cache_that_vanishes_costs_one_warning(folder, monkeypatch):
    monkeypatch.setattr(cache, "cache_folder", lambda: folder / "gone")
    with one_warning("can't be written"):
        assert result() == (15, 1)


def test_kernels_of_edited_sources_are_not_kept(folder, monkeypatch):
    """What runs is what was imported; the file's name says what was read."""
    monkeypatch.setattr(cache, "_STAMPS", [])
    assert result() == (15, 1)
    assert not files(folder)


def test_settings_of_the_compiler_are_part_of_the_key(folder, monkeypatch):
    from numba.core import config

    assert result() == (15, 1)
    monkeypatch.setattr(config, "BOUNDSCHECK", 1)
    assert result() == (15, 1)
    assert len(files(folder)) == 2


# -- the folder


@pytest.fixture
def choose(tmp_path, monkeypatch):
    """Chooses a folder as a new process does."""
    for name in ("ENGRAM_CACHE_DIR", "HOME", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()

    def chosen(**variables):
        monkeypatch.setattr(cache, "complaint", cache.Complaint())
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        return cache.cache_folder.__wrapped__()

    return chosen


@pytest.fixture
def shared(tmp_path):
    """Where a folder in the temporary folder would lie."""
    return tmp_path / "tmp" / cache.shared_home().name


def problem():
    return "; ".join(cache.complaint.problems)


def test_the_folder_is_in_the_home_of_the_user_and_private(choose, tmp_path):
    found = choose(HOME=tmp_path)
    assert found.parent == tmp_path / ".cache" / "engram"
    assert found.stat().st_mode & 0o777 == 0o700
    assert found.name.endswith(f"-{os.geteuid()}")
    assert choose(HOME=tmp_path) == found
    assert not problem()
    assert choose(ENGRAM_CACHE_DIR=tmp_path / "own").parent == tmp_path / "own"


@pytest.mark.parametrize("home", ["relative", "/dev/null", "/proc/none"])
def test_without_a_home_it_is_in_a_private_folder_of_the_temporary_one(choose, shared, home):
    found = choose(HOME=home)
    assert found.parent == shared
    assert shared.stat().st_mode & 0o777 == 0o700
    assert not problem()


def test_a_user_without_a_name_has_one(choose, shared, monkeypatch):
    """No passwd entry, no HOME, no USER."""
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert choose().parent == shared


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_used(choose, shared, mode):
    shared.mkdir()
    shared.chmod(mode)
    assert choose(HOME="/dev/null") is None
    assert "other users may write to" in problem()
    assert not list(shared.iterdir())


def test_a_folder_of_somebody_else_is_not_used(choose, monkeypatch, tmp_path):
    mine = choose(HOME=tmp_path)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    # Another user's folder has another name; planted under one's own name it is refused.
    assert choose(HOME=tmp_path) != mine
    planted = tmp_path / ".cache" / "engram" / mine.name.replace(f"-{user}", f"-{user + 1}")
    assert planted.is_dir()
    assert choose(HOME="/dev/null") is None
    assert "belongs to another user" in problem()


def test_a_link_is_not_used(choose, shared, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    shared.symlink_to(tmp_path / "elsewhere")
    assert choose(HOME="/dev/null") is None
    assert "no folder" in problem()


def test_without_a_folder_everything_is_compiled_and_one_warning_given(monkeypatch):
    def none():
        cache.complaint.note("there is none")

    monkeypatch.setattr(cache, "cache_folder", none)
    with one_warning("there is none"):
        assert result()[0] == 15
    assert result()[0] == 15


@pytest.mark.usefixtures("folder")
def test_a_given_folder_that_can_only_be_read_is_read(monkeypatch):
    assert result() == (15, 1)

    def read_only(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "mkstemp", read_only)
    assert result() == (15, 0)


# -- several processes

PROGRAM = """
import ctypes, os, signal, sys
from pathlib import Path
import numba
from engram.kernels import cache, compiled

root = Path(sys.argv[1])
original = compiled.KernelCache.compiled
dies = False

def counting(self, *arguments):
    with open(root / "count", "a") as stream:
        stream.write("x")
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, *arguments)

compiled.KernelCache.compiled = counting

def answers(*shifts):
    'Recursive functions, which can not be put into their callers.'
    for shift in shifts:
        @numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
        def inner(a, n):
            return SHIFT + (inner(a, n - 1) if n > 0 else a)
        inner.py_func.__globals__["SHIFT"] = shift
        def plus(a, b, c):
            return inner(a, b)
        made = compiled.entry_point(plus, f"plus_{shift}")
        yield ctypes.CFUNCTYPE(*[ctypes.c_int64] * 4)(made.address)(0, 2, 0)

def started(*shifts):
    child = os.fork()
    if not child:
        os._exit(sum(answers(*shifts)))
    return child

def ended(*children):
    codes = [os.waitpid(child, 0)[1] for child in children]
    print([os.waitstatus_to_exitcode(c) for c in codes], len((root / "count").read_text()))
    (root / "count").write_text("")

for name in ("lives", "dies", "meet"):
    (root / name).mkdir()
cache.cache_folder = lambda: root / "lives"
ended(*(started(1) for _ in range(6)))
cache.cache_folder = lambda: root / "dies"
dies = True
ended(started(1))
dies = False
ended(*(started(1) for _ in range(6)))
cache.cache_folder = lambda: root / "meet"
ended(started(1))
ended(started(10))
ended(started(1, 10))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What several processes end with, and how often they compile; in one program, for speed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path_factory.mktemp("caches"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.stdout.splitlines()


def test_processes_at_once_compile_once(said):
    assert said[0] == "[3, 3, 3, 3, 3, 3] 1"


def test_a_killed_process_holds_nobody_up(said):
    assert said[1:3] == ["[-9] 1", "[3, 3, 3, 3, 3, 3] 1"]


def test_symbols_of_code_from_two_processes_do_not_meet(said):
    """Numba counts functions from 1 in each process: two would have the same name."""
    assert said[3:] == ["[3] 1", "[30] 1", "[33] 0"]


def test_a_lock_is_waited_for_no_longer_than_that(folder, monkeypatch):
    monkeypatch.setattr(cache, "PATIENCE", 0.0)
    file = cache.KernelFile(folder, "plus", b"key")
    with file.locked(), file.locked(), warnings.catch_warnings():
        pass


def test_a_lock_that_can_not_be_had_is_done_without(folder):
    file = cache.KernelFile(folder / "gone", "plus", b"key")
    with file.locked():
        pass
