"""A whole life
============

Days and nights, rewards for right answers, and a world that changes four times.

One brain with everything on, which nobody tends. By day odours come, one after the other: ten of
a hundred sensory neurons each. The brain answers with one of three motor regions, the one that
fires most. They inhibit each other, so one wins. A right answer pays. Dopamine is the error of the
brain's own prediction: the reward less what its `value` neurons say, read from their spikes. By
night it sleeps, and replays. The world:

1. A, B and C pay, each for another answer; D comes too and pays for nothing.
2. D, E and F pay. A comes and pays no more; B and C are gone.
3. A reversal: D, E and F pay for other answers.
4. A new odour, G.
5. A sense is lost: a tenth of the sensory neurons die, those that D was known by. Others grow in
   their places, and what they say has to be learned.

Weights from senses to answers are taught by dopamine alone (pre before post makes eligible).
Rules, wiring and weights from the senses on, inhibition between answers and doses of dopamine were
set by hand for this, and pruning waits longer than by default: an odour comes again every few
seconds, and a synapse that was not used since is not useless. Intrinsic plasticity, scaling,
births, deaths, memory and sleep are as they come. A table of what paid last, or a delta rule on the
senses, learns all this too, and faster: what is shown is a brain that lives on with everything
on, and is not stuck with what it has learned.

The claims: in the last third of every part of a short life (each a few minutes) it answers right in
85 of 100 (chance is 33), and as often where only odours count whose answer changed with that part;
no region fires more than 50 Hz in the mean of a minute, and it is the same brain after it was
interrupted, saved and loaded. Without reward, or without plasticity, it guesses.
`benchmarks.learning.life` is the long one, of 24 hours; `life_controls` has more controls.

::

    python examples/life.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/life.png"

import contextlib
import copy
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engram import Brain, Neurotransmitter, RegionType, RewardSTDP, Uniform, load_brain, save_brain

SENSES, ACTIVE = 100, 10
"""Sensory neurons, and how many of them stand for an odour."""

ANSWERS = ("left", "middle", "right")
SHOWN, REST = 300, 100
"""Steps of an odour, and of nothing after it."""

VALUE_PER_HZ = 0.03
"""What a rate of the value neurons says of the reward to come."""

DOSE = 0.3
"""Dopamine at the synapses onto the answers and the value neurons, for an error of 1."""

UNUSED = 5000.0
"""Time after which a weak synapse that was not used may be pruned, ms."""

LOST = "D"
"""The odour whose sensory neurons die, a tenth of all."""

CONTROLS = (
    "no plasticity",
    "no reward",
    "no growth after the loss",
    "no sleep",
    "no scaling",
    "no intrinsic plasticity",
)


@dataclass(frozen=True)
class Part:
    """A part of life.

    Attributes
    ----------
    name : str
        What changes when it begins.
    pays : dict of str to int
        The right answer to each odour that pays.
    others : str
        Odours that come and pay for nothing.
    changed : str
        Odours that pay, and of which something changed: what is to be learned.
    hours : float
        How long it lasts in a life of 24 hours.
    """

    name: str
    pays: dict[str, int]
    others: str
    changed: str
    hours: float


PARTS = (
    Part("birth", {"A": 0, "B": 1, "C": 2}, "D", "ABC", 6.0),
    Part("others pay", {"D": 0, "E": 1, "F": 2}, "A", "DEF", 4.0),
    Part("reversal", {"D": 1, "E": 2, "F": 0}, "A", "DEF", 4.0),
    Part("a new odour", {"D": 1, "E": 2, "F": 0, "G": 0}, "", "G", 4.0),
    Part("a sense lost", {"D": 1, "E": 2, "F": 0, "G": 0}, "", LOST, 6.0),
)
CYCLE, NIGHT = 2.0, 1.0 / 3.0
"""Hours of a day with its night, in a life of 24 hours; the night's share."""


