"""What is measured besides the networks: the usage example, scaling, memory, start, wiring."""

from __future__ import annotations

import compileall
import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.speed.measure import ROOT, Row, cpu, median, probe
from benchmarks.speed.presentation import presentation
from benchmarks.speed.workloads import spikes, still
from engram import Brain, RegionType
from engram.neurons import Izhikevich
from engram.persistence import load_brain, save_brain
from engram.plasticity import STDP, PlasticityRule


def _small_brain() -> Brain:
    brain = Brain(dt=1.0, seed=42)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    brain.regions["cortex"].enable_morphology()
    return brain


def usage_example() -> None:
    """The usage example of the documentation, as it stands."""
    brain = _small_brain()
    for step in range(10000):
        brain.stimulate("input", [0.8, 0.3, 0.5])
        if step == 5000:
            brain.reward(2.0, target="proj:input->cortex")
        if step == 7000:
            brain.punish(1.0, target="proj:cortex->output")
        brain.step()
    print(brain.summary())
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "my_brain")
        save_brain(brain, path)
        brain = load_brain(path)
    for _ in range(5000):
        brain.stimulate("input", [0.2, 0.9, 0.4])
        brain.step()


def example(repeats: int) -> Iterator[Row]:
    """The usage example, and what one step and one stimulus of it cost."""
    with contextlib.redirect_stdout(io.StringIO()):
        usage_example()
        times = [cpu(usage_example) for _ in range(repeats)]
    yield Row("example", "15,000 steps, save and load", median(times), "s", 1.0, repeats=times)

    brain = _small_brain()
    n, values = 100, [0.8, 0.3, 0.5]

    def both() -> None:
        for _ in range(n):
            brain.stimulate("input", values)
            brain.step()

    def stimulate() -> None:
        for _ in range(n):
            brain.stimulate("input", values)

    for _ in range(30):
        both()
    wholes = [cpu(both) / n * 1e6 for _ in range(20 * repeats)]
    stimuli = [cpu(stimulate) / n * 1e6 for _ in range(20 * repeats)]
    alone = median(stimuli)
    # Growth and homeostasis act in one of ten blocks, so that the median leaves them out.
    groups = [wholes[k : k + 20] for k in range(0, len(wholes), 20)]
    steps = [median(group) - alone for group in groups]
    means = [sum(group) / len(group) - alone for group in groups]
    stimuli = [median(stimuli[k : k + 20]) for k in range(0, len(stimuli), 20)]
    yield Row("example", "step()", median(steps), "us", 25.0, repeats=steps)
    yield Row("example", "step(), growth and so on included", median(means), "us", repeats=means)
    yield Row("example", "stimulate()", median(stimuli), "us", 10.0, repeats=stimuli)


def _uncoupled(n: int, rule: PlasticityRule | None, degree: int) -> Brain:
    """Neurons driven by noise to the same rate at every size: synapses too weak to matter."""
    brain = Brain(dt=1.0, seed=7)
    brain.add_region(
        "E",
        RegionType.ASSOCIATION,
        n,
        model=Izhikevich(tau_exc=0.0, tau_inh=0.0),
        excitatory=1.0,
        connectivity=degree / n,
        weights=1e-3,
        delays=1.0,
        w_max=2e-3,
        rule=rule,
        noise=5.0,
        background=1.5,
        variation=0.0,
    )
    return still(brain)


