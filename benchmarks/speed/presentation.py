"""What it costs to show a picture to the competing neurons of `engram.Competition`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.measure import Row, cpu, median
from engram import Competition, TraceSTDP

STEPS = 350
BATCH = 20
"""Pictures timed together."""

ANSWERS = 500
"""Pictures to be answered in one call; copying the circuit, once a call, costs as much as 20."""

SIZES = (100, 400, 1600)


def pictures(n: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of 28 x 28 as full as handwritten digits (some 150 inputs active), of ten kinds."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:28, :28]
    kinds = np.random.default_rng(0).uniform(6, 22, (10, 4, 2))
    found = np.zeros((n, 28, 28))
    for picture, kind in zip(found, rng.integers(0, 10, n), strict=True):
        corners = kinds[kind] + rng.normal(0, 1, (4, 2))
        for a, b in zip(corners, np.roll(corners, 1, axis=0), strict=True):
            for t in np.linspace(0, 1, 12):
                cy, cx = a + t * (b - a)
                np.maximum(picture, np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2.0), out=picture)
    found[found < 0.2] = 0
    return (255 * found).astype(np.uint8).reshape(n, 784)


def presentation(repeats: int) -> Iterator[Row]:
    """CPU time of a picture of 350 steps, while the circuit learns and while it does not."""
    shown = pictures(600 + repeats * BATCH, 1)
    asked = pictures(ANSWERS, 2)
    batches = [shown[600 + k * BATCH : 600 + (k + 1) * BATCH] for k in range(repeats)]
    for n in SIZES:
        circuit = Competition(
            784,
            n,
            seed=1,
            steps=STEPS,
            total_rate=6500.0,
            target_spikes=14.0,
            theta=-3.0,
            theta_plus=0.5,
            rule=TraceSTDP(eta=0.02, bounds="both"),
        )
        circuit.learn(shown[:600])
        inputs = float(circuit.rates(shown[600:]).sum(axis=1).mean()) * STEPS * 1e-3
        answers = circuit.learn(batches[0]).sum() / BATCH
        note = f"{answers:.1f} spikes, {inputs:.0f} input spikes a picture"
        times = [1e3 / BATCH * cpu(partial(circuit.learn, batch)) for batch in batches]
        yield Row(
            "presentation",
            f"{n} neurons, {STEPS} steps, learning",
            median(times),
            "ms",
            1.5 if n == 400 else None,
            repeats=times,
            note=note,
        )
        keys = np.arange(ANSWERS)
        times = [
            1e3 / ANSWERS * cpu(partial(circuit.respond, asked, keys=keys + k))
            for k in range(repeats)
        ]
        yield Row(
            "presentation",
            f"{n} neurons, {STEPS} steps, frozen",
            median(times),
            "ms",
            0.6 if n == 400 else None,
            repeats=times,
        )