def born(seed: int) -> Brain:
    """The brain, with everything on."""
    brain = Brain(seed=seed)
    brain.growth.pruning_unused = UNUSED
    taught = RewardSTDP(A_minus=0.0, baseline_dopamine=0.0, tau_eligibility=400.0)
    brain.add_region("senses", RegionType.SENSORY, SENSES)
    brain.add_region("cortex", RegionType.ASSOCIATION, 40)
    brain.add_region("value", RegionType.REWARD, 20, connectivity=0.0)
    brain.connect_regions("senses", "cortex", density=0.1)
    value = brain.connect_regions("senses", "value", density=1.0, rule=taught)
    value.weight = 0.1 * value.w_max
    for name in ANSWERS:
        brain.add_region(name, RegionType.MOTOR, 10)
        brain.connect_regions("cortex", name, density=0.2)
        brain.connect_regions(
            "senses", name, density=1.0, weights=Uniform(1.5, 2.2), w_max=12.0, rule=taught
        )
    for name in ANSWERS:
        for other in ANSWERS:
            if other != name:
                brain.connect_regions(
                    name,
                    other,
                    wiring="all_to_all",
                    weights=20.0,
                    nt=Neurotransmitter.GABA,
                    rule=None,
                )
    return brain


@dataclass
class Trial:
    """What came of a trial.

    Attributes
    ----------
    part : int
        The part of life.
    minute : float
        When it was, from the beginning of that part.
    odour : str
        What came.
    right : bool
        Whether the answer was the right one; never where none pays.
    """

    part: int
    minute: float
    odour: str
    right: bool

    @property
    def pays(self) -> bool:
        """Whether the odour paid for an answer."""
        return self.odour in PARTS[self.part].pays

    @property
    def to_learn(self) -> bool:
        """Whether it paid, and something of that changed with this part of life."""
        return self.odour in PARTS[self.part].changed


@dataclass
class Look:
    """What is seen of the brain from time to time.

    Attributes
    ----------
    hour : float
        When.
    right : float
        Share of right answers to odours that pay, since the last look.
    rates : dict of str to float
        Mean rate of each region since then, Hz.
    neurons, synapses : int
        How many there are.
    born, died : int
        How many neurons were born and died so far.
    """

    hour: float
    right: float
    rates: dict[str, float]
    neurons: int
    synapses: int
    born: int
    died: int


