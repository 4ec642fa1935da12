"""A spiking critic
================

On a linear track (Fremaux, Sprekeler & Gerstner 2013, figure 2).

An animal walks down a track in 3 s and finds a reward of 1 at its end. Place cells drive 20 critic
neurons, whose rate is the value V of the place. The TD error dV/dt - V / tau + r is the dopamine of
the synapses from place cells to critic (pre before post makes them eligible), so that V comes to
predict the reward: V(t) = exp(-(T - t) / tau), tau = 4 s. The claims, each for all of five seeds:

1. V comes to ramp up towards the reward: in the last 15 of 40 trials its mean is within 0.1 of that
   curve on average, and its correlation with it is above 0.9.
2. The reward is no surprise any more: the TD error after it adds up to less than 30 % of what it
   did at first.
3. Ablations. Without reward V stays what it was. Without prediction (the error is r alone, plain
   reward) weights near the end grow on and on, and V is nowhere near the curve. Without dopamine
   (gain 0) no weight changes.

At the start of a trial the animal sits for 0.6 s with weights frozen: nothing could have predicted
that it was put there, so the error is not to be learned from.

::

    python examples/critic.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/critic.png"

from pathlib import Path

import numpy as np

from engram import Brain, PoissonSource, RegionType, RewardSTDP, StimulusEncoder

SEEDS = (1, 2, 3, 4, 5)
TRIALS, LAST = 40, 15
CELLS, CRITICS = 30, 20
WALK, REST, EVERY = 3000, 1500, 20
"""Steps of a walk and of the rest after it; steps between two looks at the animal's place."""

TAU = 4000.0
RESTING = 5.0
"""Rate of the critic's neurons without input, Hz: a value of 0."""

TIMES = np.arange(EVERY, WALK + 1, EVERY)
CURVE = np.exp(-(WALK - TIMES) / TAU)


