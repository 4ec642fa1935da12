"""Which neurons a projection connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, brief, flag, integer, number
from engram.kernels.calls import call, kernel
from engram.parameters.checks import choice

Indices = NDArray[np.int64]
Slots = NDArray[np.int32]

WIRINGS = ("random", "in_degree", "all_to_all", "one_to_one", "all_but_one")


class Pairs(NamedTuple):
    """Pairs of neurons in any order.

    Parameters
    ----------
    pre : array of shape (n,), int32
        Presynaptic neuron slots, less `origin`. To be read only.
    post : array of shape (n,), int32
        Postsynaptic neuron slots, less `origin`. To be read only.
    origin : tuple of (int, int)
        From where on presynaptic and postsynaptic ones are counted.
    """

    pre: Slots
    post: Slots
    origin: tuple[int, int] = (0, 0)

    def slots(self) -> tuple[Slots, Slots]:
        """Slots of the brain.

        Returns
        -------
        tuple of two arrays of shape (n,), int32
            Presynaptic and postsynaptic ones.
        """
        if self.origin == (0, 0):
            return self.pre, self.post
        return self.pre + np.int32(self.origin[0]), self.post + np.int32(self.origin[1])


@dataclass(frozen=True)
class Rows:
    """Pairs of neurons by presynaptic one: whom each contacts, in ascending order.

    Parameters
    ----------
    sources : array of shape (n_sources,), int64
        Presynaptic neuron slots, ascending.
    count : array of shape (n_sources,), int64
        How many each contacts.
    post : array of shape (n,), int32
        Postsynaptic neuron slots, of one source after the other. It may be kept and written.
    room : array of shape (n,), int32, or None
        Memory that is free to be used for weights.
    """

    sources: Indices
    count: Indices
    post: Slots
    room: Slots | None = None

    def starts(self, first: int, n: int) -> Indices:
        """Where the synapses of each of the slots of a region begin, and where the last end.

        Parameters
        ----------
        first : int
            First slot.
        n : int
            How many slots.

        Returns
        -------
        array of shape (n + 1,), int64
            From 0 to the number of pairs.
        """
        found = np.zeros(n + 1, np.int64)
        found[self.sources - first + 1] = self.count
        return np.cumsum(found)

    def slots(self) -> tuple[Slots, Slots]:
        """The same as two lists.

        Returns
        -------
        tuple of two arrays of shape (n,), int32
            Presynaptic and postsynaptic slots of the brain, in the same order.
        """
        return np.repeat(self.sources.astype(np.int32), self.count), self.post

    def parted(self, sources: int) -> tuple[Rows, Rows]:
        """The pairs of the first sources, and those of the others.

        Parameters
        ----------
        sources : int
            How many are first.

        Returns
        -------
        tuple of (Rows, Rows)
            Parts of the same memory.
        """
        n = int(self.count[:sources].sum())
        return (
            Rows(self.sources[:sources], self.count[:sources], self.post[:n]),
            Rows(self.sources[sources:], self.count[sources:], self.post[n:]),
        )


def connect(
    where: str,
    wiring: str,
    sources: Indices,
    targets: Indices,
    *,
    density: float,
    in_degree: int | None,
    autapses: bool,
    seed: int,
    tag: int,
    memory: Slots | None = None,
) -> Rows:
    """The pairs of a wiring between two sets of neurons.

    Time and memory are proportional to the number of synapses.

    Parameters
    ----------
    where : str
        Names what is connected in an error.
    wiring : {"random", "in_degree", "all_to_all", "one_to_one", "all_but_one"}
        random: every pair with probability `density`. in_degree: every target gets `in_degree`
        sources. all_to_all: every pair. one_to_one: in order, as many on either side.
        all_but_one: the pairs that one_to_one leaves out.
    sources : array of shape (n_sources,), int64
        Neuron slots, ascending.
    targets : array of shape (n_targets,), int64
        Neuron slots, ascending.
    density : float
        Probability of a pair, for random.
    in_degree : int or None
        Sources of each target, for in_degree.
    autapses : bool
        Whether a neuron may be connected with itself.
    seed : int
        Of the brain.
    tag : int
        Of the random numbers: another wiring for each.
    memory : array of int32, optional
        Where "random" and "all_to_all" begin to write, if it has room for `Wiring.most`.

    Returns
    -------
    Rows
        The pairs.

    Raises
    ------
    InvalidValueError
        It is a wiring that these neurons can't have.
    """
    if wiring == "random":
        return _random(where, sources, targets, density, autapses, seed, tag, memory)
    if wiring == "in_degree":
        return _in_degree(where, sources, targets, in_degree, autapses, seed, tag)
    if wiring == "all_to_all":
        return _all_but(sources, targets, positions(sources, targets, autapses), memory)
    if wiring in ("one_to_one", "all_but_one"):
        return _by_number(where, wiring, sources, targets)
    raise InvalidValueError(f"{where}: wiring must be one of {WIRINGS}, not {brief(wiring)}")


def _random(
    where: str,
    sources: Indices,
    targets: Indices,
    density: float,
    autapses: bool,
    seed: int,
    tag: int,
    memory: Slots | None,
) -> Rows:
    p, count = number(f"{where}: density", density, 0.0, 1.0), np.zeros(len(sources), np.int64)
    if p == 0.0 or not len(sources) or not len(targets):
        return Rows(sources, count, _memory(0, memory))
    room, n = most_random(p, len(sources), len(targets)), -1
    post = _memory(room, memory)
    while n < 0:
        n = call(
            "dealing.draw_bernoulli",
            rows=sources,
            targets=targets,
            skip=positions(sources, targets, autapses),
            p=p,
            seed=np.uint64(seed),
            tag=tag,
            post=post,
            count=count,
        )
        if n < 0:
            room *= 2
            post = np.empty(room, np.int32)
    # What was reserved beyond has never been touched.
    return Rows(sources, count, post[:n])


def most_random(p: float, n_sources: int, n_targets: int) -> int:
    """Pairs that are hardly ever exceeded.

    Parameters
    ----------
    p : float
        Probability of a pair.
    n_sources, n_targets : int
        Neurons on both sides.

    Returns
    -------
    int
        Six standard deviations above the mean.
    """
    mean = p * n_sources * n_targets
    return min(int(mean + 6.0 * mean**0.5) + 64, n_sources * n_targets)


def _memory(n: int, memory: Slots | None) -> Slots:
    """The first entries of some memory, or new memory."""
    return np.empty(n, np.int32) if memory is None or len(memory) < n else memory[:n]


def _in_degree(
    where: str,
    sources: Indices,
    targets: Indices,
    in_degree: int | None,
    autapses: bool,
    seed: int,
    tag: int,
) -> Rows:
    skip = positions(targets, sources, autapses)
    most = len(sources) - int((skip >= 0).any())
    degree = integer(f"{where}: in_degree", in_degree, 0, most)
    source, post = (np.empty(degree * len(targets), np.int32) for _ in range(2))
    count = np.zeros(len(sources), np.int64)
    call(
        "dealing.choose_sources",
        n_sources=len(sources),
        targets=targets,
        skip=skip,
        degree=degree,
        seed=np.uint64(seed),
        tag=tag,
        source=source,
        count=count,
    )
    kernel("dealing.list_targets")(targets, degree, source, np.cumsum(count) - count, post)
    return Rows(sources, count, post, room=source)


def _all_but(
    sources: Indices, targets: Indices, skip: Indices, memory: Slots | None = None
) -> Rows:
    """All pairs but those with ``targets[skip[r]]``."""
    count = len(targets) - (skip >= 0).astype(np.int64)
    post = _memory(int(count.sum()), memory)
    kernel("dealing.list_all")(len(sources), targets, skip, post)
    return Rows(sources, count, post)


def _by_number(where: str, wiring: str, sources: Indices, targets: Indices) -> Rows:
    n = len(sources)
    if n != len(targets):
        raise InvalidValueError(
            f"{where}: wiring {wiring!r} needs as many source as target neurons, "
            f"not {n} and {len(targets)}"
        )
    if wiring == "all_but_one":
        return _all_but(sources, targets, np.arange(n))
    return Rows(sources, np.ones(n, np.int64), targets.astype(np.int32))


def positions(of: Indices, among: Indices, autapses: bool) -> Indices:
    """Where each neuron stands among the others; -1 if it does not, or may be chosen anyway.

    Parameters
    ----------
    of : array of shape (n,), int64
        Neuron slots.
    among : array of shape (m,), int64
        Neuron slots, ascending.
    autapses : bool
        Whether a neuron may be connected with itself.

    Returns
    -------
    array of shape (n,), int64
        Indices into `among`, or -1.
    """
    found = np.full(len(of), -1, np.int64)
    if not autapses and len(among):
        place = np.searchsorted(among, of)
        place[place == len(among)] = 0
        same = among[place] == of
        found[same] = place[same]
    return found


def expected_in_degree(wiring: str, n_sources: int, density: float, in_degree: int | None) -> float:
    """The mean number of synapses a target neuron gets.

    Parameters
    ----------
    wiring : str
        As for `connect`.
    n_sources : int
        Source neurons.
    density : float
        Probability of a pair, for random.
    in_degree : int or None
        Sources of each target, for in_degree.

    Returns
    -------
    float
        Synapses per target neuron.
    """
    return {
        "random": density * n_sources,
        "in_degree": float(in_degree or 0),
        "all_to_all": float(n_sources),
        "one_to_one": 1.0,
        "all_but_one": n_sources - 1.0,
    }.get(wiring, 1.0)


@dataclass(frozen=True)
class Wiring:
    """How to connect two sets of neurons; see `connect`.

    Parameters
    ----------
    wiring : {"random", "in_degree", "all_to_all", "one_to_one", "all_but_one"}
        Which pairs.
    density : float
        Probability of a pair, for random.
    in_degree : int or None
        Sources of each target, for in_degree.
    autapses : bool
        Whether a neuron may be connected with itself.
    """

    wiring: str
    density: float
    in_degree: int | None
    autapses: bool

    def check(self, where: str) -> None:
        """Refuse what does not fit together.

        Parameters
        ----------
        where : str
            Names what is connected in an error.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            There is no such wiring, or an argument has no effect with it.
        """
        choice(f"{where}: wiring", self.wiring, WIRINGS)
        flag(f"{where}: autapses", self.autapses)
        if self.wiring == "in_degree":
            # How many there are at most, the sources say.
            integer(f"{where}: in_degree", self.in_degree)
        if self.in_degree is not None and self.wiring != "in_degree":
            raise InvalidValueError(
                f"{where}: in_degree = {self.in_degree!r} has no effect with wiring "
                f"{self.wiring!r}; use wiring='in_degree'"
            )

    def degree(self, n_sources: int) -> float:
        """The expected in-degree.

        Parameters
        ----------
        n_sources : int
            Source neurons.

        Returns
        -------
        float
            Synapses per target neuron.
        """
        return expected_in_degree(self.wiring, n_sources, self.density, self.in_degree)

    def most(self, n_sources: int, n_targets: int) -> int:
        """How many synapses there hardly ever are more of; of "random" and "all_to_all".

        Parameters
        ----------
        n_sources, n_targets : int
            Neurons on both sides.

        Returns
        -------
        int
            Pairs.
        """
        p = self.density if self.wiring == "random" else 1.0
        return most_random(p, n_sources, n_targets)

    def rows(
        self,
        where: str,
        sources: NDArray[np.int64],
        targets: NDArray[np.int64],
        seed: int,
        tag: int,
        memory: Slots | None = None,
    ) -> Rows:
        """The pairs to connect, as `connect` finds them.

        Parameters
        ----------
        where : str
            Names what is connected in an error.
        sources : array of shape (n_sources,), int64
            Neuron slots, ascending.
        targets : array of shape (n_targets,), int64
            Neuron slots, ascending.
        seed : int
            Of the brain.
        tag : int
            Of the random numbers: another wiring for each.
        memory : array of int32, optional
            As of `connect`.

        Returns
        -------
        Rows
            The pairs.

        Raises
        ------
        InvalidValueError
            It is a wiring that these neurons can't have.
        """
        return connect(
            where,
            self.wiring,
            sources,
            targets,
            density=self.density,
            in_degree=self.in_degree,
            autapses=self.autapses,
            seed=seed,
            tag=tag,
            memory=memory,
        )