class Life:
    """A brain and its world."""

    def __init__(self, seed: int, hours: float = 24.0, without: str = "") -> None:
        """hours: of the life, simulated; without: one of CONTROLS, or nothing."""
        self.rng = np.random.default_rng(seed)
        self.brain = born(seed)
        self.without, self.scale = without, hours / 24.0
        self.odours = {}
        for name in "ABCDEFG":
            self.odours[name] = np.zeros(SENSES)
            self.odours[name][self.rng.choice(SENSES, ACTIVE, replace=False)] = 1.0
        self.trials: list[Trial] = []
        self.diary: list[Look] = []
        self._seen = (0, 0.0, self._spikes())
        if without == "no plasticity":
            self.brain.freeze_plasticity()
        if without == "no scaling":
            self.brain.homeostasis.scaling_rate = 0.0
        if without == "no intrinsic plasticity":
            self.brain.homeostasis.excitability_rate = 0.0

    def live(self) -> Iterator[int]:
        """Live on; yields the part of life after every trial and every night."""
        start = 0.0
        for number, part in enumerate(PARTS):
            end = start + part.hours * self.scale
            if part.name == "a sense lost":
                self.lose()
            while self.hour < end - 1e-9:
                if self.hour % (CYCLE * self.scale) < (1.0 - NIGHT) * CYCLE * self.scale - 1e-9:
                    self.trial(number, 60.0 * (self.hour - start))
                else:
                    self.night()
                if self.hour >= (len(self.diary) + 1) * self.scale - 1e-9:
                    self._look()
                yield number
            start = end

    @property
    def hour(self) -> float:
        """The time."""
        return self.brain.time / 3.6e6

    def _spikes(self) -> dict[str, np.ndarray]:
        return {name: region.total_spikes.copy() for name, region in self.brain.regions.items()}

    def _fired(self, before: dict[str, np.ndarray], name: str) -> float:
        """Spikes of a region since then; a neuron that was born in another's place counts anew."""
        now = self.brain.regions[name].total_spikes.astype(float)
        now[: len(before[name])] -= np.where(
            now[: len(before[name])] >= before[name], before[name], 0
        )
        return float(now.sum())

    def _look(self) -> None:
        """A line in the diary, once a twenty-fourth of the life."""
        brain, (trials, hour, before) = self.brain, self._seen
        grown = brain.growth.totals
        seconds = 3600.0 * (self.hour - hour)
        answers = [t.right for t in self.trials[trials:] if t.pays]
        self.diary.append(
            Look(
                hour=self.hour,
                right=float(np.mean(answers)) if answers else float("nan"),
                rates={
                    name: self._fired(before, name) / seconds / region.n_alive_neurons
                    for name, region in brain.regions.items()
                },
                neurons=sum(region.n_alive_neurons for region in brain.regions.values()),
                synapses=sum(path.n_synapses for path in brain.projections),
                born=grown["neurons_born"],
                died=grown["neurons_died"],
            )
        )
        self._seen = (len(self.trials), self.hour, self._spikes())

    def lose(self) -> None:
        """A tenth of the senses dies."""
        self.brain.regions["senses"].kill_neurons(np.flatnonzero(self.odours[LOST]))
        if self.without == "no growth after the loss":
            self.brain.freeze_structural_plasticity()

    def night(self) -> None:
        """Sleep until morning."""
        cycle = CYCLE * self.scale
        steps = max(1, round((cycle - self.hour % cycle) * 3.6e6 / self.brain.dt))
        if self.without == "no sleep":
            self.brain.run(steps, progress=False)
        else:
            self.brain.sleep(steps * self.brain.dt, progress=False)

    def trial(self, number: int, minute: float) -> None:
        """An odour, an answer, a reward, and what the brain makes of it."""
        part = PARTS[number]
        odour = str(self.rng.choice([*part.pays, *part.others]))
        answer, value = self.answer(self.brain, odour)
        right = answer == part.pays.get(odour, -1)
        if self.without != "no reward":
            error = float(right) - value
            for target in ("value", *ANSWERS):
                teach = self.brain.reward if error > 0 else self.brain.punish
                teach(DOSE * abs(error), Brain.projection_target("senses", target))
        self.brain.run(REST, progress=False)
        self.trials.append(Trial(number, minute, odour, right))

    def answer(self, brain: Brain, odour: str) -> tuple[int, float]:
        """What a brain answers (-1: nothing), and which reward it expects."""
        spikes = brain.present("senses", self.odours[odour], SHOWN)
        counts = np.array([spikes[name].sum() for name in ANSWERS])
        best = np.flatnonzero(counts == counts.max())
        value = brain.regions["value"]
        rate = spikes["value"].sum() / value.n_alive_neurons / (1e-3 * brain.dt * SHOWN)
        return int(best[0]) if counts.any() and len(best) == 1 else -1, VALUE_PER_HZ * rate

    def remembered(self, answers: dict[str, int], times: int = 20) -> float:
        """Share of right answers to odours, on a copy whose synapses and neurons stay.

        Homeostasis goes on. A first quarter of the answers, perhaps after a night, doesn't count.
        """
        twin = self.brain.copy()
        twin.freeze_plasticity()
        twin.freeze_structural_plasticity()
        right = []
        for _ in range(times):
            for odour, answer in answers.items():
                right.append(self.answer(twin, odour)[0] == answer)
                twin.run(REST, progress=False)
        return float(np.mean(right[len(right) // 4 :]))

    def interrupted(self, file: Path, trials: int = 10) -> bool:
        """Interrupt, save and load a copy; whether it has the same future as when it had not been.

        The interrupt comes from within a run, after a random step.
        """
        one = copy.deepcopy(self)
        left = iter(range(int(one.rng.integers(SHOWN)), -1, -1))

        def stimulus(_brain: Brain, _step: int) -> None:
            if next(left) == 0:
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            one.brain.run(SHOWN, stimulus, progress=False)
        two = copy.deepcopy(one)
        two.brain = load_brain(save_brain(one.brain, file))
        number = one.trials[-1].part
        for life in (one, two):
            for _ in range(trials):
                life.trial(number, 0.0)
        return one.brain.fingerprint() == two.brain.fingerprint()

    def right_in(self, number: int, first: float, last: float, changed: bool = False) -> float:
        """Share of right answers in a part, between two of its minutes.

        changed: to odours only of which something changed with that part.
        """
        found = [
            t.right
            for t in self.trials
            if t.part == number and (t.to_learn if changed else t.pays) and first <= t.minute < last
        ]
        return float(np.mean(found)) if found else float("nan")

    def settled(self, number: int, changed: bool = False) -> float:
        """The same in the last third of the first half hour of a part, or of the part."""
        length = min(30.0, 60.0 * PARTS[number].hours * self.scale)
        return self.right_in(number, length * 2.0 / 3.0, length, changed)


def main(output: Path | None = None, seed: int = 11, hours: float = 0.5) -> None:
    """A short life, and what two others come to that can't learn."""
    life, now = Life(seed, hours), 0
    with tempfile.TemporaryDirectory() as folder:
        for number in itertools.chain(life.live(), [len(PARTS)]):
            if number > now:
                name, right, learned = PARTS[now].name, life.settled(now), life.settled(now, True)
                print(f"{name}: {100 * right:.0f} % right, {100 * learned:.0f} % of what changed")
                assert min(right, learned) > 0.85, f"{name}: not learned"
                assert life.interrupted(Path(folder) / "brain"), "not the same future as if whole"
                now = number
    fastest = max(max(look.rates.values()) for look in life.diary)
    last = life.diary[-1]
    print(f"no region fired more than {fastest:.0f} Hz; {last.neurons} neurons, {last.born} born")
    assert fastest < 50.0, "a region fires too much"
    for without in ("no plasticity", "no reward"):
        control = Life(seed, hours, without)
        for number in control.live():
            if number:
                break
        print(f"{without}: {100 * control.settled(0):.0f} % right")
        assert control.settled(0) < 0.6, f"{without}, and it learns all the same"
    if output is not None:
        draw(output, life)


def draw(output: Path, life: Life) -> None:
    """The course of a life: answers, rates, neurons and synapses; nights are dark."""
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(3, 1, figsize=(11.0, 8.0), sharex=True, layout="constrained")
    hours = np.array([look.hour for look in life.diary])
    cycle = CYCLE * life.scale
    for ax in axes:
        plots.style(ax)
        for day in range(round(24.0 / CYCLE)):
            ax.axvspan(
                (day + 1.0 - NIGHT) * cycle, (day + 1.0) * cycle, color=plots.INK, alpha=0.07, lw=0
            )
        ends = np.cumsum([part.hours for part in PARTS]) * life.scale
        for end in ends[:-1]:
            ax.axvline(end, color=plots.INK, linewidth=0.8, linestyle=":")
    for part, end in zip(PARTS, ends, strict=True):
        axes[0].text(
            end - part.hours * life.scale, 103, f" {part.name}", fontsize=9, color=plots.INK
        )
    axes[0].plot(hours, [100 * look.right for look in life.diary], "o-", color=plots.COLORS[0])
    axes[0].axhline(100 / len(ANSWERS), color=plots.FAINT, linestyle="--")
    axes[0].set(ylim=(0, 112), ylabel="right answers (%)")
    for color, name in zip(plots.COLORS, life.brain.regions, strict=False):
        axes[1].plot(hours, [look.rates[name] for look in life.diary], color=color, label=name)
    axes[1].set_ylabel("rate (Hz)")
    axes[1].legend(frameon=False, fontsize=8, ncols=6, loc="upper right")
    axes[2].plot(hours, [look.neurons for look in life.diary], color=plots.COLORS[0])
    axes[2].set_ylabel("neurons", color=plots.COLORS[0])
    twin = axes[2].twinx()
    twin.plot(hours, [look.synapses for look in life.diary], color=plots.COLORS[1])
    twin.set_ylabel("synapses", color=plots.COLORS[1])
    axes[2].set_xlabel("time (hours)")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
