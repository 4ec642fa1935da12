"""Random cycles of growth, each checked: ``python -m benchmarks.growth.cycles [--cycles 10000]``.

Brains of three regions and five kinds of pathway (plain and reward-modulated STDP, static, GABA,
short-term plasticity, delays of 1-12 ms). Before every cycle, at random: the brain runs up to 20
steps, with a stimulus, neurons are killed or added, synapses added or removed, growth's parameters
drawn anew, the brain copied or saved and loaded. After every cycle the whole of the tables is
checked, the cycle's counts account for every neuron and synapse, and the budget holds. Writes
benchmarks/results/growth_cycles.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.provenance import provenance
from engram import (
    STDP,
    Brain,
    CapacityError,
    NeuronType,
    Neurotransmitter,
    RegionType,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

RESULT = Path(__file__).resolve().parent.parent / "results" / "growth_cycles.json"
LIFE = 250
"""Cycles of one brain."""


def build(seed: int) -> Brain:
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 12, 0.2, max_neurons=16, rule="stdp")
    brain.add_region("b", RegionType.MEMORY, 18, 0.2, max_neurons=30)
    brain.add_region("c", RegionType.MOTOR, 9, 0.3, max_neurons=12, rule=None)
    brain.connect_regions("a", "b", 0.3, bidirectional=True, delays=Uniform(1.0, 12.0))
    brain.connect_regions("b", "c", 0.4, rule=STDP(pairing="nearest"), stp=ShortTermPlasticity())
    brain.connect_regions(
        "c", "a", 0.3, nt=Neurotransmitter.GABA, source_type=NeuronType.INHIBITORY
    )
    brain.growth.growth_interval = 1e9
    return brain


def disturb(brain: Brain, rng: np.random.Generator) -> Brain:
    """Something happens to the brain."""
    growth = brain.growth
    growth.neurogenesis_rate = float(rng.uniform(0, 20))
    growth.births_per_cycle, growth.deaths_per_cycle = (int(n) for n in rng.integers(0, 4, 2))
    growth.apoptosis_age = float(rng.uniform(20, 2000))
    growth.pruning_age, growth.pruning_unused = rng.uniform(0, 100, 2).tolist()
    growth.pruning_weight = float(rng.uniform(0, 0.5))
    growth.pruned_per_cycle, growth.synapses_per_cycle = (int(n) for n in rng.integers(0, 60, 2))
    growth.min_correlation, growth.min_spikes = float(rng.uniform(0, 0.5)), 1
    growth.correlation_window = float(rng.uniform(5, 500))
    growth.max_synapses = int(rng.integers(100, 2500))
    if rng.random() < 0.6:
        brain.hold("a", rng.random(3))
    else:
        brain.release("a")
    brain.run(int(rng.integers(0, 20)), progress=False)
    region = brain.regions[str(rng.choice(list("abc")))]
    projection = brain.projections[int(rng.integers(len(brain.projections)))]
    what = rng.random()
    if what < 0.1:
        region.kill_neurons(rng.integers(0, region.n_neurons, 2))
    elif what < 0.2:
        try:
            region.add_neuron(NeuronType(int(rng.integers(2))))
        except CapacityError:
            assert region.n_alive_neurons == region.max_neurons
    elif what < 0.3:
        projection.remove_synapses(rng.random(projection.n_synapses) < rng.random())
    elif what < 0.4:
        source, target = (brain.regions[r] for r in (projection.source, projection.target))
        living = [np.flatnonzero(r.neuron_alive) for r in (source, target)]
        if all(map(len, living)):
            projection.add_synapses(
                rng.choice(living[0], 9),
                rng.choice(living[1], 9),
                projection.w_max / 2,
                rng.uniform(0, 20, 9),
                Neurotransmitter(int(rng.integers(5))),
            )
    elif what < 0.42:
        brain = brain.copy()
    elif what < 0.44:
        with tempfile.TemporaryDirectory() as folder:
            brain = load_brain(save_brain(brain, Path(folder) / "x"))
    return brain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10_000)
    options = parser.parse_args()
    origin = provenance(__file__, [0])
    names = ("neurons_born", "neurons_died", "synapses_born", "synapses_pruned", "synapses_lost")
    totals = dict.fromkeys(names, 0)
    brain = build(0)
    most = 0
    for k in range(options.cycles):
        rng = np.random.default_rng(k)
        brain = build(k) if k % LIFE == 0 else disturb(brain, rng)
        neurons = sum(r.n_alive_neurons for r in brain.regions.values())
        synapses = sum(p.n_synapses for p in brain.projections)
        cycle = brain.growth.grow()
        check(brain.network.tables)
        neurons += cycle.neurons_born - cycle.neurons_died
        synapses += cycle.synapses_born - cycle.synapses_pruned - cycle.synapses_lost
        assert neurons == sum(r.n_alive_neurons for r in brain.regions.values())
        assert synapses == sum(p.n_synapses for p in brain.projections)
        assert cycle.synapses_born == 0 or synapses <= brain.growth.max_synapses
        for name in names:
            totals[name] += getattr(cycle, name)
        most = max(most, synapses)
    result = {"cycles": options.cycles, "violations": 0, "most_synapses": most, **totals}
    RESULT.write_text(json.dumps({**result, "provenance": origin}, indent=1) + "\n")
    print(result)


if __name__ == "__main__":
    main()
