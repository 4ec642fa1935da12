"""Competitive learning by STDP
============================

Song, Miller & Abbott 2000, doi:10.1038/78829, figures 2 and 3.

A neuron hears 1,000 excitatory Poisson inputs through synapses with additive STDP, and 200
inhibitory ones of 10 Hz. All is as in the paper: tau_m = 20 ms, rest -70, threshold -54, reset
-60 mV; both conductances decay with 5 ms and reverse at 0 and -70 mV; inhibitory synapses weigh
0.05 of the leak, excitatory ones 0 to 0.015, here uniform at first; A+ = 0.005, A- = 1.05 A+, tau
= 20 ms, all pairs count. A delay of 1 ms is added. Ten neurons share the inputs, each with
synapses of its own. The claims, each at dt = 1 ms and at 0.1 ms, for inputs of 10, 20, 30 and 40
Hz:

1. Weights become bimodal: at least three quarters end in the lowest or the highest fifth of the
   range with some in both, and less than a tenth in the middle fifth (in the beginning, two
   fifths and one).
2. The rate is regulated: it stays below 60 Hz whatever the input, and grows less than twofold
   from 10 to 40 Hz. The more active the inputs, the fewer synapses are strong.
3. Control: with the synapses that 10 Hz left, held fixed, 40 Hz of input drive the neuron at more
   than four times the rate that learning finds.
4. Control: with A- = 0.95 A+ nothing is regulated: weights go to the upper bound (mean above
   0.9).
5. dt = 1 and 0.1 ms agree: mean weights within 0.03 of the range, rates within a third.

::

    python examples/papers/song_2000.py [--quick] [--output picture.png]

`--quick` takes inputs of 20 and 40 Hz, four neurons and 10 minutes instead of 40.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engram import (
    LIF,
    STDP,
    Brain,
    Neurotransmitter,
    PoissonSource,
    Projection,
    RegionType,
    Uniform,
)

STEPS = (1.0, 0.1)
W_MAX = 0.015
A_PLUS, RATIO = 0.005, 1.05
SEED = 1


@dataclass
class Plan:
    """How much is run: rates of the inputs (Hz), neurons, seconds."""

    rates: tuple[float, ...] = (10.0, 20.0, 30.0, 40.0)
    neurons: int = 10
    seconds: int = 2400


QUICK = Plan((20.0, 40.0), 4, 600)


@dataclass
class Outcome:
    """Of one rate of inputs: final weights as shares of w_max, the neurons' rate with time (Hz)."""

    weights: np.ndarray
    rate: list[float] = field(default_factory=list)

    @property
    def hertz(self) -> float:
        """The mean rate over the last quarter."""
        return float(np.mean(self.rate[-len(self.rate) // 4 :]))

    def share(self, low: float, high: float) -> float:
        """Of weights between `low` and `high`."""
        return float(((self.weights >= low) & (self.weights <= high)).mean())


def network(
    dt: float, hertz: float, neurons: int, ratio: float | None, weights: np.ndarray | Uniform
) -> tuple[Brain, Projection]:
    """Inputs and neurons. ratio: A- / A+; None: nothing learns."""
    brain = Brain(dt=dt, seed=SEED)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    for name, n, rate in (("excitatory", 1000, hertz), ("inhibitory", 200, 10.0)):
        brain.add_region(
            name,
            RegionType.SENSORY,
            n,
            0.0,
            model=PoissonSource,
            excitatory=float(name == "excitatory"),
            background=rate,
            rule=None,
        )
    model = LIF(
        tau_m=20.0, E_L=-70.0, E_exc=0.0, E_inh=-70.0, v_th=-54.0, v_reset=-60.0, t_ref=0.0,
        tau_exc=5.0, tau_inh=5.0,
    )  # fmt: skip
    brain.add_region(
        "neurons", RegionType.ASSOCIATION, neurons, 0.0, model=model, excitatory=1.0, noise=0.0,
        rule=None,
    )  # fmt: skip
    rule = None if ratio is None else STDP(A_plus=A_PLUS, A_minus=ratio * A_PLUS)
    pathway = brain.connect_regions(
        "excitatory", "neurons", wiring="all_to_all", weights=weights, w_max=W_MAX, delays=1.0,
        rule=rule,
    )  # fmt: skip
    brain.connect_regions(
        "inhibitory", "neurons", wiring="all_to_all", weights=0.05, w_max=1.0, delays=1.0,
        source_type=None, nt=Neurotransmitter.GABA, rule=None,
    )  # fmt: skip
    return brain, pathway


def learned(
    dt: float,
    hertz: float,
    plan: Plan,
    ratio: float | None = RATIO,
    weights: np.ndarray | Uniform | None = None,
) -> Outcome:
    """What becomes of the synapses, and of the rate, in chunks of a fortieth of the time."""
    start = Uniform(0.0, W_MAX) if weights is None else weights
    brain, pathway = network(dt, hertz, plan.neurons, ratio, start)
    region, rates, chunk = brain.regions["neurons"], [], plan.seconds / 40
    for _ in range(40):
        before = region.total_spikes.sum()
        brain.run(round(chunk * 1000 / dt), progress=False)
        rates.append(float(region.total_spikes.sum() - before) / chunk / plan.neurons)
    return Outcome(pathway.weight / W_MAX, rates)


def check(found: dict[float, dict[float, Outcome]], plan: Plan) -> None:
    low, high = plan.rates[0], plan.rates[-1]
    for dt, by_rate in found.items():
        for hertz, one in by_rate.items():
            where = f"dt {dt}, {hertz:g} Hz"
            ends = one.share(0.0, 0.2), one.share(0.8, 1.0)
            assert sum(ends) > 0.75, f"{where}: weights are not bimodal"
            assert min(ends) > 0.03, f"{where}: only one mode"
            assert one.share(0.4, 0.6) < 0.1, f"{where}: many weights in the middle"
            assert 1.0 < one.hertz < 60.0, f"{where}: the rate is not regulated"
        assert by_rate[high].hertz < 2.0 * by_rate[low].hertz, (
            f"dt {dt}: the rate does not saturate"
        )
        strong = [by_rate[hertz].share(0.8, 1.0) for hertz in plan.rates]
        assert strong == sorted(strong, reverse=True), f"dt {dt}: strong synapses don't get fewer"
    for hertz in plan.rates:
        one, other = (found[dt][hertz] for dt in STEPS)
        assert abs(one.weights.mean() - other.weights.mean()) < 0.03, f"{hertz:g} Hz: weights by dt"
        assert abs(one.hertz / other.hertz - 1.0) < 1 / 3, f"{hertz:g} Hz: rates differ with dt"


def main(quick: bool = False, output: Path | None = None) -> None:
    plan = QUICK if quick else Plan()
    began = time.process_time()
    found: dict[float, dict[float, Outcome]] = {}
    for dt in STEPS:
        found[dt] = {}
        for hertz in plan.rates:
            one = found[dt][hertz] = learned(dt, hertz, plan)
            print(
                f"dt {dt}: inputs of {hertz:2.0f} Hz, neurons {one.hertz:4.1f} Hz; weights: mean "
                f"{one.weights.mean():.3f}, {100 * one.share(0, 0.2):2.0f} % in the lowest fifth, "
                f"{100 * one.share(0.4, 0.6):2.0f} % in the middle, "
                f"{100 * one.share(0.8, 1):2.0f} % in the highest"
            )
    check(found, plan)
    low, high = plan.rates[0], plan.rates[-1]
    short = Plan(neurons=plan.neurons, seconds=40)
    for dt in STEPS:
        held = learned(dt, high, short, None, W_MAX * found[dt][low].weights).hertz
        free = learned(dt, low, Plan(neurons=plan.neurons, seconds=400), 0.95)
        print(
            f"dt {dt}: with the synapses of {low:g} Hz held fixed, {high:g} Hz drive it at "
            f"{held:.0f} Hz; with A- = 0.95 A+ the mean weight is {free.weights.mean():.2f}, the "
            f"rate {free.hertz:.0f} Hz"
        )
        # The more the range of inputs is, the more there is to regulate.
        assert held > high / low * found[dt][high].hertz, "fixed synapses regulate the rate"
        assert free.weights.mean() > 0.9, "weights are bounded without net depression"
    print(f"{time.process_time() - began:.0f} s of CPU")
    if output is not None:
        draw(output, found, plan)


def draw(output: Path, found: dict[float, dict[float, Outcome]], plan: Plan) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(1, 3, figsize=(12.0, 3.4), layout="constrained")
    for ax, hertz in zip(axes, (plan.rates[0], plan.rates[-1]), strict=False):
        plots.style(ax)
        for dt, color in zip(STEPS, plots.COLORS, strict=False):
            ax.hist(
                found[dt][hertz].weights, 25, range=(0.0, 1.0), density=True, histtype="step",
                color=color, linewidth=1.6, label=f"dt = {dt:g} ms",
            )  # fmt: skip
        ax.set_xlabel("weight / greatest weight")
        plots.title(ax, f"Weights after learning, inputs of {hertz:g} Hz")
        plots.legend(ax)
    ax = plots.style(axes[2])
    for dt, color in zip(STEPS, plots.COLORS, strict=False):
        rates = [found[dt][hertz].hertz for hertz in plan.rates]
        ax.plot(plan.rates, rates, "o-", color=color, label=f"dt = {dt:g} ms")
    ax.set_ylim(0.0, 60.0)
    ax.set_xlabel("rate of inputs (Hz)")
    ax.set_ylabel("rate of neurons (Hz)")
    plots.title(ax, "STDP regulates the rate")
    plots.legend(ax)
    figure.savefig(output, dpi=150)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--quick", action="store_true", help="two rates, four neurons, 10 minutes")
    parser.add_argument("--output", type=Path, help="where to write a picture")
    arguments = parser.parse_args()
    # As in the paper, all weights begin in the middle: at first the neurons fire at 250 Hz.
    warnings.filterwarnings("ignore", message=".*as in a seizure")
    main(arguments.quick, arguments.output)
