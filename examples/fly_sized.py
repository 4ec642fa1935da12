"""A network as large as the brain of a fly
========================================

After Shiu et al. 2024, doi:10.1038/s41586-024-07763-9.

138,639 leaky neurons and 15 million connections, of which a few neurons are driven, as by sugar;
all others are silent until spikes reach them. Parameters are those of the paper: tau_m = 20 ms,
threshold 7 mV above rest and reset, refractory for 2.2 ms, currents that decay with 5 ms, delays
of 1.8 ms, 0.275 mV for each synapse of a connection. dt is 0.1 ms. The driven fire as Poisson
processes of 150 Hz.

Without a file the wiring is random: how many connections a neuron makes and gets, and how many
synapses a connection has, are log-normal; the mean is 3.6 synapses, and two fifths of the neurons
inhibit. That is a stand-in for speed and memory. It is no fly: nothing that follows is about
behaviour.

With `--connectome Connectivity_783.parquet`, a file of github.com/philshiu/Drosophila_brain_model
that you fetch yourself, the wiring is that of FlyWire's materialization 783. `--driven` says who
is driven: row numbers of Completeness_783.csv beside it, counted from 0, of the sugar neurons for
example; else 200 are drawn.

What differs from the paper: the driven are Poisson sources, so they hear nothing. Synaptic current
goes on while a neuron is refractory, and is not reset by its spike.

The claims:

1. Before the drive nobody fires. With it, whoever fires has heard an excitatory neuron that fired
   at least 1.8 ms before.
2. The driven fire at 150 Hz, within four standard errors. A source fires once a step at most,
   which loses up to 1 %.
3. Not all is excited: the driven and those downstream that fire are less than half of all neurons
   (without a file only).

::

    python examples/fly_sized.py [--connectome FILE] [--sha256 SUM] [--driven 5,17,...]
        [--seconds 1] [--threads N] [--seed N] [--quick] [--output picture.png]

`--quick` has a hundredth of the neurons and connections.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engram import Brain, CurrentLIF, Neurotransmitter, PoissonSource, RegionType
from engram.datasets import EdgeList, edge_list

Ints = NDArray[np.int64]

NEURONS, CONNECTIONS, DRIVEN = 138_639, 15_000_000, 200
DT, DELAY, W_SYN, HERTZ = 0.1, 1.8, 0.275, 150.0  # ms, ms, mV, Hz
BEFORE = 100.0  # ms without drive
COLUMNS = {
    "pre": "Presynaptic_Index",
    "post": "Postsynaptic_Index",
    "weight": "Excitatory x Connectivity",
}


@dataclass
class Plan:
    """What is run; driven: indices, or how many."""

    connectome: Path | None = None
    sha256: str | None = None
    driven: Ints | int = DRIVEN
    seconds: float = 1.0
    threads: int | None = None
    seed: int = 1
    share: float = 1.0


def ends(random: np.random.Generator, n: int, total: int) -> Ints:
    """`total` neurons of n, some much more often than others."""
    often = random.lognormal(0.0, 1.0, n)
    return np.repeat(np.arange(n), random.multinomial(total, often / often.sum()))


def stand_in(random: np.random.Generator, n: int, total: int) -> EdgeList:
    pre, post = ends(random, n, total), random.permutation(ends(random, n, total))
    count = np.ceil(random.lognormal(0.5, 1.0, total))
    sign = np.where(random.random(n) < 0.4, -1.0, 1.0)
    return EdgeList(pre, post, (count * sign[pre]).astype(np.float32))


@dataclass
class Fly:
    """The brain, and its edges; driven: indices of the neurons that are sources."""

    brain: Brain
    edges: EdgeList
    n: int
    driven: Ints
    others: Ints


def build(plan: Plan) -> Fly:
    random = np.random.default_rng(plan.seed)
    if plan.connectome is not None:
        edges = edge_list(plan.connectome, sha256=plan.sha256, n_neurons=NEURONS, **COLUMNS)
        n = NEURONS
    else:
        n = round(NEURONS * plan.share)
        edges = stand_in(random, n, round(CONNECTIONS * plan.share))
    driven = (
        np.sort(random.choice(n, plan.driven, replace=False))
        if isinstance(plan.driven, int)
        else np.unique(plan.driven)
    )
    if driven.min() < 0 or driven.max() >= n:
        raise ValueError(f"the driven must be indices from 0 to {n - 1}")
    others = np.setdiff1d(np.arange(n), driven)
    place = np.empty(n, np.int64)  # of a neuron in its region
    place[driven], place[others] = np.arange(len(driven)), np.arange(len(others))
    brain = Brain(dt=DT, seed=plan.seed, mechanisms="none", threads=plan.threads)
    brain.add_region("driven", RegionType.SENSORY, len(driven), model=PoissonSource)
    model = CurrentLIF(
        tau_m=20.0, E_L=-52.0, v_th=-45.0, v_reset=-52.0, t_ref=2.2, tau_exc=5.0, tau_inh=5.0
    )
    brain.add_region("brain", RegionType.ASSOCIATION, len(others), 0.0, model=model)
    is_driven = np.zeros(n, np.bool_)
    is_driven[driven] = True
    heard = ~is_driven[edges.post] & (edges.weight != 0.0)
    for source, sends in (("driven", is_driven), ("brain", ~is_driven)):
        for nt in (Neurotransmitter.GLUTAMATE, Neurotransmitter.GABA):
            inhibits = nt == Neurotransmitter.GABA
            chosen = heard & sends[edges.pre] & ((edges.weight < 0.0) == inhibits)
            path = brain.connect_regions(
                source, "brain", 0.0, nt=nt, source_type=None, name=nt.name.lower()
            )
            path.add_synapses(
                place[edges.pre[chosen]], place[edges.post[chosen]],
                W_SYN * np.abs(edges.weight[chosen]), DELAY, nt,
            )  # fmt: skip
    return Fly(brain, edges, n, driven, others)


def check(fly: Fly, first: NDArray[np.float64], hertz: float, plan: Plan) -> None:
    """first: when each neuron fired first, ms; inf where it did not."""
    pre, post, weight = fly.edges
    excites = weight > 0.0
    reached = np.full(fly.n, np.inf)
    np.minimum.at(reached, post[excites], first[pre[excites]] + DELAY)
    fired = np.isfinite(first)
    fired[fly.driven] = False
    assert fired.any() or plan.connectome is not None, "nobody downstream fires"
    # Times are whole steps.
    assert (first[fired] > reached[fired] - DT / 2).all(), "somebody fires who has heard nothing"
    error = np.sqrt(HERTZ / plan.seconds / len(fly.driven))
    lost = 0.01 * HERTZ
    assert -4.0 * error - lost < hertz - HERTZ < 4.0 * error, f"the driven fire at {hertz:.1f} Hz"
    if plan.connectome is None:
        assert fired.sum() + len(fly.driven) < fly.n / 2, "everybody fires"


def main(plan: Plan, output: Path | None = None) -> None:
    began = time.perf_counter()
    fly = build(plan)
    brain, drive, rest = fly.brain, *fly.brain.regions.values()
    print(
        f"{fly.n:,} neurons, {sum(p.n_synapses for p in brain.projections):,} connections: built "
        f"in {time.perf_counter() - began:.1f} s"
    )
    brain.run_for(BEFORE)
    assert not drive.total_spikes.any(), "the driven fire before they are driven"
    assert not rest.total_spikes.any(), "a neuron fires by itself"
    drive.background = HERTZ
    spikes = brain.record("spikes")
    wall, cpu = time.perf_counter(), time.process_time()
    brain.run_for(1000.0 * plan.seconds)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    spikes.detach()
    first = np.full(fly.n, np.inf)
    trains = {}
    for name, who_is in (("driven", fly.driven), ("brain", fly.others)):
        times, who = spikes.spikes(name)
        trains[name] = times - BEFORE, who_is[who]
        np.minimum.at(first, trains[name][1], trains[name][0])
    hertz = len(trains["driven"][0]) / plan.seconds / len(fly.driven)
    n_fired = int(np.isfinite(first[fly.others]).sum())
    print(
        f"{len(fly.driven)} driven neurons fire at {hertz:.1f} Hz; {n_fired:,} of "
        f"{len(fly.others):,} others fire, {len(trains['brain'][0]):,} spikes in {plan.seconds:g} s"
    )
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(
        f"a second of the model takes {wall / plan.seconds:.2f} s ({cpu / plan.seconds:.2f} s of "
        f"CPU); {peak:.1f} GiB at most"
    )
    if output is not None:
        draw(output, fly, trains, plan)
    check(fly, first, hertz, plan)


def draw(
    output: Path, fly: Fly, trains: dict[str, tuple[NDArray[np.float64], Ints]], plan: Plan
) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    ax = plots.style(axes[0])
    counts = np.bincount(trains["brain"][1], minlength=fly.n)
    # The driven below, then the others from the most active one on.
    active = [x for x in np.argsort(-counts, kind="stable") if counts[x]]
    row = np.empty(fly.n, np.int64)
    row[np.append(fly.driven, active)] = np.arange(len(fly.driven) + len(active))
    for name, color in zip(("brain", "driven"), plots.COLORS, strict=False):
        times, who = trains[name]
        ax.plot(times, row[who], ".", color=color, markersize=2.0, markeredgewidth=0.0)
    ax.set_xlim(0.0, min(400.0, 1000.0 * plan.seconds))
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("neurons that fire")
    plots.title(ax, "Spikes (red: driven)")
    ax = plots.style(axes[1])
    ax.hist(counts[active] / plan.seconds, 40, color=plots.COLORS[0])
    ax.set_yscale("log")
    ax.set_xlabel("rate (Hz)")
    ax.set_ylabel("neurons")
    plots.title(ax, f"Rates of the {len(active):,} that are not driven")
    figure.savefig(output, dpi=150)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--connectome", type=Path, help="Connectivity_783.parquet")
    parser.add_argument("--sha256", help="checksum that the file must have")
    parser.add_argument("--driven", help="indices of the driven, with commas between")
    parser.add_argument("--seconds", type=float, help="with drive, of the model: 1")
    parser.add_argument("--threads", type=int, help="of the simulation; as many as pay")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the size")
    parser.add_argument("--output", type=Path, help="where to write a picture")
    given = parser.parse_args()
    share = 0.01 if given.quick else 1.0
    chosen = (
        np.array([int(x) for x in given.driven.split(",")])
        if given.driven
        else (20 if given.quick else DRIVEN)
    )
    main(
        Plan(
            given.connectome, given.sha256, chosen, given.seconds or 1.0, given.threads, given.seed,
            share,
        ),
        given.output,
    )  # fmt: skip
