"""Files of recorders that are lost while they record."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

import numpy as np
import pytest

from engram import Brain
from engram.errors import InvalidValueError
from engram.recording import RecordingFileError


def driven(seed: int = 1) -> Brain:
    """A brain that fires."""
    brain = Brain(seed=seed)
    brain.add_region("a", n_neurons=20, connectivity=0.0).background = 15.0
    return brain


@pytest.mark.parametrize("what", ["spikes", "v"])
def test_a_file_that_was_removed_is_noticed_and_the_brain_lives_on(what, tmp_path):
    brain, twin = driven(), driven()
    path = tmp_path / "gone.npy"
    recorder = brain.record(what, "a", path=path, overflow="stream")
    path.unlink()
    with pytest.raises(RecordingFileError, match=r"gone\.npy.*removed or replaced"):
        brain.run(3000)
    assert not recorder.attached
    twin.run(brain.step_count)
    assert brain.fingerprint() == twin.fingerprint()
    for read in (lambda: recorder.times, recorder.clear):
        with pytest.raises((RecordingFileError, InvalidValueError), match=r"gone\.npy"):
            read()
    recorder.detach()
    brain.run(100)


def test_a_removed_file_is_noticed_when_it_is_read(tmp_path):
    brain = driven()
    path = tmp_path / "gone.npy"
    recorder = brain.record("spikes", path=path, overflow="stream")
    path.unlink()
    with pytest.raises(RecordingFileError):
        _ = recorder.times
    brain.run(10)
    with pytest.raises(RecordingFileError):
        recorder.detach()
    assert not recorder.attached


def test_a_removed_file_does_not_stand_in_the_way_of_others(tmp_path):
    recorder = driven().record("spikes", path=tmp_path / "gone", overflow="stream")
    (tmp_path / "gone").unlink()
    (tmp_path / "other").touch()
    with driven().record("spikes", path=tmp_path / "other", overflow="stream") as other:
        assert len(other) == 0
    with driven().record("spikes", path=tmp_path / "gone", overflow="stream") as again:
        assert len(again) == 0
    del recorder


def test_a_replaced_file_is_left_alone(tmp_path):
    brain = driven()
    path = tmp_path / "mine"
    brain.record("v", "a", path=path, overflow="stream")
    path.unlink()
    path.write_text("a letter")
    with pytest.raises(RecordingFileError):
        brain.run(100)
    assert path.read_text() == "a letter"


def test_a_file_is_found_again_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    brain = driven()
    recorder = brain.record("v", "a", path="here.npy", overflow="stream")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    brain.run(100)
    assert len(recorder.times) == len(np.load(tmp_path / "here.npy")) > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_file_without_room_is_refused_at_once(recwarn):
    brain = driven()
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="'/dev/full' can't be written"):
        brain.record("spikes", path="/dev/full", overflow="stream")
    brain.run(10)
    gc.collect()
    assert not recwarn.list
    assert brain.fingerprint() != before


def test_a_disk_that_fills_up_ends_the_run_after_a_whole_step(tmp_path):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    brain, twin = driven(), driven()
    recorder = brain.record("v", "a", path=tmp_path / "big", overflow="stream")
    # What is compiled may be written now.
    brain.run(10)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        with pytest.raises(RecordingFileError, match="big"):
            brain.run(5000)
        assert not recorder.attached
        with contextlib.suppress(RecordingFileError):
            _ = recorder.times
        del recorder
        gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    twin.run(brain.step_count)
    assert brain.fingerprint() == twin.fingerprint()
