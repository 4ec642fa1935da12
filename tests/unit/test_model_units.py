"""What a model says of itself, and what is found out of one that says nothing."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import numpy as np
import pytest

import engram
from engram import (
    LIF,
    AdEx,
    Brain,
    CurrentLIF,
    FiringPattern,
    InvalidValueError,
    Izhikevich,
    NeuronModel,
    Parameter,
    PoissonSource,
    RegionType,
    Relay,
    StimulusEncoder,
    Uniform,
    encode_number,
)
from engram.circuits.models import ShuntedIzhikevich
from engram.network.defaults import (
    current_unit,
    own_inhibition,
    own_weight,
    pathway_weight,
    weight_unit,
)

S, A = RegionType.SENSORY, RegionType.ASSOCIATION

BUILT_IN = {
    # current_unit, weight_unit, default_noise
    Izhikevich: (1.0, 1.0, 3.0),
    LIF: (4.0, 0.06, 0.0),
    CurrentLIF: (4.0, 1.0, 0.0),
    AdEx: (60.0, 60.0, 0.0),
    PoissonSource: (0.0, 1.0, 0.0),
    Relay: (0.0, 1.0, 0.0),
    ShuntedIzhikevich: (1.0, 1.0, 0.0),
}


class Leaky(NeuronModel):
    """Fires above a threshold: 1 is enough current."""

    tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    threshold = Parameter(1.0)
    states = {"v": 0.0}

    @staticmethod
    def update(v, I, tau, threshold, dt):  # noqa: E741
        v = v + dt / tau * (I - v)
        return v, v >= threshold

    @staticmethod
    def reset():
        return 0.0


class Conducting(Leaky):
    conductance = True


class Told(Leaky):
    current_unit = 7.0


class Always(Leaky):
    @staticmethod
    def update(v):
        return v, True


class Never(Leaky):
    @staticmethod
    def update(v):
        return v, False


class Raises(Leaky):
    @staticmethod
    def update(v, I):  # noqa: E741
        return v + 1.0 / (I * 0.0), True


def mean(distribution):
    assert isinstance(distribution, Uniform)
    return 0.5 * (distribution.low + distribution.high)


@pytest.mark.parametrize("kind", BUILT_IN)
def test_built_in_models_say_what_they_are(kind):
    model = kind()
    found = (current_unit(model), weight_unit(model), kind.default_noise)
    assert found == BUILT_IN[kind]
    assert None not in (kind.current_unit, kind.weight_unit)


def test_sources():
    for kind in BUILT_IN:
        source = kind in (PoissonSource, Relay)
        assert kind.is_source == source
        assert kind.input_is_rate == (kind is PoissonSource)
        assert (kind.silent_input is not None) == source


@pytest.mark.parametrize("kind", [Izhikevich, LIF, AdEx, Relay])
def test_a_subclass_is_what_its_base_is(kind):
    class Own(kind):
        pass

    assert current_unit(Own()) == current_unit(kind())
    assert weight_unit(Own()) == weight_unit(kind())
    assert Own.default_noise == kind.default_noise
    assert Own.is_source == kind.is_source


def test_a_model_that_says_nothing_is_asked_what_makes_it_fire():
    assert current_unit(Leaky()) == 0.25
    assert weight_unit(Leaky()) == 0.25
    assert current_unit(Leaky(threshold=1e-3)) == pytest.approx(2.5e-4, rel=0.05)
    assert current_unit(Leaky(threshold=60.0)) == pytest.approx(15.0, rel=0.05)


def test_a_model_like_a_built_in_one_gets_about_its_units():
    assert current_unit(Leaky(threshold=15.0)) == pytest.approx(LIF.current_unit, rel=0.1)


def test_weights_of_a_conductance_are_relative_to_the_leak():
    assert weight_unit(Conducting()) == LIF.weight_unit
    assert current_unit(Conducting()) == 0.25


def test_one_unit_that_is_said_is_enough():
    assert current_unit(Told()) == weight_unit(Told()) == 7.0


@pytest.mark.parametrize("kind", [Always, Never, Raises])
def test_where_nothing_can_be_found_out_the_unit_is_1(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert current_unit(kind()) == weight_unit(kind()) == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("current_unit", -1.0), ("weight_unit", "pA"), ("default_noise", None), ("silent_input", "x")],
)
def test_what_can_not_be_is_refused_when_it_is_declared(name, value):
    with pytest.raises((InvalidValueError, TypeError), match=rf"Bad\.{name}"):
        type("Bad", (Leaky,), {name: value})


@pytest.mark.parametrize("default", [pathway_weight, own_weight, own_inhibition])
def test_default_weights_follow_the_unit(default):
    assert mean(default(Told(), 9.0)) == pytest.approx(7.0 * mean(default(Izhikevich(), 9.0)))
    assert mean(default(LIF(), 9.0)) == pytest.approx(0.06 * mean(default(Izhikevich(), 9.0)))


def test_a_network_of_a_model_of_ones_own_neither_dies_nor_bursts():
    """With a silent unit of 1 the weights were four times as large."""
    brain = Brain(seed=1)
    brain.freeze_plasticity()
    brain.freeze_structural_plasticity()
    brain.add_region("in", S, 50, max_neurons=50)
    brain.add_region("out", A, 50, model=Leaky, max_neurons=50)
    brain.connect_regions("in", "out", 0.4)
    brain.present("in", [0.8], 1000)
    rate = brain.regions["out"].total_spikes.mean()
    assert 2.0 < rate < 100.0


def test_noise_by_default_is_the_models():
    brain = Brain(seed=1)
    noisy = type("Noisy", (Leaky,), {"default_noise": 0.5})
    assert brain.add_region("a", A, 5, model=Izhikevich).noise == 3.0
    assert brain.add_region("b", A, 5, model=noisy).noise == 0.5
    assert brain.add_region("c", A, 5, model=noisy, noise=0.0).noise == 0.0


def test_an_own_source_is_treated_as_one():
    class Clock(Leaky):
        is_source = input_is_rate = True
        silent_input = -5.0

    brain = Brain(seed=1)
    clock = brain.add_region("clock", S, 5, 0.0, model=Clock)
    brain.add_region("cortex", A, 5, 0.0, patterns=FiringPattern.CHATTERING)
    encoder = StimulusEncoder(max_rate=50.0)
    np.testing.assert_array_equal(encode_number(1.0, clock, encoder), np.full(5, 50.0))
    for _ in range(100):
        brain.inject_current("clock", [0], 9.0)
        brain.inject_current("cortex", [0], 30.0)
        brain.step()
    assert {trace.region for trace in brain.memory.capture()} == {"cortex"}
    brain.fall_asleep(100.0)
    brain.run(10)
    assert set(brain.network.slots(clock.record, "held")) == {-5.0}


def test_patterns_set_what_a_model_says_they_set():
    class Extended(Izhikevich):
        extra = Parameter(2.0, per_neuron=True)

        @staticmethod
        def update(v, u, I, a, b, extra, dt):  # noqa: E741
            v = v + dt * (0.04 * v * v + 5.0 * v + 140.0 - u + I * extra)
            return v, u + dt * a * (b * v - u), v >= 30.0

        @staticmethod
        def reset(u, c, d):
            return c, u + d

    brain = Brain(seed=1)
    fast = FiringPattern.FAST_SPIKING
    region = brain.add_region("r", A, 5, model=Extended, patterns=fast, variation=0.0)
    assert set(region.a) == {np.float32(0.1)}
    assert set(region.state("extra")) == {np.float32(2.0)}
    brain.run(5)


def test_nobody_asks_for_the_class_of_a_model():
    models = {kind.__name__ for kind in BUILT_IN}
    for path in Path(engram.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if asks and node.func.id in ("isinstance", "issubclass"):
                named = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
                assert not named & models, f"{path}:{node.lineno}"
