"""What a run says of the time that is left."""

import importlib
import re
import time

import pytest

from engram import progress
from engram.learn.bench.mnist import Run, execute


class Enough(Exception):
    """The run is cut off."""


def learned(folder, clock, already, stop_at):
    """The last line of a run, cut off when it has told of so many images."""
    done, lines = [already], []

    def advance(n, _all):
        done[0] = max(n, done[0])

    def say(text):
        lines.append(text)
        if text.startswith(f"{stop_at} of"):
            raise Enough

    clock.setattr(time, "perf_counter", lambda: 10.0 * done[0])
    run = Run(neurons=4, data="digits", images=400, tests=5, controls=False, reward=False)
    with pytest.raises(Enough):
        execute(run, folder, every=100, jobs=1, progress=advance, say=say)
    return lines[-1]


def test_a_resumed_run_counts_what_it_has_learned_itself(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    with monkeypatch.context() as clock:
        assert "33.3 min left" in learned(tmp_path, clock, 0, 200)
    with monkeypatch.context() as clock:
        last = learned(tmp_path, clock, 200, 300)
    left = re.search(r"([\d.]+) min left", last)
    assert left is not None
    assert float(left[1]) == pytest.approx(1000 / 60, abs=0.3)


def test_without_a_terminal_a_line_is_written_now_and_then(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report = progress.lines_or_bar("steps", every=60.0)
    for k in range(1, 301):
        now[0] = float(k)
        report(k * 1000, 600_000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[0] == "60,000 of 600,000 steps, 540 s left"
    assert importlib.import_module("engram.cli").LINES_EVERY == 60.0
