"""Values that would end in NaN are refused or stay finite; what turns non-finite is reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engram import (
    LIF,
    AdEx,
    Brain,
    InvalidValueError,
    InvariantError,
    NeuronModel,
    Parameter,
    RegionType,
    TraceSTDP,
)


def states(brain: Brain) -> dict[str, Any]:
    found = {f"{n}.{s}": r.state(s) for n, r in brain.regions.items() for s in ("v", "exc", "inh")}
    for p in brain.projections:
        found |= {f"{p.label}.weight": p.weight, f"{p.label}.eligibility": p.eligibility}
    return found


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0, 10.0])
@pytest.mark.parametrize("amount", [1e4, 1e6, 1e8, 1e10])
def test_adex_stays_finite_whatever_current_is_injected(dt: float, amount: float) -> None:
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.add_region("a", RegionType.ASSOCIATION, 10, 0.3, model=AdEx, max_neurons=10)
    for sign in (1, -1, 1, 1, -1, -1):
        brain.inject_current("a", range(10), sign * amount)
        brain.run(1)
    brain.run(30)
    brain.check()


def test_weights_beyond_what_sums_can_hold_are_refused() -> None:
    brain = Brain(seed=1)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="1e\\+08"):
        brain.add_region("a", RegionType.ASSOCIATION, 30, 0.5, model=LIF, weights=1e13)
    assert brain.fingerprint() == before
    region = brain.add_region("a", RegionType.ASSOCIATION, 30, 0.5, model=LIF)
    with pytest.raises(InvalidValueError, match="w_max"):
        region.wiring.w_max = 1e13
    with pytest.raises(InvalidValueError, match="w_max"):
        brain.add_region("b", RegionType.ASSOCIATION, 30, w_max=1e13)


def test_largest_weights_keep_the_state_finite() -> None:
    brain = Brain(seed=1)
    brain.add_region(
        "a", RegionType.ASSOCIATION, 30, 0.5, model=LIF, background=20.0, excitatory=0.5,
        weights=1e8,
    )  # fmt: skip
    brain.run(300)
    brain.check()


def test_an_exponent_that_overflows_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="mu"):
        TraceSTDP(mu=1e6)


@pytest.mark.parametrize("tau", [1e-6, 1e-3, 0.02, 0.5])
def test_eligibility_may_decay_at_once(tau: float) -> None:
    brain = Brain(seed=1)
    brain.reward_stdp.tau_eligibility = tau
    brain.add_region("a", RegionType.ASSOCIATION, 30, 0.3, background=15.0)
    brain.run(1000)
    brain.reward(1.0, "region:a")
    brain.run(10)
    brain.check()


class Exploding(NeuronModel):
    """Its state grows without bounds."""

    states = {"v": 0.0, "w": 1.0}
    gain = Parameter(1e9)

    @staticmethod
    def update(v: Any, w: Any, I: Any, gain: Any) -> Any:  # noqa: E741
        return v + I, w * gain + 1, v > 1e30

    @staticmethod
    def reset(v: Any) -> Any:
        return v


def test_a_state_that_is_not_finite_is_reported_with_region_variable_and_neuron() -> None:
    brain = Brain(seed=1)
    brain.add_region("sound", RegionType.SENSORY, 5)
    region = brain.add_region("loud", RegionType.SENSORY, 5, 0.0)
    region.v[3] = np.nan
    with pytest.raises(InvariantError, match=r"'loud': v of neuron 3 is nan"):
        brain.check()
    with pytest.raises(InvariantError, match=r"'loud': [vu] of neuron 3 is nan .* Izhikevich"):
        brain.run(1500)
    assert brain.step_count == 200
    brain.reset_state()
    brain.check()
    brain.run(1500)


@pytest.mark.parametrize("name", ["u", "theta", "exc", "inh"])
def test_each_state_is_looked_at(name: str) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 5)
    region = brain.add_region("b", RegionType.SENSORY, 5)
    region.state(name)[4] = np.inf
    with pytest.raises(InvariantError, match=f"'b': {name} of neuron 4 is inf"):
        brain.check()


def test_a_weight_that_is_not_finite_is_found_by_a_check() -> None:
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 10, 0.5)
    brain.network.block(brain.network.pathways[0])["weight"][2] = np.nan
    with pytest.raises(InvariantError, match="weight"):
        brain.check()


def test_a_sound_brain_passes_and_stays_as_it_is() -> None:
    brain = Brain(seed=1)
    brain.check()
    brain.add_region("a", RegionType.SENSORY, 20, background=8.0)
    brain.run(200)
    before = brain.fingerprint()
    brain.check()
    assert brain.fingerprint() == before
