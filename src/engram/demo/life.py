"""What the demonstration lives through, and the claims it checks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.errors import EngramError
from engram.network.identities import places
from engram.persistence import load_brain, save_brain
from engram.projection import Projection
from engram.recording import Recorder, SpikeRecorder
from engram.recording.statistics import BrainStats
from engram.region import RegionType

STEPS, MORE = 10_000, 5_000
REWARD_AT, PUNISH_AT = 5000, 7000
FIRST, SECOND = [0.8, 0.3, 0.5], [0.2, 0.9, 0.4]
REWARDED, PUNISHED = ("input", "cortex"), ("cortex", "output")
PLAUSIBLE_HZ = (0.5, 100.0)

Floats = NDArray[np.float64]


class DemoError(EngramError):
    """A claim of the demonstration that does not hold."""


@dataclass
class Life:
    """What happened: the brain at the end, and what was recorded of it on the way.

    Attributes
    ----------
    brain : Brain
        The one that was loaded, at the end.
    start : BrainStats
        Its figures in the beginning.
    before : dict of str to array
        Weights in the beginning, by label of the projection.
    twin : Brain
        A copy that got neither reward nor punishment, at the time of saving.
    raised : Brain
        The one that was never saved, at the end.
    rewarded, punished : float
        Mean change of the weights of the two pathways against the twin's, relative.
    saved, loaded : str
        Fingerprints of the brain when it was saved, and of what was loaded.
    unbroken : str
        Fingerprint of `raised` at the end.
    size : int
        Bytes of the saved file.
    seconds : float
        How long the first `STEPS` took, s.
    spikes : dict of str to (times, neurons)
        Times in ms, by region.
    rates : dict of str to (times, rates)
        Ends of bins in ms, rates in Hz, by region.
    """

    brain: Brain
    start: BrainStats
    before: dict[str, Floats]
    twin: Brain
    raised: Brain
    rewarded: float = 0.0
    punished: float = 0.0
    saved: str = ""
    loaded: str = ""
    unbroken: str = ""
    size: int = 0
    seconds: float = 0.0
    spikes: dict[str, tuple[Floats, NDArray[np.int64]]] = field(default_factory=dict)
    rates: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)


def build(seed: int) -> Brain:
    """The brain of the usage example: input (50), cortex (200, with dendrites), output (10).

    Parameters
    ----------
    seed : int
        Of the brain.

    Returns
    -------
    Brain
        At time 0.
    """
    brain = Brain(dt=1.0, seed=seed)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    brain.regions["cortex"].enable_morphology()
    return brain


def live(seed: int, progress: Callable[[str], Any]) -> Life:
    """Build a brain, run it, save it, load it, and run it on.

    Parameters
    ----------
    seed : int
        Of the brain.
    progress : callable
        Given a label, returns a context manager that yields what `Brain.run` takes as progress.

    Returns
    -------
    Life
        What happened.
    """
    brain = build(seed)
    start = brain.stats()
    before = {p.label: p.weight.astype(np.float64) for p in brain.projections}
    recorders = {"spikes": brain.record("spikes"), "rates": brain.record("rates", every=50.0)}
    twins: list[Brain] = []

    def first(brain: Brain, step: int) -> None:
        if step == REWARD_AT:
            twins.append(brain.copy())
        brain.stimulate("input", FIRST)
        if step == REWARD_AT:
            brain.reward(2.0, target=Brain.projection_target(*REWARDED))
        if step == PUNISH_AT:
            brain.punish(1.0, target=Brain.projection_target(*PUNISHED))

    def without(brain: Brain, _: int) -> None:
        brain.stimulate("input", FIRST)

    def second(brain: Brain, _: int) -> None:
        brain.stimulate("input", SECOND)

    began = time.perf_counter()
    with progress("living") as report:
        brain.run(STEPS, first, progress=report)
    seconds = time.perf_counter() - began
    for recorder in recorders.values():
        recorder.detach()
    (twin,) = twins
    with progress("twin without reward") as report:
        twin.run(STEPS - REWARD_AT, without, progress=report)

    with tempfile.TemporaryDirectory() as folder:
        path = save_brain(brain, Path(folder) / "my_brain")
        size = path.stat().st_size
        loaded = load_brain(path)
    life = Life(loaded, start, before, twin, brain, size=size, seconds=seconds)
    life.saved, life.loaded = brain.fingerprint(), loaded.fingerprint()
    life.rewarded, life.punished = (
        _difference(brain.get_projection(*pair), twin.get_projection(*pair))
        for pair in (REWARDED, PUNISHED)
    )
    later = {"spikes": loaded.record("spikes"), "rates": loaded.record("rates", every=50.0)}
    with progress("carrying on") as report:
        loaded.run(MORE, second, progress=report)
    for recorder in later.values():
        recorder.detach()
    brain.run(MORE, second, progress=False)
    life.unbroken = brain.fingerprint()
    for name in loaded.regions:
        life.spikes[name] = _joined(_spikes(r["spikes"], name) for r in (recorders, later))
        life.rates[name] = _joined(_rates(r["rates"], name) for r in (recorders, later))
    return life


def _spikes(recorder: Recorder, region: str) -> tuple[Any, Any]:
    assert isinstance(recorder, SpikeRecorder)
    return recorder.spikes(region)


def _rates(recorder: Any, region: str) -> tuple[Any, Any]:
    return recorder.times, recorder.values[:, recorder.regions.index(region)]


def _joined(parts: Iterator[tuple[Any, Any]]) -> tuple[Any, Any]:
    times, values = zip(*parts, strict=True)
    return np.concatenate(times), np.concatenate(values)


def _difference(one: Projection, other: Projection) -> float:
    """Mean change of the weights two brains have in common, relative to the mean weight."""
    found = places(one.identities, other.identities)
    common = found >= 0
    a, b = one.weight[common].astype(np.float64), other.weight[found[common]].astype(np.float64)
    return float((a - b).mean() / np.abs(b).mean()) if len(a) else float("nan")


def check(life: Life) -> list[tuple[str, bool]]:
    """The claims about a life, and whether they hold.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    list of (str, bool)
        The text of each claim, and whether it holds.
    """
    stats = life.brain.stats()
    low, high = PLAUSIBLE_HZ
    claims = [
        (
            f"{r.name} fires at a plausible rate: {r.rate:.1f} Hz on average, {r.activity:.1f} Hz "
            f"now ({low:g} to {high:g})",
            low <= r.rate <= high and low <= r.activity <= high,
        )
        for r in stats.regions
    ]
    claims += [
        (
            f"it has grown: {stats.neurons_born} neurons and {stats.synapses_born} synapses born",
            stats.neurons_born > 0
            and stats.synapses_born > 0
            and stats.n_neurons > life.start.n_neurons,
        ),
        (f"and been pruned: {stats.synapses_pruned} synapses gone", stats.synapses_pruned > 0),
        (
            f"reward changed {arrow(REWARDED)}: weights {100 * life.rewarded:+.1f} % against its "
            f"unrewarded twin's",
            abs(life.rewarded) > 0.01,
        ),
        (
            f"punishment changed {arrow(PUNISHED)}: weights {100 * life.punished:+.1f} % "
            f"against the twin's",
            abs(life.punished) > 0.01,
        ),
        (
            f"the loaded brain is the saved one, bit for bit ({life.size / 1024:.0f} KiB)",
            life.saved == life.loaded,
        ),
        (
            f"and lives the same {MORE} steps as the one that was never saved",
            life.brain.fingerprint() == life.unbroken,
        ),
    ]
    return claims


def arrow(pair: tuple[str, str]) -> str:
    """A pair of regions as text.

    Parameters
    ----------
    pair : tuple of two str
        Source and target.

    Returns
    -------
    str
        With an arrow between.
    """
    return f"{pair[0]} \u2192 {pair[1]}"


def name_of(projection: Projection) -> str:
    """A projection as text.

    Parameters
    ----------
    projection : Projection
        Any.

    Returns
    -------
    str
        Its regions.
    """
    if projection.source == projection.target:
        return f"{projection.source} (its own)"
    return arrow((projection.source, projection.target))