def scaling(repeats: int) -> Iterator[Row]:
    """Cost against size, 100 synapses a neuron, at one rate."""
    sizes = (1_000, 3_000, 10_000, 30_000, 100_000)
    cases: tuple[tuple[str, Callable[[], PlasticityRule | None], int], ...] = (
        ("neurons alone", lambda: None, 0),
        ("static", lambda: None, 100),
        ("STDP", STDP, 100),
    )
    alone: dict[int, float] = {}
    for label, rule, degree in cases:
        per_neuron, found = [], []
        for n in sizes:
            brain = _uncoupled(n, rule(), degree)
            brain.run(300)
            steps = max(50, 3_000_000 // n)
            times, before = [], spikes(brain)
            for _ in range(repeats):
                times.append(cpu(lambda b=brain, k=steps: b.run(k)) / steps)  # type: ignore[misc]
            fired = (spikes(brain) - before) / repeats / steps
            ns = median(times) / n * 1e9
            entry = {"neurons": n, "rate_hz": fired / n * 1e3, "ns_per_neuron_step": ns}
            if degree:
                # An arrival at each target and, with a rule, a visit to each source's synapse.
                events = fired * degree
                entry["ns_per_synaptic_event"] = (median(times) * 1e9 - alone[n]) / events
            else:
                alone[n] = median(times) * 1e9
            per_neuron.append(ns)
            found.append(entry)
            event = entry.get("ns_per_synaptic_event")
            yield Row(
                "scaling",
                f"{label}, {n:,}",
                ns,
                "ns/neuron/step",
                repeats=[t / n * 1e9 for t in times],
                note=f"{entry['rate_hz']:.1f} Hz"
                + ("" if event is None else f", {event:.1f} ns per spike and synapse"),
                extra=entry,
            )
        ratio = per_neuron[-1] / per_neuron[-2]
        yield Row(
            "scaling",
            f"{label}, cost ratio 10^5 : 3 10^4",
            ratio,
            "",
            1.3,
            note=f"largest : smallest over all sizes {max(per_neuron) / min(per_neuron):.2f}",
            extra={"sizes": found},
        )


def memory(repeats: int) -> Iterator[Row]:
    """Memory of a plastic synapse, and of the W3 process."""
    del repeats
    found = probe(["memory"])
    yield Row(
        "memory",
        "plastic synapse of W3, with indices",
        found["bytes_per_synapse"],
        "B",
        40.0,
        extra=found,
    )
    yield Row(
        "memory",
        "peak of the W3 process",
        found["peak_rss_mib"],
        "MiB",
        note=f"{found['peak_imported_mib']:.0f} MiB before building, "
        f"{found['peak_built_mib']:.0f} MiB after",
    )


def start(repeats: int) -> Iterator[Row]:
    """Import, and the first step with and without compiled code on disk."""
    compileall.compile_dir(str(ROOT / "src"), quiet=1)  # as an installation does
    times = [probe(["import"])["cpu_s"] for _ in range(max(5, repeats))]
    yield Row("start", "import engram", median(times), "s", 0.3, repeats=times)
    fresh, cached = [], []
    for k in range(min(repeats, 3)):
        with tempfile.TemporaryDirectory() as folder:
            fresh.append(probe(["first-step"], Path(folder))["cpu_s"])
            for _ in range(3 if k == 0 else 1):
                cached.append(probe(["first-step"], Path(folder))["cpu_s"])
    note = "process start, import, small brain, one step"
    yield Row(
        "start", "first step, nothing compiled", median(fresh), "s", 30.0, "most", fresh, note
    )
    yield Row(
        "start", "first step, compiled before", median(cached), "s", 1.5, "most", cached, note
    )


def wiring(repeats: int) -> Iterator[Row]:
    """Ten million synapses."""
    cases: dict[str, tuple[int, dict[str, Any]]] = {
        "random": (10_000, {"density": 0.1}),
        "in_degree": (10_000, {"in_degree": 1000}),
        "all_to_all": (3_163, {}),
    }
    for name, (n, options) in cases.items():
        for label, rule in (("static", None), ("plastic", "reward_stdp")):
            times: list[float] = []
            made = 0
            for _ in range(-(-repeats // 2)):
                brain = Brain(seed=1)
                for region in ("a", "b"):
                    brain.add_region(region, RegionType.SENSORY, n, 0.0)

                def connect(b: Brain = brain, w: str = name, r: str | None = rule) -> None:
                    b.connect_regions(
                        "a", "b", wiring=w, source_type=None, rule=r, weights=1.0, **cases[w][1]
                    )

                if not times:  # compile
                    small = Brain(seed=1)
                    for region in ("a", "b"):
                        small.add_region(region, RegionType.SENSORY, 1100, 0.0)
                    connect(small)
                times.append(cpu(connect))
                made = brain.projections[-1].n_synapses
            yield Row(
                "wiring",
                f"{name}, {label}",
                median(times),
                "s",
                5.0,
                repeats=times,
                note=f"{made / 1e6:.2f} million synapses",
                extra={"synapses": made},
            )


STUDIES: dict[str, Callable[[int], Iterator[Row]]] = {
    "example": example,
    "scaling": scaling,
    "memory": memory,
    "start": start,
    "wiring": wiring,
    "presentation": presentation,
}
