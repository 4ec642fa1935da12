"""Random arguments for calls, as source text, and the calls made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from engram import Brain, Projection, Region

T = TypeVar("T")

MODELS = {
    "Izhikevich": 8.0,
    "Izhikevich(d=7.0)": 8.0,
    "LIF": 20.0,
    "LIF(tau_m=15.0, t_ref=3.0)": 20.0,
    "CurrentLIF(tau_exc=0.0)": 20.0,
    "AdEx": 700.0,
    "PoissonSource": 60.0,
    "Relay": 0.6,
    "Quadratic(tau=8.0)": 0.2,
}
"""Models, and an input that lets them fire."""

INPUTS = {source.partition("(")[0]: size for source, size in MODELS.items()}

RULES = (
    "None",
    "'stdp'",
    "'reward_stdp'",
    "'trace_stdp'",
    "'triplet_stdp'",
    "STDP(pairing='nearest')",
    "STDP(bounds='multiplicative', tau_plus=3.0)",
    "RewardSTDP(tau_eligibility=60.0)",
    "Oja(eta=0.05)",
    "Hebb(tau_eligibility=80.0)",
)

BAD = (
    "None",
    "float('nan')",
    "float('inf')",
    "-1",
    "-0.5",
    "0",
    "1.5",
    "2**70",
    "-(2**70)",
    "1e300",
    "1e-300",
    "'nobody'",
    "''",
    "b'x'",
    "[]",
    "[[1, 2], [3]]",
    "[float('nan')]",
    "[10**6]",
    "[-1]",
    "{}",
    "True",
    "object()",
    "1 + 2j",
    "np.zeros((2, 2))",
    "np.array(['a'])",
    "np.array(3.5)",
    "np.float64('nan')",
    "np.array([], dtype=object)",
    "[None]",
    "['a', 1]",
    "Brain",
    "2**31",
    "2**32",
    "-0.0",
    "np.int8(3)",
    "np.uint64(2**63)",
    "[True]",
    "'r0'",
    "iter([])",
    "range(2)",
    "slice(None)",
    "np.ma.masked",
)
"""What callers pass by mistake. (None of it makes a call that is valid take long.)"""


@dataclass(frozen=True)
class Call:
    """A call, as source text.

    Parameters
    ----------
    head : str
        What is called, or what is assigned to.
    arguments : tuple of (str, str)
        Name ("" of a positional one) and source of each.
    pieces : str, optional
        The same in pieces; None: it is made as it is.
    kind : str
        "call", "assignment", "look", or "partial": a call that may fail half-way, by a function
        that it is given.
    """

    head: str
    arguments: tuple[tuple[str, str], ...] = ()
    pieces: str | None = None
    kind: str = "call"

    @property
    def source(self) -> str:
        """The statement."""
        if self.kind == "assignment":
            return f"{self.head} = {self.arguments[0][1]}"
        if self.kind == "look":
            return self.head
        given = ", ".join(f"{n}={v}" if n else v for n, v in self.arguments)
        return f"{self.head}({given})"

    def spoiled(self, which: int, value: str) -> Call:
        """With another value for one argument.

        Parameters
        ----------
        which : int
            Which argument.
        value : str
            What it becomes.

        Returns
        -------
        Call
            Another one.
        """
        arguments = list(self.arguments)
        arguments[which] = (arguments[which][0], value)
        return Call(self.head, tuple(arguments), None, self.kind)


def call(head: str, *arguments: str, pieces: str | None = None, **named: str | None) -> Call:
    """A call.

    Parameters
    ----------
    head : str
        What is called.
    *arguments : str
        Sources of positional arguments.
    pieces : str, optional
        The same in pieces.
    **named : str, optional
        Sources of named arguments; None: it is left out.

    Returns
    -------
    Call
        As a description.
    """
    given = [("", a) for a in arguments] + [(n, v) for n, v in named.items() if v is not None]
    return Call(head, tuple(given), pieces)


def assigned(head: str, value: str) -> Call:
    """An assignment.

    Parameters
    ----------
    head : str
        To what.
    value : str
        The value.

    Returns
    -------
    Call
        As a description.
    """
    return Call(head, (("", value),), kind="assignment")


def look(source: str) -> Call:
    """An expression that only reads.

    Parameters
    ----------
    source : str
        The expression.

    Returns
    -------
    Call
        As a description.
    """
    return Call(source, kind="look")


class Draw:
    """Random choices that suit a brain as it is.

    Parameters
    ----------
    brain : Brain
        What calls are for; it is only looked at.
    rng : Generator
        The choices.
    """

    def __init__(self, brain: Brain, rng: np.random.Generator) -> None:
        self.brain, self.rng = brain, rng

    def below(self, n: int) -> int:
        """A whole number."""
        return int(self.rng.integers(n))

    def chance(self, share: float) -> bool:
        """Whether it happens."""
        return bool(self.rng.random() < share)

    def one_of(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]

    def maybe(self, value: str | None, share: float = 0.3) -> str | None:
        """The value, or that it is left out."""
        return value if self.chance(share) else None

    def real(self, low: float, high: float) -> str:
        """A number with three digits."""
        return f"{float(f'{self.rng.uniform(low, high):.3g}')!r}"

    def parts(self, total: int) -> list[int]:
        """Parts of a number of steps."""
        if not total:
            return []
        cuts = np.unique(self.rng.integers(1, total + 1, self.below(4)))
        ends = [0, *(int(c) for c in cuts if c < total), total]
        return [b - a for a, b in pairwise(ends)]

    # -- what there is

    @property
    def region(self) -> Region:
        """One of the regions."""
        return self.one_of(list(self.brain.regions.values()))

    def name(self) -> str:
        """A region's name, as source."""
        return repr(self.one_of(list(self.brain.regions)))

    def region_source(self) -> tuple[Region, str]:
        """A region, and how it is called."""
        region = self.region
        return region, f"brain.regions[{region.name!r}]"

    def projection(self) -> tuple[Projection, str]:
        """A projection, and how it is called."""
        k = self.below(len(self.brain.projections))
        return self.brain.projections[k], f"brain.projections[{k}]"

    def current(self, region: Region) -> str:
        """An input that drives a region."""
        size = INPUTS.get(type(region.model).__name__, 8.0)
        return self.real(0.0, 3.0 * size)

    def background(self, region: Region) -> str:
        """A background that suits a region's model."""
        size = INPUTS.get(type(region.model).__name__, 8.0)
        return self.real(0.0, 1.2 * size)

    def neurons(self, region: Region, most: int = 4) -> str:
        """Indices of neurons."""
        n = max(1, region.n_neurons)
        return repr([self.below(n) for _ in range(self.below(most) + 1)])

    def living(self, name: str, count: int) -> str | None:
        """Indices of living neurons; None if there are none."""
        alive = np.flatnonzero(self.brain.regions[name].neuron_alive)
        if not len(alive):
            return None
        return repr([int(self.one_of(list(alive))) for _ in range(count)])

    def values(self) -> str:
        """What `stimulate` takes."""
        return repr([round(float(x), 2) for x in self.rng.random(self.below(2) + 1)])

    # -- values

    def rule(self) -> str:
        """A rule."""
        return self.one_of(RULES)

    def stp(self) -> str:
        """Short-term plasticity."""
        return self.one_of(
            (
                "None",
                "ShortTermPlasticity(U=0.3)",
                "ShortTermPlasticity(U=0.2, tau_rec=100.0, tau_facil=60.0)",
            )
        )

    def weights(self) -> str:
        """Weights."""
        return self.one_of(("1.0", "3.0", "Uniform(0.5, 2.0)", "LogNormal(1.0, 0.5)"))

    def delays(self) -> str:
        """Delays, ms."""
        return self.one_of(("1.0", "4.0", "Uniform(1.0, 12.0)", "Normal(8.0, 3.0)"))

    def transmitter(self) -> str:
        """A transmitter."""
        kind = self.one_of(("GLUTAMATE", "GABA", "DOPAMINE", "SEROTONIN", "ACETYLCHOLINE"))
        return f"Neurotransmitter.{kind}"

    def parameter(self, part: Any) -> tuple[str, str] | None:
        """A parameter of something, and a value in its range.

        Parameters
        ----------
        part : Parameterized
            That has parameters.

        Returns
        -------
        tuple of (str, str) or None
            None if it has none.
        """
        declared = part.parameters()
        if not declared:
            return None
        name = self.one_of(list(declared))
        p = declared[name]
        if p.choices:
            return name, repr(self.one_of(p.choices))
        if isinstance(p.default, bool):
            return name, repr(self.chance(0.5))
        if isinstance(p.default, int):
            least = 0 if p.low is None else int(p.low)
            return name, repr(least + self.below(8))
        if p.unit == "ms":
            value = float(np.exp(self.rng.uniform(np.log(2.0), np.log(400.0))))
        else:
            value = (p.default or 0.2) * float(np.exp(self.rng.uniform(-1.0, 1.0)))
        low = -np.inf if p.low is None else p.low
        high = np.inf if p.high is None else p.high
        value = float(f"{min(max(value, low), high):.3g}")
        return name, repr(value)
