"""Values at the ends of their ranges leave all finite; what lies beyond is refused at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engram import (
    LIF,
    AdEx,
    Brain,
    CurrentLIF,
    DopamineRelease,
    EncodingStrategy,
    InvalidValueError,
    Izhikevich,
    NeuronModel,
    RegionType,
    RewardSTDP,
    StimulusEncoder,
    Uniform,
)
from engram.mechanisms.growth.growth import Growth
from engram.morphology import NMDA, Branch

S, A = RegionType.SENSORY, RegionType.ASSOCIATION


def small(n: int = 6, **given: Any) -> Brain:
    brain = Brain(seed=1)
    brain.add_region("a", A, n, 0.5, **given)
    return brain


REFUSED: dict[str, Callable[[Brain], object]] = {
    "weight of a Poisson input": lambda b: b.poisson_input("a", 184.0, -(2**70)),
    "all of a Poisson input": lambda b: b.poisson_input("a", 1e5, 1e8, n=10**6),
    "current of complete": lambda b: b.memory.complete("a", [0], current=2**70),
    "current of imprint": lambda b: b.memory.imprint("a", [[0]], current=2**70),
    "inputs of present_many": lambda b: b.present_many("a", [[1e30] * 6], 2, read="a"),
    "whole numbers of them": lambda b: b.present_many("a", [[-(2**63)] * 6], 2, read="a"),
    "inputs of respond": lambda b: b.respond("a", [[-1e300] * 6], 2, read="a"),
    "noise of the encoder": lambda b: setattr(b.encoder, "noise_level", 2**70),
    "rate of the encoder": lambda b: setattr(b.encoder, "max_rate", 2**70),
    "excitability": lambda b: setattr(b.homeostasis, "excitability_rate", 2**70),
    "tolerance": lambda b: setattr(b.homeostasis, "tolerance", 2**70),
    "young_plasticity": lambda b: setattr(b.growth, "young_plasticity", 2**70),
    "replay_duration": lambda b: setattr(b.memory, "replay_duration", 2**70),
    "compression": lambda b: setattr(b.memory, "compression", 1e-300),
    "eligibility": lambda b: setattr(b.reward_stdp, "A_plus", 2**70),
    "value of a critic": lambda b: b.add_critic("a", ["region:a"], value_per_hz=2**70),
    "a": lambda b: setattr(b.regions["a"].model, "a", 2**31),
    "b": lambda b: setattr(b.regions["a"].model, "b", 2**70),
    "d of each": lambda b: setattr(b.regions["a"].model, "d", Uniform(9.0, 2.0**70)),
    "release": lambda _: DopamineRelease(release=2**70),
    "branch": lambda _: Branch("a", 100.0, 2**70),
    "receptors": lambda _: NMDA(ratio=2**70),
    "leak": lambda _: AdEx(g_L=2**70),
    "rest": lambda _: LIF(E_L=-(2**70)),
    "reset": lambda _: CurrentLIF(v_reset=2**70),
}


@pytest.mark.parametrize("put", REFUSED.values(), ids=REFUSED)
def test_what_would_end_in_nan_is_refused_before_anything_has_changed(
    put: Callable[[Brain], object],
) -> None:
    brain = small(rule=RewardSTDP())
    brain.run(5)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match=r"must be|range"):
        put(brain)
    assert brain.fingerprint() == before


def test_a_poisson_input_is_bounded_as_a_whole_also_later() -> None:
    brain = small()
    noise = brain.poisson_input("a", 100.0, 1e8)
    with pytest.raises(InvalidValueError, match=r"PoissonInput.n: .* at most 1e\+10"):
        noise.n = 10**6
    brain.run(300)
    brain.check()


ENDS = {
    Izhikevich: ("a", "b", "c", "d"),
    LIF: ("E_L", "E_exc", "E_inh", "v_th", "v_reset"),
    CurrentLIF: ("E_L", "v_th", "v_reset"),
    AdEx: ("C", "g_L", "E_L", "v_T", "b", "v_r", "v_peak"),
}


@pytest.mark.filterwarnings("ignore:.*as in a seizure")
@pytest.mark.parametrize("kind", ENDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dt", [0.1, 10.0])
def test_models_stay_finite_at_the_ends_of_their_ranges(kind: type[NeuronModel], dt: float) -> None:
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    region = brain.add_region("a", A, 8, 0.0, model=kind)
    usual = kind().values()
    currents = np.array([1.0, -1.0, 1e3, -1e3, 1e6, -1e6, 1e10, -1e10])
    for name in ENDS[kind]:
        declared = kind.parameters()[name]
        for end in (declared.low, declared.high):
            if end is None:
                continue
            setattr(region.model, name, end)
            brain.reset_state()
            for sign in (1, 1, -1, 1, -1, -1, 0):
                brain.inject_current("a", range(8), sign * currents)
                brain.run(3)
            brain.run(20)
            brain.check()
            setattr(region.model, name, usual[name])


def test_a_noisy_encoder_stays_within_what_neurons_bear() -> None:
    brain = small()
    brain.encoder = StimulusEncoder(EncodingStrategy.RATE, max_current=1e10, noise_level=1e6)
    brain.present("a", [0.0, 0.5, 1.0], 100)
    brain.check()


def grown(name: str, value: Any) -> Growth:
    brain = Brain(seed=1)
    brain.add_region("a", S, 20, 0.3, background=15.0)
    growth = brain.growth
    growth.growth_interval, growth.correlation_window = 100.0, 90.0
    growth.min_spikes, growth.min_correlation, growth.pruning = 1, 0.0, False
    growth.max_rate, growth.max_synapses, growth.most_synapses = 1000.0, 2**62, 1e9
    setattr(growth, name, value)
    brain.run(300)
    brain.check()
    return growth


@pytest.mark.parametrize("name", ["max_rate", "coincidence"])
def test_no_bound_at_all_lets_synapses_grow(name: str) -> None:
    """These numbers went to compiled code, and had more bits than that takes."""
    assert grown(name, 2.0**70).totals["synapses_born"] >= 0


def test_any_number_of_synapses_may_be_born() -> None:
    growth = grown("synapses_per_cycle", 2**62)
    assert growth.totals["synapses_born"] > grown("synapses_per_cycle", 2).totals["synapses_born"]


def test_a_vanishing_integral_is_none() -> None:
    brain = small(background=15.0)
    brain.homeostasis.integral_rate = 1e-300
    brain.homeostasis.check_interval = 50.0
    brain.run(200)
    brain.check()
