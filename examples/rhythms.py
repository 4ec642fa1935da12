"""Rhythms
=======

Gamma that rides on theta, regions that fall into step, learning at the right phase.

Three claims, each over five seeds, each beside the same brain without the mechanism:

1. Where gamma is nested in theta, the modulation index (Tort et al. 2010) of the current and of the
   spikes of a network of 400 neurons is above 0.01 and above all its surrogates; where it is not
   nested, both are at chance.
2. Two regions with theta of 6.0 and 6.4 Hz that pull at each other (Kuramoto 1984) fall into step,
   and so do their spikes; without coupling they slip.
3. Two inputs precede a neuron's spikes equally often, one at the peak of theta, one at its trough.
   With learning gated by theta (Hasselmo et al. 2002), only the first is strengthened.

::

    python examples/rhythms.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/rhythms.png"

from pathlib import Path

import numpy as np

from engram import STDP, Brain, RegionType, Relay
from engram.analysis import PhaseAmplitudeCoupling, analytic, phase_amplitude_coupling

SEEDS = (1, 2, 3, 4, 5)
WEIGHT = 0.1
"""At first; the neuron that learns needs an input of 1 to fire, so it fires when it is told to."""

A = RegionType.ASSOCIATION


def quiet(seed: int) -> Brain:
    """A brain in which nothing but what is shown changes."""
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    return brain


def network(depth: float, seed: int, seconds: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Theta phase, rhythm current and spikes per ms of a network that gamma drives."""
    brain = quiet(seed)
    brain.freeze_plasticity()
    brain.add_region("cortex", A, 400, connectivity=0.1, background=3.0)
    brain.oscillators.set("cortex", "gamma", 3.0)
    brain.oscillators.nest("cortex", "gamma", within="theta", depth=depth)
    start = brain.oscillators.phase("cortex", "theta")
    current, spikes = brain.record("rhythms", "cortex"), brain.record("spikes", "cortex")
    steps = 1000 * seconds
    brain.run(steps)
    counts = np.bincount(spikes.spikes()[0].astype(int), minlength=steps)
    phase = start + 2 * np.pi * 6e-3 * np.arange(steps)
    # A sample is taken after a step and shows what the next one gets.
    return phase, np.roll(current.values[:, 0], 1), counts


def nested(depth: float, seed: int) -> tuple[PhaseAmplitudeCoupling, PhaseAmplitudeCoupling]:
    """Coupling in the current and in the spikes."""
    phase, current, counts = network(depth, seed)
    return (
        phase_amplitude_coupling(current, 1.0, phase=phase, seed=seed),
        phase_amplitude_coupling(counts, 1.0, phase=phase, seed=seed),
    )


def two_regions(strength: float, seed: int) -> tuple[np.ndarray, float]:
    """The difference of phases over time, and how steady that of the spikes is (0 to 1)."""
    brain = quiet(seed)
    brain.freeze_plasticity()
    for name, hertz in (("left", 6.0), ("right", 6.4)):
        brain.add_region(name, A, 200, connectivity=0.1, background=3.0)
        brain.oscillators.set(name, "theta", 2.0, frequency=hertz)
    if strength:
        brain.oscillators.couple("left", "right", "theta", strength, bidirectional=True)
    spikes = brain.record("spikes")
    gaps = []
    for _ in range(200):
        brain.run(50)
        theta = [brain.oscillators.phase(name, "theta") for name in brain.regions]
        gaps.append(theta[1] - theta[0])
    signals = [
        np.bincount(spikes.spikes(name)[0].astype(int), minlength=10_000) for name in brain.regions
    ]
    phases = [np.angle(analytic(x, 1.0, 4.0, 8.0))[3000:-1000] for x in signals]
    locking = float(np.abs(np.exp(1j * (phases[1] - phases[0])).mean()))
    return np.unwrap(gaps) / (2 * np.pi), locking


def two_inputs(depth: float, seed: int) -> np.ndarray:
    """How much the weights of an input at theta's peak and one at its trough grow in 10 s."""
    brain = quiet(seed)
    for name, n in (("in", 2), ("out", 1)):
        brain.add_region(name, A, n, 0.0, model=Relay, excitatory=1.0, rule=None)
    path = brain.connect_regions(
        "in",
        "out",
        wiring="all_to_all",
        weights=WEIGHT,
        w_max=0.9,
        delays=1.0,
        rule=STDP(A_plus=0.004, A_minus=0.0042),
    )
    brain.oscillators.set("out", "theta", 0.0, frequency=5.0, phase=0.0)
    if depth:
        brain.oscillators.gate_learning("in", "out", band="theta", depth=depth)
    jitter = np.random.default_rng(seed).integers(-15, 16, (50, 2))

    def drive(brain: Brain, step: int) -> None:
        cycle, at = divmod((step + 50) % 10_000, 200)
        for k, centre in enumerate((50, 150)):
            since = at - centre - jitter[cycle, k]
            if since == 0:
                brain.inject_current("in", [k], 1.0)
            elif since == 5:
                brain.inject_current("out", [0], 1.0)

    brain.run(10_000, drive)
    return path.weight - WEIGHT


