"""A learning rule of your own
===========================

In plain Python: Oja's, on spike traces.

At every postsynaptic spike  w <- w + eta (x - y w),  with x and y the traces of pre- and
postsynaptic spikes. The neuron fires at random with the rate w x, so that on average

::

    dw/dt = eta (C w - tau (w C w) w),  C = <x x'>:

Oja's rule (1982, doi:10.1007/BF00275687). Its fixed point is the first principal component of the
input, with the length 1 / sqrt(tau).

Forty Poisson neurons drive the neuron; the rates of the first half switch on and off together,
those of the rest each by itself. The claims, for three seeds with random weights at first and one
with equal ones: the weights converge to the direction of C's first eigenvector (cosine > 0.98),
which is not where they began (cosine < 0.95), and to the length that theory says (within 15 %).

::

    python examples/custom_rule.py [--output picture.png]
"""

import math
from pathlib import Path

import numpy as np

from engram import Brain, NeuronModel, Parameter, PlasticityRule, PoissonSource, RegionType
from engram.recording import WeightRecorder

N, GROUP = 40, 20
TAU = 0.05
"""Time constant of the traces and of the synaptic input, s."""
RATE = 80.0
"""Of an input neuron while it is on, Hz."""
SECONDS, EPOCH = 120, 200
"""Length of a run, s; how long inputs stay on or off, ms."""


class Oja(PlasticityRule):
    """w += eta (x - y w) at a postsynaptic spike; nothing at a presynaptic one."""

    eta = Parameter(0.002, low=0.0, doc="learning rate")
    tau = Parameter(1000 * TAU, low=0.0, open_low=True, unit="ms", doc="of both traces")
    pre_traces = {"x": "tau"}
    post_traces = {"y": "tau"}

    @staticmethod
    def on_pre(w):
        return w

    @staticmethod
    def on_post(w, x, y, eta):
        return w + eta * (x - y * w)


class Linear(NeuronModel):
    """Fires at random at the rate of its input, in Hz."""

    states = {"v": 0.0}

    @staticmethod
    def update(v, I, uniform, dt):  # noqa: E741
        return v, uniform < 1.0 - math.exp(-max(I, 0.0) * dt / 1000.0)


def learn(seed: int, weights: np.ndarray) -> tuple[WeightRecorder, np.ndarray]:
    """The course of the weights, and C's first eigenvector."""
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    brain.encoder.max_rate = RATE
    alone = {"connectivity": 0.0, "rule": None, "excitatory": 1.0}
    brain.add_region("input", RegionType.SENSORY, N, model=PoissonSource, **alone)
    linear = Linear(tau_exc=1000 * TAU)
    brain.add_region("neuron", RegionType.MOTOR, 1, model=linear, **alone)
    pathway = brain.connect_regions(
        "input", "neuron", wiring="all_to_all", weights=weights, delays=1.0, w_max=5.0, rule=Oja()
    )
    course = brain.record("weights", pathway, every=1000.0)
    spikes = brain.record("spikes", "input")

    rng = np.random.default_rng(seed)
    for _ in range(SECONDS * 1000 // EPOCH):
        on = (rng.random(N) < 0.25).astype(float)
        on[:GROUP] = on[0]
        brain.present("input", on, EPOCH)

    times, neurons = spikes.spikes()
    fired = np.zeros((SECONDS * 1000, N), np.float32)
    fired[times.astype(int), neurons] = 1.0
    x, seen = np.zeros(N, np.float32), []
    decay = np.float32(np.exp(-1.0 / (1000 * TAU)))
    for step in fired:
        x = x * decay + step
        seen.append(x)
    traces = np.array(seen[::5])
    _, vectors = np.linalg.eigh(traces.T @ traces / len(traces))
    return course, np.abs(vectors[:, -1])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def main(output: Path | None = None) -> None:
    drawn = None
    equal = np.full(N, 0.3)
    random = [np.random.default_rng(100 + seed).uniform(0.0, 1.0, N) for seed in range(3)]
    for seed, name, start in (
        (0, "equal", equal),
        *((k, "random", weights) for k, weights in enumerate(random)),
    ):
        course, component = learn(seed, start)
        # The mean over the last third.
        end = course.values[-SECONDS // 3 :].mean(axis=0)
        began, found = cosine(start, component), cosine(end, component)
        length = float(np.linalg.norm(end)) * np.sqrt(TAU)
        print(
            f"seed {seed}, {name} weights: cosine with the principal component {began:.3f} at "
            f"first, {found:.3f} in the end; length {length:.2f} of theory's"
        )
        assert began < 0.95, "it began at the answer"
        assert found > 0.98, "not the principal component"
        assert abs(length - 1.0) < 0.15, "not the length that theory says"
        drawn = drawn or (course, component)

    if output is not None:
        import matplotlib.pyplot as plt

        from engram import plots

        course, component = drawn
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(10.0, 4.0), layout="constrained", width_ratios=(1.4, 1)
        )
        together, alone = plots.COLORS[1], plots.COLORS[0]
        plots.style(left)
        for k in range(N):
            label = {0: "on and off together", GROUP: "each by itself"}.get(k)
            color = together if k < GROUP else alone
            left.plot(
                course.times / 1000,
                course.values[:, k],
                color=color,
                linewidth=0.8,
                alpha=0.8,
                label=label,
            )
        left.set_xlim(0, SECONDS)
        left.set_ylim(0.0, 1.25 * course.values.max())
        left.set_xlabel("time (s)")
        left.set_ylabel("weight (Hz per spike)")
        plots.title(left, "Oja's rule on spikes: the weights of 40 inputs")
        left.legend(loc="upper right", ncols=2, frameon=False, fontsize=9)
        plots.style(right)
        end = course.values[-SECONDS // 3 :].mean(axis=0)
        right.plot(component / np.sqrt(TAU), color=plots.INK, linewidth=1.2, label="theory")
        colors = [together] * GROUP + [alone] * (N - GROUP)
        right.scatter(np.arange(N), end, 16, colors, label="learned", zorder=3)
        right.set_ylim(0.0, 1.25 * end.max())
        right.set_xlabel("input neuron")
        right.set_ylabel("weight (Hz per spike)")
        plots.title(right, "They end at the first principal component")
        right.legend(loc="upper right", ncols=3, frameon=False, fontsize=9)
        figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
