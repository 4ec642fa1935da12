"""A small version of the benchmark of interrupts, and that it notices harm."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability import interrupts


@pytest.fixture(autouse=True)
def sigint_raises() -> Iterator[None]:
    """Jobs in the background start with SIGINT ignored; these tests need Python's own handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupts_at_lines_do_no_harm() -> None:
    found = interrupts.at_lines(seed=5, n=36)
    assert found.pop("came through") > 30
    assert all(text.endswith(": fine") for text in found), found


def test_every_change_is_interrupted() -> None:
    found = interrupts.at_lines(seed=0, n=len(interrupts.CHANGES))
    assert {text.partition(":")[0] for text in found} >= set(interrupts.CHANGES), found


def test_a_crash_is_counted_and_ends_nothing() -> None:
    def crash(_seed: int, _n: int) -> Counter[str]:
        os.kill(os.getpid(), signal.SIGKILL)
        return Counter()

    assert interrupts.elsewhere(crash, 1, 1) == {"crash: exit code -9": 1}


def test_a_broken_brain_is_noticed(tmp_path: Path) -> None:
    brain = interrupts.build()
    assert interrupts.verdict(brain.copy(), tmp_path / "b") == "fine"
    brain.regions["a"].v[0] = np.nan
    assert interrupts.verdict(brain, tmp_path / "b").startswith("broken")
