"""Conditioning, extinction and savings
====================================

Pavlovian association (Pavlov 1927; Rescorla 2004).

A tone (the conditioned stimulus) and food (the unconditioned one) reach a response region, food
by fixed strong synapses, the tone by weak ones with reward-modulated STDP (Izhikevich 2007). In
training food comes with the end of the tone, and dopamine with it. The tonic level of dopamine is
below what keeps weights (baseline < 0): what is active without reward is unlearned. Measured in
trials with the tone alone, plasticity frozen, on a copy. The claims, each for all of five seeds:

1. Before, the tone alone does not drive the response; after training it does.
2. The tone without food extinguishes the response. It goes on for as many trials again.
3. Trained again, the response is back in fewer trials than at first. Nothing was put in for that:
   unlearning needs the response (no spikes, no eligibility), so it stops where the response
   stops, with weights just below what it takes. Where the weights are put back to what they were
   at first, the second time takes as long as the first.
4. Controls: tone and food without dopamine, tone and dopamine without food, tone and food apart
   (with dopamine at food) condition nothing.

::

    python examples/association.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/association.png"

from pathlib import Path

import numpy as np

from engram import Brain, CurrentLIF, PoissonSource, RegionType, RewardSTDP, Uniform

SEEDS = (1, 2, 3, 4, 5)
TONE, GAP = 300, 700
"""A trial: the tone, in ms, and the time after it."""

CRITERION = 4.0
"""Spikes of a neuron in response to the tone that count as a response."""

GONE = 1.0
"""Spikes below which it counts as gone."""

MOST = 60
"""Trials after which training or extinction counts as having failed."""

CONTROL_TRIALS = 20
CONTROLS = ("no dopamine", "no food", "tone and food apart")


class Conditioning:
    """The animal and its trials."""

    def __init__(self, seed: int) -> None:
        brain = self.brain = Brain(dt=1.0, seed=seed)
        brain.freeze_homeostatic_scaling()
        brain.freeze_structural_plasticity()
        brain.disable_memory()
        brain.encoder.max_current = 40.0
        source = {"model": PoissonSource, "excitatory": 1.0, "rule": None}
        brain.add_region("tone", RegionType.SENSORY, 100, 0.0, **source)
        brain.add_region("food", RegionType.SENSORY, 50, 0.0, **source)
        brain.add_region(
            "response",
            RegionType.MOTOR,
            20,
            0.0,
            model=CurrentLIF,
            excitatory=1.0,
            rule=None,
            noise=2.0,
        )
        brain.connect_regions(
            "food", "response", wiring="all_to_all", weights=3.0, delays=1.0, rule=None
        )
        rule = RewardSTDP(
            A_plus=0.004,
            A_minus=0.0016,
            tau_eligibility=500.0,
            dopamine_decay=200.0,
            baseline_dopamine=-0.12,
        )
        self.path = brain.connect_regions(
            "tone",
            "response",
            wiring="all_to_all",
            weights=Uniform(0.0, 0.4),
            w_max=2.0,
            delays=1.0,
            rule=rule,
        )

    def trial(self, tone: bool = True, food: bool = True, dopamine: bool = True) -> None:
        """The tone; food in its last third; dopamine at its end."""
        brain = self.brain
        if tone:
            brain.hold("tone", [1.0])
        brain.run(2 * TONE // 3)
        if food:
            brain.hold("food", [1.0])
        brain.run(TONE // 3)
        if dopamine:
            brain.reward(1.0, target="proj:tone->response")
        brain.release("tone")
        brain.release("food")
        brain.run(GAP)

    def response(self) -> float:
        """Spikes of a neuron in response to the tone alone, in a copy that learns nothing."""
        twin = self.brain.copy()
        twin.freeze_plasticity()
        counts = [twin.present("tone", [1.0], TONE, rest=200)["response"].mean() for _ in range(3)]
        return float(np.mean(counts))

    def train(self) -> list[float]:
        """Trials with food until the tone alone drives the response; its course."""
        course = []
        while len(course) < MOST and (not course or course[-1] < CRITERION):
            self.trial()
            course.append(self.response())
        return course

    def extinguish(self) -> list[float]:
        """Trials with the tone alone until the response is gone, and as many again; its course."""
        course: list[float] = []
        gone = MOST
        while len(course) < 2 * gone:
            self.trial(food=False, dopamine=False)
            course.append(self.response())
            if course[-1] < GONE:
                gone = min(gone, len(course))
        return course


def animal(seed: int) -> dict[str, list[float]]:
    """The response over the trials of each phase."""
    learner = Conditioning(seed)
    first_weights = learner.path.weight
    found = {"before": [learner.response()]}
    found["training"] = learner.train()
    found["extinction"] = learner.extinguish()
    forgetful = Conditioning(seed)
    forgetful.brain = learner.brain.copy()
    forgetful.path = forgetful.brain.get_projection("tone", "response")
    forgetful.path.weight = first_weights
    found["training again"] = learner.train()
    found["weights put back"] = forgetful.train()
    return found


def control(seed: int, name: str) -> float:
    """The response after as many trials as training may take, with something missing."""
    learner = Conditioning(seed)
    for _ in range(CONTROL_TRIALS):
        if name == "no dopamine":
            learner.trial(dopamine=False)
        elif name == "no food":
            learner.trial(food=False)
        else:
            learner.trial(food=False, dopamine=False)
            learner.trial(tone=False)
    return learner.response()


def main(output: Path | None = None) -> None:
    animals = [animal(seed) for seed in SEEDS]
    for seed, found in zip(SEEDS, animals, strict=True):
        print(
            f"seed {seed}: "
            + ", ".join(
                f"{name} {len(course)} trials to {course[-1]:.1f}"
                for name, course in found.items()
                if name != "before"
            )
        )
        assert found["before"][-1] < GONE, "the tone drives the response before training"
        assert found["training"][-1] >= CRITERION, "the tone does not come to drive the response"
        assert found["extinction"][-1] < GONE, "no extinction"
        assert found["training again"][-1] >= CRITERION, "the response does not come back"
        first, again = len(found["training"]), len(found["training again"])
        assert again <= 0.6 * first, "no savings"
        assert len(found["weights put back"]) >= 0.8 * first, "savings without what was left over"
    for name in CONTROLS:
        after = [control(seed, name) for seed in SEEDS]
        print(f"{name}: at most {max(after):.2f} spikes after {CONTROL_TRIALS} trials")
        assert max(after) < GONE, f"conditioned by tone, {name}"

    if output is not None:
        draw(output, animals)


def draw(output: Path, animals: list[dict[str, list[float]]]) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10.0, 4.0), layout="constrained", width_ratios=(2.2, 1)
    )
    phases = ("training", "extinction", "training again")
    ax = plots.style(left)
    begin = 0
    for phase, color in zip(phases, plots.COLORS, strict=False):
        longest = max(len(found[phase]) for found in animals)
        for found in animals:
            x = begin + 1 + np.arange(len(found[phase]))
            ax.plot(x, found[phase], "o-", color=color, markersize=3, linewidth=1.0, alpha=0.7)
        ax.text(begin + 0.5 + longest / 2, 6.4, phase, color=color, ha="center", fontsize=9)
        begin += longest + 2
    ax.axhline(CRITERION, color=plots.FAINT, linewidth=1.0, linestyle=":")
    ax.text(begin / 2, CRITERION, "criterion", color=plots.INK, fontsize=8, va="bottom")
    ax.set_ylim(-0.2, 7.0)
    ax.set_xlabel("trials (five animals)")
    ax.set_ylabel("spikes to the tone alone")
    plots.title(ax, "Conditioning, extinction, savings")

    ax = plots.style(right)
    shown = ("training", "training again", "weights put back")
    for k, name in enumerate(shown):
        trials = [len(found[name]) for found in animals]
        color = plots.COLORS[(0, 2, 6)[k]]
        ax.bar(k, np.mean(trials), 0.6, color=color, alpha=0.35)
        ax.plot(k + np.linspace(-0.15, 0.15, len(trials)), trials, "o", color=color, markersize=5)
    ax.set_xticks(range(3), ["first", "again", "again, weights\nput back"])
    ax.set_ylabel("trials to criterion")
    plots.title(ax, "What extinction leaves")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