def main(output: Path | None = None) -> None:
    for depth, name in ((0.8, "nested"), (0.0, "not nested")):
        both = [nested(depth, seed) for seed in SEEDS]
        for what, found in zip(("current", "spikes"), zip(*both, strict=True), strict=True):
            index = [f.index for f in found]
            chance = max(f.surrogates.max() for f in found)
            print(
                f"gamma {name}: modulation index of the {what} {np.mean(index):.4f} "
                f"({min(index):.4f} to {max(index):.4f}); surrogates at most {chance:.4f}"
            )
            if depth:
                assert min(index) > 0.01, f"no coupling in the {what}"
                assert all(f.index > f.surrogates.max() for f in found), "no better than chance"
            else:
                assert max(index) < 0.001, f"coupling in the {what} without a cause"

    slips, locking = {}, {}
    for strength in (4.0, 0.0):
        runs = [two_regions(strength, seed) for seed in SEEDS]
        # Cycles by which one overtakes the other in the last eight seconds.
        slips[strength] = [abs(gaps[-1] - gaps[40]) for gaps, _ in runs]
        locking[strength] = [value for _, value in runs]
        print(
            f"coupling {strength:g} rad/s: slips {max(slips[strength]):.2f} cycles at most; "
            f"locking of spikes {min(locking[strength]):.2f} to {max(locking[strength]):.2f}"
        )
    assert max(slips[4.0]) < 0.01, "regions do not fall into step"
    assert min(slips[0.0]) > 3.0, "regions fall into step without coupling"
    assert min(locking[4.0]) > 0.9 > 0.3 > max(locking[0.0]), "spikes do not follow"

    growth = {depth: np.array([two_inputs(depth, seed) for seed in SEEDS]) for depth in (1.0, 0.0)}
    for depth, gain in growth.items():
        print(
            f"gate {'on' if depth else 'off'}: peak {gain[:, 0].mean():+.3f} "
            f"(s.d. {gain[:, 0].std():.3f}), trough {gain[:, 1].mean():+.3f} "
            f"(s.d. {gain[:, 1].std():.3f})"
        )
    gated, free = growth[1.0], growth[0.0]
    assert (gated[:, 0] > 10 * np.abs(gated[:, 1])).all(), "the gate does not choose the peak"
    assert (np.abs(free[:, 0] / free[:, 1] - 1) < 0.1).all(), "without a gate, equal growth"

    if output is not None:
        draw(output, growth)


def draw(output: Path, growth: dict[float, np.ndarray]) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(2, 2, figsize=(10.0, 6.2), layout="constrained")
    phase, current, counts = network(0.8, SEEDS[0])
    t = np.arange(1000, 1600)
    ax = plots.style(axes[0, 0])
    ax.plot(t, current[t], color=plots.COLORS[0], linewidth=1.0, label="current")
    ax.plot(t, 3 * np.cos(phase[t]), color=plots.INK, linewidth=1.0, linestyle=":", label="theta")
    ax.bar(t, counts[t] / counts[t].max() * 3, 1.0, bottom=-7, color=plots.COLORS[1])
    ax.set_yticks([-5.5, 0.0], ["spikes", "current"])
    ax.set_xlabel("time (ms)")
    plots.title(ax, "Gamma rides on theta, and so do the spikes")

    ax = plots.style(axes[0, 1])
    for depth, color, label in zip((0.8, 0.0), plots.COLORS, ("nested", "not"), strict=False):
        found = nested(depth, SEEDS[0])[1]
        twice = np.concatenate([found.phases, found.phases + 2 * np.pi])
        ax.step(
            np.degrees(twice),
            18 * np.tile(found.amplitude, 2),
            where="mid",
            color=color,
            label=f"{label}: MI {found.index:.3f}",
        )
    ax.set_ylim(0, None)
    ax.set_xticks([-180, 0, 180, 360, 540])
    ax.set_xlabel("theta phase (degrees); 0: peak")
    ax.set_ylabel("gamma in the spikes (mean 1)")
    ax.legend(frameon=False, fontsize=9, loc="lower center", ncols=2)
    plots.title(ax, "Phase-amplitude coupling")

    ax = plots.style(axes[1, 0])
    for strength, color in zip((4.0, 0.0), plots.COLORS, strict=False):
        gaps = two_regions(strength, SEEDS[0])[0]
        ax.plot(0.05 * np.arange(1, 201), gaps, color=color, label=f"{strength:g} rad/s")
    ax.set_xlabel("time (s)")
    ax.set_ylabel("phase difference (cycles)")
    ax.legend(frameon=False, fontsize=9, title="coupling", title_fontsize=9)
    plots.title(ax, "6.0 and 6.4 Hz fall into step")

    ax = plots.style(axes[1, 1])
    for k, depth in enumerate((1.0, 0.0)):
        gain = growth[depth]
        ax.bar(
            np.arange(2) + 0.38 * k - 0.19,
            gain.mean(0),
            0.36,
            yerr=gain.std(0),
            color=plots.COLORS[k],
            label="gated by theta" if depth else "no gate",
        )
    ax.set_xticks([0, 1], ["input at the peak", "at the trough"])
    ax.set_ylabel("growth of the weight")
    ax.set_ylim(0, 0.19)
    ax.legend(frameon=False, fontsize=9, ncols=2, loc="upper center")
    plots.title(ax, "Learning at the right phase")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
