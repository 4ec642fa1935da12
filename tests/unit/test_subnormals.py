"""What decays is gone in the end: subnormal numbers would make quiet brains slow for good."""

import numpy as np
import pytest

from engram import Brain, CurrentLIF, RegionType
from engram.kernels.jit import FLUSHING, JIT_DISABLED

pytestmark = pytest.mark.skipif(
    JIT_DISABLED or not FLUSHING, reason="this processor, or Python, computes with subnormals"
)

TINY = float(np.finfo(np.float32).tiny)


def subnormal(array):
    return int(np.count_nonzero((array != 0) & (np.abs(array) < TINY)))


@pytest.mark.parametrize("threads", [1, 2])
def test_nothing_gets_stuck_below_the_normal_numbers(monkeypatch, threads):
    monkeypatch.setattr("engram.network.workers.BLOCK", 8)
    brain = Brain(dt=0.5, seed=1, mechanisms="none", threads=threads)
    model = CurrentLIF(E_L=0.0, v_th=15.0, v_reset=0.0)
    brain.add_region("a", RegionType.ASSOCIATION, 40, 0.5, model=model, rule="stdp")
    brain.inject_current("a", np.arange(20), 1e4)
    for _ in range(12):
        brain.run(500)
        tables = brain.network.tables
        kept = [tables[name] for name in ("v", "exc", "inh")]
        kept += [tables.blocks[0][name] for name in ("pre_trace", "post_trace")]
        assert not any(subnormal(array) for array in kept)
    assert brain.regions["a"].total_spikes.any()
    assert not any(array.any() for array in kept[1:])


def test_whoever_calls_keeps_them():
    brain = Brain(seed=1)
    brain.add_region("a", n_neurons=10)
    brain.run(10)
    assert np.float32(1e-40) * np.ones(1, np.float32) != 0
