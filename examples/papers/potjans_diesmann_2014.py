"""The cortical microcircuit
=========================

Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, figure 6.

What is under a square millimetre of cortex: 77,169 neurons in eight populations, excitatory (E)
and inhibitory (I) ones of four layers, with 299 million synapses. Parameters are those of the
reference implementation (github.com/INM-6/microcircuit-PD14-model), and so is the protocol:
membranes start normally distributed by population, 500 ms are left out, 10 s are measured at dt =
0.1 ms.

**Neurons.** NEST's `iaf_psc_exp` has C V' = -(C / tau_m) (V - E_L) + I with I in pA. `CurrentLIF`
has tau_m V' = E_L - V + R I with R I in mV. With R = tau_m / C = 10 ms / 250 pF = 0.04 mV/pA a
weight of 87.8 pA (a potential of 0.15 mV at its peak) is 3.51 mV. tau_syn is 0.5 ms.

**Synapses.** Between two populations K = log(1 - p) / log(1 - 1 / (N_pre N_post)) pairs are drawn
with replacement, so that pairs can be connected twice and neurons with themselves, as in the
original. Weights are normal with a standard deviation of a tenth of the mean; from L4E onto L2/3E
they are twice as strong. Inhibition is four times as strong. Delays are 1.5 +- 0.75 ms, and 0.75
+- 0.375 ms of inhibition; those below half a step are drawn anew.

**Input.** Each neuron has K_ext Poisson sources of 8 Hz, or (`--dc`) a constant current of that
mean.

**Scale.** Below 1 both neurons and synapses of a neuron are fewer, as in the reference: weights
grow with 1 / sqrt(scale), sources are fewer, and a constant current replaces what is lost of the
mean, so that mean and variance of the input stay (van Albada, Helias & Diesmann 2015,
doi:10.1371/journal.pcbi.1004490). Yet few strong spikes are not many weak ones, so rates are
lower: at 0.1 by about a tenth, in L2/3 by up to a half. (A neuron of L5I alone, with independent
Poisson input at the rates of the reference, fires at 7.7 Hz at full size, at 6.6 with 0.1 and at
4.4 with 0.02.) A program that does what `iaf_psc_exp` does, with the same synapses, finds the same
rates (tests/examples/test_papers.py). So the scale is at least 0.1. With a constant current below
0.4 or so L2/3E has no reason to fire; that is refused.

**What differs from NEST.** A synaptic current is constant within a step (its mean, so that the
charge is right). Poisson input has no delay, which nothing can notice.

The claims, against REFERENCE below, which says where its numbers come from:

1. Rates by population are those of the reference: at full size within 15 % or 0.15 Hz, in L5E
   within 25 % (published runs differ by 11 % there); else within 35 % or 0.5 Hz.
2. Neurons fire irregularly: the mean CV of intervals, of neurons with ten or more, is within 0.12
   of the published one, which is of a minute. Few intervals make CVs small: a run shorter than 10
   s counts neurons with two or more, and has to come to between 0.4 and 1.1.
3. They fire asynchronously: the mean correlation of counts in bins of 2 ms is below 0.02, and the
   synchrony of the paper (variance over mean of the count of 1,000 neurons in bins of 3 ms) at
   most twice the published one.

::

    python examples/papers/potjans_diesmann_2014.py [--scale 0.1] [--seconds 10] [--dc]
        [--threads N] [--seed N] [--quick] [--output picture.png]

The default is a tenth of the size, which takes half a minute. `--scale 1` takes 5 GB of memory,
half a minute to build, and ten to fifteen seconds for each second. `--quick` measures 2 s.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from engram import Brain, CurrentLIF, NeuronType, Neurotransmitter, Normal, RegionType
from engram.analysis import correlations, cv_isi, fano_factor, firing_rates, spike_counts
from engram.distributions import Distribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

NAMES = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
PROBABILITY = np.array(  # of a pair; a row for each target, a column for each source
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
    ]
)
SOURCES = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])  # from outside, of each neuron
SOURCE_HZ = 8.0
START_MEAN = np.array([-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43])  # mV
START_STD = np.array([5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48])

DT, TAU_M, TAU_SYN = 0.1, 10.0, 0.5  # ms
E_L, V_TH = -65.0, -50.0  # mV
PSP, INHIBITION, SPREAD = 0.15, -4.0, 0.1  # mV; times excitation; of weights, by their mean
DELAY = {"E": 1.5, "I": 0.75}  # ms; half of it is the standard deviation
TRANSIENT = 500.0  # ms
LONG = 10.0  # s: enough to measure irregularity

REFERENCE = {
    # Of 77,169 neurons, `full_mean_rates` of the reference implementation (Hz).
    "rate": np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]),
    # Romaro et al. 2021, doi:10.1162/neco_a_01400: tables A.3, A.4 and A.5, at 100 %, 60 s.
    "cv": np.array([0.938, 0.916, 0.891, 0.873, 0.847, 0.809, 0.924, 0.819]),
    "cv, dc": np.array([0.936, 0.909, 0.875, 0.862, 0.820, 0.775, 0.923, 0.788]),
    "synchrony": np.array([2.9, 1.8, 3.0, 1.7, 4.4, 1.1, 1.2, 1.0]),
    "synchrony, dc": np.array([5.1, 3.3, 5.5, 2.7, 8.0, 2.0, 1.5, 1.3]),
}


@dataclass(frozen=True)
class Truncated(Distribution):
    """Normal, drawn anew below `low`."""

    mean: float
    std: float
    low: float
    elementwise = rising = True  # so that delays are looked up

    def from_uniform(self, u: NDArray[np.float32]) -> NDArray[np.float32]:
        below = ndtr((self.low - self.mean) / self.std)
        z = ndtri(below + u.astype(np.float64) * (1.0 - below))
        return (self.mean + self.std * z).astype(np.float32)


@dataclass
class Plan:
    """What is run."""

    scale: float = 0.1
    seconds: float = 10.0
    dc: bool = False
    threads: int | None = None
    seed: int = 1

    def reference(self, name: str) -> Floats:
        return REFERENCE[f"{name}, dc" if self.dc else name]


@dataclass
class Circuit:
    """What follows from the scale: numbers, mean weights and constant currents (both mV)."""

    sizes: NDArray[np.int64]
    synapses: NDArray[np.int64]
    weights: Floats
    sources: NDArray[np.int64]
    source_weight: float
    constant: Floats


def peak_of(tau_m: float, tau_syn: float) -> float:
    """Greatest potential (mV) after one spike whose current of 1 mV decays with tau_syn."""
    s = tau_syn / tau_m
    return float(s ** (1.0 / (1.0 - s)))


def circuit(plan: Plan) -> Circuit:
    pairs = np.outer(SIZES, SIZES).astype(np.float64)
    full = np.log1p(-PROBABILITY) / np.log1p(-1.0 / pairs)
    one = PSP / peak_of(TAU_M, TAU_SYN)
    weights = np.tile([one, INHIBITION * one], (8, 4))
    weights[NAMES.index("L23E"), NAMES.index("L4E")] *= 2.0
    charge = 0.001 * TAU_SYN  # of a spike a second and a weight of 1, as a constant current
    outside = charge * one * SOURCES * SOURCE_HZ
    within = charge * (weights * full / SIZES[:, None]) @ REFERENCE["rate"]
    root = np.sqrt(plan.scale)
    lost = (1.0 - root) * within
    return Circuit(
        sizes=np.round(SIZES * plan.scale).astype(np.int64),
        synapses=np.round(full * plan.scale**2).astype(np.int64),
        weights=weights / root,
        sources=np.round(SOURCES * plan.scale).astype(np.int64),
        source_weight=one / root,
        constant=outside + lost if plan.dc else lost + (1.0 - root) * outside,
    )


def build(plan: Plan) -> Brain:
    made = circuit(plan)
    if plan.dc and made.constant.min() <= V_TH - E_L:
        raise ValueError("a constant current does not reach the threshold; choose a larger scale")
    brain = Brain(dt=DT, seed=plan.seed, mechanisms="none", threads=plan.threads)
    model = CurrentLIF(
        tau_m=TAU_M, E_L=E_L, v_th=V_TH, v_reset=E_L, t_ref=2.0, tau_exc=TAU_SYN,
        tau_inh=TAU_SYN,
    )  # fmt: skip
    random = np.random.default_rng(plan.seed)
    for k, name in enumerate(NAMES):
        region = brain.add_region(
            name, RegionType.ASSOCIATION, int(made.sizes[k]), 0.0, model=model,
            excitatory=float(name.endswith("E")), background=float(made.constant[k]),
        )  # fmt: skip
        region.v[:] = random.normal(START_MEAN[k], START_STD[k], region.n_neurons)
        if not plan.dc:
            brain.poisson_input(name, SOURCE_HZ, made.source_weight, int(made.sources[k]))
    for j, source in enumerate(NAMES):
        excites = source.endswith("E")
        nt = Neurotransmitter.GLUTAMATE if excites else Neurotransmitter.GABA
        kind = NeuronType.EXCITATORY if excites else NeuronType.INHIBITORY
        mean = DELAY[source[-1]]
        delays = Truncated(mean, mean / 2, DT / 2)
        for i, target in enumerate(NAMES):
            n = int(made.synapses[i, j])
            if n == 0:
                continue
            path = brain.connect_regions(source, target, 0.0, nt=nt, source_type=kind, name="drawn")
            pre = random.integers(0, made.sizes[j], n, dtype=np.int32)
            post = random.integers(0, made.sizes[i], n, dtype=np.int32)
            weight = abs(float(made.weights[i, j]))
            path.add_synapses(pre, post, Normal(weight, SPREAD * weight), delays, nt)
    return brain


@dataclass
class Population:
    """What is measured of one: rates and CVs of its neurons, correlations of pairs, synchrony."""

    rates: Floats
    cvs: Floats
    correlations: Floats
    synchrony: float


def measured(times: Floats, who: NDArray[np.int64], n: int, seconds: float) -> Population:
    """Of spikes at `times` (ms, from 0 on) of n neurons."""
    end = 1000.0 * seconds
    cvs = cv_isi(times, who, n, least=10 if seconds >= LONG else 2)
    some, many = who < 200, who < 1000
    few = spike_counts(times[some], who[some], min(n, 200), 2.0, end)
    synchrony = fano_factor(spike_counts(times[many], who[many], min(n, 1000), 3.0, end))
    rates = firing_rates(times, who, n, end)
    return Population(rates, cvs[np.isfinite(cvs)], correlations(few), synchrony)


def check(found: dict[str, Population], plan: Plan) -> None:
    full, long = plan.scale == 1.0, plan.seconds >= LONG
    for k, (name, one) in enumerate(found.items()):
        rate, wanted = float(one.rates.mean()), float(REFERENCE["rate"][k])
        share, least = (0.25 if name == "L5E" else 0.15, 0.15) if full else (0.35, 0.5)
        assert abs(rate - wanted) <= max(share * wanted, least), (
            f"{name}: {rate:.2f} Hz, not {wanted:.2f}"
        )
        cv, usual = float(one.cvs.mean()), float(plan.reference("cv")[k])
        low, high = (usual - 0.12, usual + 0.12) if long else (0.4, 1.1)
        assert low <= cv <= high, f"{name}: a CV of {cv:.3f}, not {usual:.3f}"
        mean = float(one.correlations.mean())
        assert abs(mean) < 0.02, f"{name}: a correlation of {mean:.4f}"
        most = 2.0 * plan.reference("synchrony")[k]
        assert one.synchrony <= most, f"{name}: a synchrony of {one.synchrony:.1f}"


def main(plan: Plan, output: Path | None = None) -> None:
    began = time.perf_counter()
    brain = build(plan)
    built = time.perf_counter() - began
    n, synapses = (
        sum(r.n_neurons for r in brain.regions.values()),
        sum(p.n_synapses for p in brain.projections),
    )
    print(f"{n:,} neurons, {synapses:,} synapses: built in {built:.1f} s")
    brain.run_for(TRANSIENT)
    spikes = brain.record("spikes")
    wall, cpu = time.perf_counter(), time.process_time()
    brain.run_for(1000.0 * plan.seconds)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    spikes.detach()
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(
        f"a second of the model takes {wall / plan.seconds:.2f} s ({cpu / plan.seconds:.2f} s of "
        f"CPU); {peak:.1f} GiB at most"
    )
    found: dict[str, Population] = {}
    trains: dict[str, tuple[Floats, NDArray[np.int64]]] = {}
    for k, name in enumerate(NAMES):
        times, who = spikes.spikes(name)
        trains[name] = times - TRANSIENT, who.astype(np.int64)
        one = found[name] = measured(*trains[name], brain.regions[name].n_neurons, plan.seconds)
        print(
            f"{name:4s} {one.rates.mean():5.2f} Hz ({REFERENCE['rate'][k]:.2f}), CV "
            f"{one.cvs.mean():.3f} ({plan.reference('cv')[k]:.3f}), correlation "
            f"{one.correlations.mean():+.4f}, synchrony {one.synchrony:.1f} "
            f"({plan.reference('synchrony')[k]:.1f})"
        )
    if output is not None:
        draw(output, found, trains, plan)
    check(found, plan)


def draw(
    output: Path,
    found: dict[str, Population],
    trains: dict[str, tuple[Floats, NDArray[np.int64]]],
    plan: Plan,
) -> None:
    """As figure 6 of the paper: a raster, then rates, CVs and synchrony by population."""
    import matplotlib.pyplot as plt

    from engram import plots

    colors = {"E": plots.COLORS[0], "I": plots.COLORS[1]}
    figure = plt.figure(figsize=(11.0, 5.6), layout="constrained")
    grid = figure.add_gridspec(1, 4, width_ratios=(2.2, 1.0, 1.0, 1.0))
    ax = plots.style(figure.add_subplot(grid[0]))
    shown = min(400.0, 1000.0 * plan.seconds)
    share = min(1.0, 2000.0 / sum(len(one.rates) for one in found.values()))
    top, ticks = 0.0, []
    for name, one in found.items():
        times, who = trains[name]
        n = max(1, round(share * len(one.rates)))
        here = (times < shown) & (who < n)
        ax.plot(
            times[here], top - who[here], ".", color=colors[name[-1]], markersize=2.0,
            markeredgewidth=0.0,
        )  # fmt: skip
        ticks.append(top - n / 2)
        top -= n
    ax.set_yticks(ticks, [label(name) for name in NAMES])
    ax.set_xlim(0.0, shown)
    ax.set_ylim(top, 0.0)
    ax.set_xlabel("time (ms)")
    plots.title(ax, f"Spikes of {100 * share:.3g} % of the neurons")

    at = np.arange(8)[::-1]
    ax = plots.style(figure.add_subplot(grid[1]))
    drawn = ax.boxplot(
        [one.rates for one in found.values()], positions=at, orientation="horizontal", widths=0.6,
        showfliers=False, showmeans=True, patch_artist=True,
        medianprops={"color": plots.INK},
        meanprops={"marker": "*", "markerfacecolor": "white", "markeredgecolor": plots.INK},
    )  # fmt: skip
    for name, box in zip(NAMES, drawn["boxes"], strict=True):
        box.set(facecolor=colors[name[-1]], alpha=0.75)
    marks(ax, at, REFERENCE["rate"], "Hz", "Rates")
    cvs, synchronies = ([getattr(one, x) for one in found.values()] for x in ("cvs", "synchrony"))
    for place, title, what, values, wanted in (
        (2, "Irregularity", "CV of intervals", [x.mean() for x in cvs], plan.reference("cv")),
        (3, "Synchrony", "variance / mean", synchronies, plan.reference("synchrony")),
    ):
        ax = plots.style(figure.add_subplot(grid[place]))
        ax.barh(at, values, 0.6, color=[colors[name[-1]] for name in NAMES], alpha=0.75)
        marks(ax, at, wanted, what, title)
    figure.supxlabel("lines: published values", x=1.0, ha="right", fontsize="small")
    figure.savefig(output, dpi=150)


def label(name: str) -> str:
    return name.replace("23", "2/3")


def marks(ax: Axes, at: NDArray[np.int64], wanted: Floats, what: str, title: str) -> None:
    from engram import plots

    ax.plot(wanted, at, "k|", markersize=16.0, markeredgewidth=2.0)
    ax.set_yticks(at, [label(name) for name in NAMES])
    ax.set_xlabel(what)
    plots.title(ax, title)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--scale", type=float, default=0.1, help="share of neurons and synapses")
    parser.add_argument("--seconds", type=float, help="to be measured, of the model: 10")
    parser.add_argument("--dc", action="store_true", help="constant current, not Poisson input")
    parser.add_argument("--threads", type=int, help="of the simulation; as many as pay")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="2 seconds")
    parser.add_argument("--output", type=Path, help="where to write a picture")
    given = parser.parse_args()
    if not 0.1 <= given.scale <= 1.0:
        parser.error("--scale must be from 0.1 to 1")
    seconds = given.seconds or (2.0 if given.quick else 10.0)
    main(Plan(given.scale, seconds, given.dc, given.threads, given.seed), given.output)
