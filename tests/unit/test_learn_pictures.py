"""Pictures of what was learned, and the neuron of the circuit that is Izhikevich's."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt

from engram import Brain, InvalidValueError, Neurotransmitter, RegionType
from engram.learn import pictures
from engram.learn.izhikevich import ShuntedIzhikevich


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_receptive_fields_are_tiles():
    fields = np.arange(3 * 4, dtype=float).reshape(3, 4)
    ax = pictures.receptive_fields(fields)
    sheet = np.asarray(ax.images[0].get_array())
    assert sheet.shape == (2 * 3 + 1, 2 * 3 + 1)
    np.testing.assert_allclose(sheet[1:3, 1:3], fields[0].reshape(2, 2) / 3)
    np.testing.assert_allclose(sheet[1:3, 4:6], fields[1].reshape(2, 2) / 7)
    np.testing.assert_allclose(sheet[4:6, 1:3], fields[2].reshape(2, 2) / 11)
    many = pictures.receptive_fields(np.ones((2000, 4)))
    assert "1600 shown" in many.get_title(loc="left")
    wide = pictures.receptive_fields(np.zeros((2, 6)), shape=(2, 3))
    assert np.asarray(wide.images[0].get_array()).shape[1] > 4


@pytest.mark.parametrize(
    ("fields", "shape", "words"),
    [(np.ones(4), None, "neurons, inputs"), (np.ones((2, 6)), (2, 2), "does not hold 6")],
)
def test_receptive_fields_refuse(fields, shape, words):
    with pytest.raises(InvalidValueError, match=words):
        pictures.receptive_fields(fields, shape=shape)


def test_confusion_shows_every_number():
    ax = pictures.confusion([[8, 2, 0], [1, 6, 3]], ["a", "b"])
    assert sorted(t.get_text() for t in ax.texts) == ["1", "2", "3", "6", "8"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "none"]
    shares = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(shares, [[0, 0.2, 0], [0.1, 0, 0.3]])
    with pytest.raises(InvalidValueError, match="matrix"):
        pictures.confusion([[1, 2, 3]], ["a", "b"])


# ------------------------------------------------------------------ the neuron
def cells(currents, theta=0.0):
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    n = len(currents)
    region = brain.add_region(
        "cells", RegionType.ASSOCIATION, n, connectivity=0.0, max_neurons=n, excitatory=1.0,
        model=ShuntedIzhikevich(), noise=0.0, rule=None,
    )  # fmt: skip
    region.theta[:] = theta
    brain.encoder.max_current = 100.0
    return brain, region


def test_follows_its_equation():
    brain, region = cells([0.0])
    spikes = 0
    for _ in range(300):
        before = float(region.u[0])
        v, u = float(region.v[0]), before
        for _ in range(2):
            if v < 30:
                v += 0.5 * (0.04 * v * v + 5 * v + 140 - before + 12.0)
        u += 0.02 * (0.2 * min(v, 30.0) - u)
        brain.inject_current("cells", [0], 12.0)
        fired = len(brain.step()["cells"])
        assert fired == (v >= 30)
        if fired:
            spikes += 1
            v, u = -65.0, before + 8.0
        assert region.v[0] == pytest.approx(v, rel=1e-4)
        assert region.u[0] == pytest.approx(u, rel=1e-4)
    assert spikes > 5


def test_theta_takes_from_the_current():
    drive = np.linspace(5, 40, 8)
    plain, _ = cells(drive)
    raised, _ = cells(drive, theta=7.0)
    for _ in range(300):
        plain.inject_current("cells", range(8), drive)
        raised.inject_current("cells", range(8), drive + 7.0)
        plain.step()
        raised.step()
    counts = plain.regions["cells"].total_spikes
    np.testing.assert_array_equal(raised.regions["cells"].total_spikes, counts)
    assert counts[-1] > counts[1] > 0


def test_strong_inhibition_holds_it_at_its_reversal_potential():
    brain, region = cells([0.0, 0.0])
    region.add_synapses([0], [1], 1000.0, 1.0, nt=Neurotransmitter.GABA)
    lowest = 0.0
    for step in range(200):
        brain.inject_current("cells", [1], 10.0)
        if step == 20:
            brain.inject_current("cells", [0], 500.0)
        fired = brain.step()["cells"]
        if 25 < step < 100:
            assert 1 not in fired
        lowest = min(lowest, float(region.v[1]))
    assert -80.5 < lowest < -79.0