class Animal:
    """Its brain and its walks."""

    def __init__(self, seed: int, prediction: bool = True) -> None:
        self.brain = brain = Brain(dt=1.0, seed=seed)
        brain.freeze_structural_plasticity()
        brain.freeze_homeostatic_scaling()
        brain.freeze_adaptive_thresholds()
        brain.disable_memory()
        brain.encoder = StimulusEncoder(max_rate=100.0)
        for name, kind, n, rate in (
            ("place", RegionType.SENSORY, CELLS, 0.0),
            ("critic", RegionType.REWARD, CRITICS, RESTING),
        ):
            brain.add_region(
                name,
                kind,
                n,
                0.0,
                model=PoissonSource(tau_exc=20.0),
                excitatory=1.0,
                background=rate,
                rule=None,
            )
        rule = RewardSTDP(
            A_plus=0.005,
            A_minus=0.0,
            tau_plus=20.0,
            tau_eligibility=1000.0,
            dopamine_decay=20.0,
            baseline_dopamine=0.0,
        )
        self.path = brain.connect_regions(
            "place", "critic", wiring="all_to_all", weights=1.0, w_max=30.0, delays=1.0, rule=rule
        )
        self.critic = brain.add_critic(
            "critic",
            self.path.label,
            tau_discount=TAU,
            value_per_hz=0.02,
            value_at_rest=-0.02 * RESTING,
            prediction=prediction,
        )

    def stand(self, place: float) -> None:
        """At a place in [0, 1]."""
        centres = np.linspace(0.0, 1.0, CELLS)
        self.brain.hold("place", np.exp(-0.5 * ((place - centres) / 0.05) ** 2))

    def trial(self, reward: float) -> tuple[np.ndarray, np.ndarray]:
        """V and the TD error over a walk and the rest after it."""
        brain, critic, seen = self.brain, self.critic, []
        self.stand(0.0)
        self.path.frozen = True
        brain.run(600)
        self.path.frozen = False
        for step in range(0, WALK + REST, EVERY):
            if step < WALK:
                self.stand(step / WALK)
            elif step == WALK:
                brain.release("place")
                critic.reward(reward)
            brain.run(EVERY)
            seen.append((critic.value, critic.td_error))
        value, error = np.array(seen).T
        return value, error

    def train(self, reward: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """V and TD error by trial and time, shape (TRIALS, n)."""
        value, error = zip(*(self.trial(reward) for _ in range(TRIALS)), strict=True)
        return np.array(value), np.array(error)


def distance(value: np.ndarray) -> float:
    """Of V from the curve, mean of the last trials."""
    return float(np.abs(value[-LAST:, : len(TIMES)].mean(axis=0) - CURVE).mean())


def surprise(error: np.ndarray) -> float:
    """What the TD error after the reward adds up to."""
    return float(error[:, len(TIMES) :].mean(axis=0).sum() * 1e-3 * EVERY)


def main(output: Path | None = None) -> None:
    found = [Animal(seed).train() for seed in SEEDS]
    for seed, (value, error) in zip(SEEDS, found, strict=True):
        first, last = surprise(error[:2]), surprise(error[-LAST:])
        ramp = np.corrcoef(value[-LAST:, : len(TIMES)].mean(axis=0), CURVE)[0, 1]
        print(
            f"seed {seed}: V is {distance(value):.3f} from the curve, correlation {ramp:.3f}; "
            f"surprise at the reward {first:.2f} at first, {last:.2f} at last"
        )
        assert distance(value) < 0.1, "V does not come to predict the reward"
        assert ramp > 0.9, "V does not ramp up"
        assert last < 0.3 * first, "the reward stays a surprise"
    controls = {}
    for name in ("no reward", "no prediction", "no dopamine"):
        for seed in SEEDS[:2]:
            animal = Animal(seed, prediction=name != "no prediction")
            if name == "no dopamine":
                animal.critic.gain = 0.0
            value, _ = animal.train(0.0 if name == "no reward" else 1.0)
            controls[name] = value
            print(
                f"{name}, seed {seed}: {distance(value):.3f} from the curve, weights "
                f"{animal.path.weight.min():.2f} to {animal.path.weight.max():.2f}"
            )
            assert distance(value) > 0.3, f"V is learned with {name}"
            if name == "no dopamine":
                assert (animal.path.weight == 1.0).all(), "weights change without dopamine"
            if name == "no reward":
                assert value[-LAST:, : len(TIMES)].mean() < 0.2, "value without reward"
    if output is not None:
        draw(output, found, controls)


def draw(
    output: Path, found: list[tuple[np.ndarray, np.ndarray]], controls: dict[str, np.ndarray]
) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(1, 3, figsize=(13.0, 4.0), layout="constrained")
    times = 1e-3 * EVERY * (1 + np.arange((WALK + REST) // EVERY))
    shades = plt.get_cmap("viridis")
    value, error = (np.mean([pair[k] for pair in found], axis=0) for k in (0, 1))

    ax = plots.style(axes[0])
    for first in range(0, TRIALS, 5):
        ax.plot(times, value[first : first + 5].mean(axis=0), color=shades(first / TRIALS))
    ax.plot(1e-3 * TIMES, CURVE, "--", color=plots.INK, label="discounted reward")
    ax.axvline(1e-3 * WALK, color=plots.FAINT, linewidth=1.0, linestyle=":")
    ax.set_ylabel("value V")
    ax.legend(frameon=False, fontsize=8, loc="upper right")
    plots.title(ax, "Value, from trial 1 (dark) to 40 (light)")

    ax = plots.style(axes[1])
    for first in (0, 10, TRIALS - LAST):
        rows = error[first : first + (LAST if first == TRIALS - LAST else 3)].mean(axis=0)
        smooth = np.convolve(rows, np.ones(5) / 5, mode="same")
        ax.plot(times, smooth, color=shades(first / TRIALS), label=f"from trial {first + 1}")
    ax.axvline(1e-3 * WALK, color=plots.FAINT, linewidth=1.0, linestyle=":")
    ax.set_ylabel("TD error (1/s)")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    plots.title(ax, "The reward is a surprise no more")

    ax = plots.style(axes[2])
    ax.plot(1e-3 * TIMES, CURVE, "--", color=plots.INK)
    shown = {"learned": found[0][0], **controls}
    for color, (name, each) in zip(plots.COLORS, shown.items(), strict=False):
        ax.plot(times, each[-LAST:].mean(axis=0), color=color, label=name)
    ax.set_ylabel("value V")
    ax.legend(frameon=False, fontsize=8, loc="upper right")
    plots.title(ax, "With parts missing")
    for ax in axes:
        ax.set_xlabel("time (s)")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
