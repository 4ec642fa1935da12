"""A neuron model of your own
==========================

In plain Python: a leaky integrator with a refractory time.

::

    tau v' = I - v;  v >= threshold: spike, v <- 0, held there for t_ref.

`update` and `reset` below are compiled into one loop over the region. The claim: 100 neurons with
as many constant inputs fire at the rates that the equation says,

::

    f(I) = 1 / (t_ref + tau ln(I / (I - threshold))),

to within one spike and the rounding of an interval to time steps.

::

    python examples/custom_neuron.py [--output picture.png]
"""

import math
import time
from pathlib import Path

import numpy as np

from engram import Brain, NeuronModel, Parameter, RegionType

DT = 0.1
SECONDS = 2.0


class Integrator(NeuronModel):
    """Leaky integrate-and-fire, in units of its own."""

    tau = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="membrane time constant")
    threshold = Parameter(1.0, doc="where it fires")
    t_ref = Parameter(3.0, low=0.0, unit="ms", doc="how long a spike keeps it down")
    states = {"v": 0.0}

    @staticmethod
    def update(v, I, since_spike, tau, threshold, t_ref, dt):  # noqa: E741
        """Exact for constant input: v relaxes towards I."""
        v = I + (v - I) * math.exp(-dt / tau)
        # Whole steps: half of one is room for rounding.
        held = since_spike < t_ref - 0.5 * dt
        v = 0.0 if held else v
        return v, v >= threshold

    @staticmethod
    def reset():
        return 0.0


def theory(current: np.ndarray, model: Integrator) -> np.ndarray:
    """Rates in Hz at constant input."""
    rate = np.zeros_like(current)
    above = current > model.threshold
    climb = model.tau * np.log(current[above] / (current[above] - model.threshold))
    rate[above] = 1000.0 / (model.t_ref + climb)
    return rate


def main(output: Path | None = None) -> None:
    model = Integrator(tau=15.0)
    brain = Brain(dt=DT, seed=1, mechanisms="none")
    brain.add_region("cells", RegionType.ASSOCIATION, 100, connectivity=0.0, model=model, rule=None)
    brain.encoder.max_current = 4.0
    values = np.linspace(0.0, 1.0, 100)
    current = values * brain.encoder.max_current
    brain.present("cells", values, 1)  # compiles
    brain.reset_state()

    started = time.perf_counter()
    counts = brain.present("cells", values, round(SECONDS * 1000 / DT))["cells"]
    elapsed = time.perf_counter() - started
    measured = counts / SECONDS
    expected = theory(current, model)

    # A spike comes up to one step late.
    interval = 1000.0 / np.maximum(expected, 1e-9)
    slowest = 1000.0 / (interval + DT)
    assert (counts[current <= model.threshold] == 0).all(), "fires below threshold"
    assert (measured >= slowest - 1.0 / SECONDS).all(), "too slow"
    assert (measured <= expected + 1.0 / SECONDS).all(), "too fast"
    assert counts.max() > 200, "it hardly fires"
    worst = np.abs(measured - expected).max()
    print(
        f"f-I curve of 100 neurons: at most {worst:.2f} Hz from theory, up to "
        f"{expected.max():.0f} Hz; {counts.sum()} spikes"
    )
    print(f"{100 * SECONDS * 1000 / DT / elapsed / 1e6:.0f} million neuron updates a second")

    if output is not None:
        import matplotlib.pyplot as plt

        from engram import plots

        ax = plots.style(plt.subplots(figsize=(6.4, 4.0), layout="constrained")[1])
        fine = np.linspace(0.0, 4.0, 2000)
        ax.plot(fine, theory(fine, model), color=plots.COLORS[0], linewidth=1.5, label="theory")
        ax.plot(current, measured, "o", color=plots.COLORS[1], markersize=3.5, label="simulated")
        ax.set_xlim(0.0, 4.0)
        ax.set_ylim(bottom=0.0)
        ax.set_xlabel("input current (in thresholds)")
        ax.set_ylabel("firing rate (Hz)")
        plots.title(ax, "f-I curve of a neuron model written in Python")
        plots.legend(ax)
        ax.figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
