"""What rules do on average to synapses between uncorrelated Poisson neurons, at every dt.

The mean drift is the integral of the rule over continuous time, whatever the grid.
"""

from __future__ import annotations

import pytest

from engram import (
    STDP,
    Brain,
    Parameter,
    PlasticityRule,
    PoissonSource,
    RegionType,
    RewardSTDP,
    TraceSTDP,
    TripletSTDP,
)

N, SECONDS = 120, 15
HERTZ = {"pre": 25.0, "post": 15.0}
A, TAU_C, TONIC = 1e-4, 0.5, 0.2
W = 1e-9
"""The largest weight: synapses learn, but drive nobody."""


class Covariance(PlasticityRule):
    """A rule of one's own, of both kinds of events and both traces at each."""

    eta = Parameter(1e-13)
    tau_pre = Parameter(10.0)
    tau_post = Parameter(30.0)
    pre_traces = {"x": "tau_pre"}
    post_traces = {"y": "tau_post"}

    @staticmethod
    def on_pre(w, x, y, eta):
        return w + eta * (x - y)

    @staticmethod
    def on_post(w, x, y, eta):
        return w + 0.4 * eta * (x - 0.5 * y)


TRIPLET = {"A2_plus": A, "A3_plus": 2 * A, "A2_minus": 2 * A, "A3_minus": A}
RULES = {
    "stdp": STDP(A_plus=A, A_minus=1.05 * A),
    "short": STDP(A_plus=4 * A, A_minus=5 * A, tau_plus=5.0, tau_minus=3.0),
    "nearest": STDP(A_plus=A, A_minus=1.05 * A, tau_minus=30.0, pairing="nearest"),
    "reward": RewardSTDP(
        A_plus=A, A_minus=1.05 * A, tau_eligibility=1e3 * TAU_C, baseline_dopamine=TONIC
    ),
    "trace": TraceSTDP(eta=A * W, x_tar=0.4, mu=0.0),
    "triplet": TripletSTDP(**TRIPLET),
    "nearest triplet": TripletSTDP(**TRIPLET, pairing="nearest"),
    "own": Covariance(eta=A * W),
}


def expected(name, pre, post):
    """Drift per second from the rates in Hz, by the rule's equations in continuous time."""
    rule = RULES[name]
    at = {"pre": pre, "post": post}

    def mean(side, tau):
        """Of a trace just before an independent event."""
        ratio = 1e-3 * at[side] * getattr(rule, tau)
        return ratio / (1.0 + ratio) if rule.pairing == "nearest" else ratio

    if name == "trace":
        return post * A * (mean("pre", "tau_plus") - rule.x_tar)
    if name == "own":
        x, y = mean("pre", "tau_pre"), mean("post", "tau_post")
        return A * (pre * (x - y) + 0.4 * post * (x - 0.5 * y))
    x, y = mean("pre", "tau_plus"), mean("post", "tau_minus")
    if isinstance(rule, TripletSTDP):
        x2, y2 = mean("pre", "tau_x"), mean("post", "tau_y")
        up = post * x * (rule.A2_plus + rule.A3_plus * y2)
        return up - pre * y * (rule.A2_minus + rule.A3_minus * x2)
    both = post * rule.A_plus * x - pre * rule.A_minus * y
    if name == "reward":
        return both * TONIC * TAU_C
    return both


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.2, 0.1])
def test_the_mean_drift_is_the_integral_of_the_rule(dt):
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    options = {"model": PoissonSource, "excitatory": 1.0, "connectivity": 0.0, "rule": None}
    for name in ("pre", *RULES):
        rate = HERTZ["pre" if name == "pre" else "post"]
        brain.add_region(name, RegionType.SENSORY, N, background=rate, **options)
    for k, (name, rule) in enumerate(RULES.items()):
        # Delays of 1 to 4 ms; the targets of half of the rules are chosen at random: no dense rows.
        wiring = "all_to_all" if k % 2 else "random"
        share = {} if k % 2 else {"density": 0.7}
        brain.connect_regions(
            "pre", name, wiring=wiring, weights=0.5 * W, w_max=W, delays=1.0 + k % 4, rule=rule,
            **share,
        )  # fmt: skip
    brain.run(round(SECONDS * 1000 / dt), progress=False)
    for name in RULES:
        pathway = brain.get_projection("pre", name)
        pre, post = (brain.regions[r].total_spikes[:N].mean() / SECONDS for r in ("pre", name))
        drift = (pathway.weight.astype(float) / W - 0.5).mean() / SECONDS
        assert drift == pytest.approx(expected(name, pre, post), rel=0.05), name
