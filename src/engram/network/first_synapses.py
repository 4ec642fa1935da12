"""The first synapses of a pathway, put into the arrays they stay in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Values
from engram.errors import InvalidValueError
from engram.kernels.calls import kernel
from engram.network import efficacy, pathways
from engram.network.extent import check_extent
from engram.network.given import check_none, drawn_delays, drawn_magnitudes, too_large
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.sites import dendrites_of
from engram.network.wiring import Pairs, Rows
from engram.state import layout
from engram.synapses import Neurotransmitter

_ALIKE = np.zeros(1, np.uint16)

Floats = NDArray[np.float32]
Steps = NDArray[np.uint16]
Slots = NDArray[np.int32]


def is_first(network: Network, pathway: PathwayRecord) -> bool:
    """Whether synapses would be a pathway's first, all at the same place of a neuron.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    bool
        True if they can be put into their rows at once.
    """
    branches = dendrites_of(network, pathway).tree.branches
    return not branches and not pathways.n_synapses(network, pathway)


def make_room(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    least: float,
    largest: float,
    *,
    alone: bool,
) -> None:
    """Refuse weights outside the bounds; raise `w_max` where nobody has set it.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names the caller in errors.
    least, largest : float
        Magnitudes of new synapses.
    alone : bool
        Whether there are no others.

    Raises
    ------
    InvalidValueError
        They are outside the bounds.
    """
    low, high = efficacy.bounds_of_weights(network, pathway)
    if largest > efficacy.LARGEST_WEIGHT:
        raise too_large(where, largest)
    if pathway.w_max_given and largest > high:
        raise InvalidValueError(
            f"{where}: weights reach {largest:g}, above w_max = {high:g}; raise w_max"
        )
    if least < low:
        raise InvalidValueError(
            f"{where}: weights go down to {least:g}, below w_min = {low:g}; lower w_min"
        )
    present = 0.0 if alone else high
    if not pathway.w_max_given and 2.0 * largest > present:
        network.tables["w_max"][pathway.index] = 2.0 * largest if largest > 0 else 1.0


@dataclass
class _Part:
    """Some of the synapses: the first slot of their sources, and what they have of their own."""

    source: int
    begin: int
    nt: Neurotransmitter
    steps: Steps


class FirstSynapses:
    """The first synapses of a pathway as they come: in parts, of ascending sources.

    Weights are drawn where they stay, and each row is sorted by delay there.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which, see `is_first`.
    where : str
        Names the caller in errors.
    """

    def __init__(self, network: Network, pathway: PathwayRecord, where: str) -> None:
        self.network, self.pathway, self.where = network, pathway, where
        self._parts: list[_Part] = []
        self._n = 0
        self._post, self._weight = np.empty(0, np.int32), np.empty(0, np.float32)
        self._starts = np.zeros(layout.bounds(network.tables, pathway.index)[1] + 1, np.int64)

    def use(self, post: Slots, room: Slots | None = None) -> None:
        """Take memory for the synapses.

        Parameters
        ----------
        post : array of shape (n,), int32
            For postsynaptic neurons. Where rows are in it already, they stay.
        room : array of shape (n,), int32, or None
            For weights. None: new memory.
        """
        self._post = post
        self._weight = np.empty(len(post), np.float32) if room is None else room.view(np.float32)

    @property
    def free(self) -> Slots:
        """Where the next rows may be drawn, so that they are in their place."""
        return self._post[self._n :]

    def add(
        self, rows: Rows, nt: Neurotransmitter, values: Values, delays_ms: Values | None
    ) -> None:
        """Draw weights and delays of a part.

        Parameters
        ----------
        rows : Rows
            Whom it joins; its sources come after those of the part before.
        nt : Neurotransmitter
            Of all of it.
        values : float, array or Distribution
            Weights.
        delays_ms : float, array, Distribution or None
            Axonal delays, ms; None: the usual.

        Raises
        ------
        InvalidTypeError, InvalidValueError, CapacityError
            Weights or delays are not valid.
        """
        network, n, a = self.network, len(rows.post), self._n
        if not n:
            check_none(network, self.where, values)
            return
        if rows.post.ctypes.data != self.free.ctypes.data or n > len(self.free):
            weights = self._weight[:a]
            self.use(np.concatenate([self._post[:a], rows.post]))
            self._weight[:a] = weights
        tag, weight = network.tag + 1, self._weight[a : a + n]
        room = weight.view(np.int32)
        drawn = drawn_magnitudes(network, self.where, nt, values, n, tag, room)
        steps = drawn_delays(network, self.where, delays_ms, n, tag)
        found = [(int(p.steps.min()), int(p.steps.max())) for p in self._parts]
        found.append((int(steps.min()), int(steps.max())))
        reach = min(low for low, _ in found), max(high for _, high in found)
        traces = self.pathway.n_traces
        check_extent(network, self.pathway, self.where, *reach, a + n, traces)
        ends = float(drawn.min()), float(drawn.max())
        make_room(network, self.pathway, self.where, *ends, alone=not a)
        network.tag = tag
        if drawn.ctypes.data != weight.ctypes.data:
            weight[:] = drawn
        if is_negative(nt):
            np.negative(weight, out=weight)
        first_pre, n_pre, _, _ = layout.bounds(network.tables, self.pathway.index)
        self._starts += rows.starts(first_pre, n_pre)
        self._parts.append(_Part(int(rows.sources[0]) - first_pre, a, nt, steps))
        self._n += n

    def lay_out(self, birth: int) -> None:
        """Make what was added the synapses of the pathway.

        Parameters
        ----------
        birth : int
            Step of birth.
        """
        if not self._n:
            return
        parts, n = self._parts, self._n
        n_pre = len(self._starts) - 1
        shortest = min(int(p.steps.min()) for p in parts)
        lags = max(int(p.steps.max()) for p in parts) - shortest + 1
        post, weight = self._post[:n], self._weight[:n]
        segment = np.zeros(n_pre * lags + 1, np.int32)
        words = post.view(np.uint32), weight.view(np.uint32)
        edges = [0, *(p.source for p in parts[1:]), n_pre]
        kinds = np.array([p.nt for p in parts], np.uint8)
        begins = [*(p.begin for p in parts), n]
        for k in range(len(parts)):
            lag = _lags(parts[k].steps, shortest, lags)
            args = self._starts, edges[k], edges[k + 1], lag, lags
            kernel("dealing.part_rows")(*args, *words, segment)
            parts[k].steps = _ALIKE
        nt = kinds[:1] if (kinds == kinds[0]).all() else np.repeat(kinds, np.diff(begins))
        gain = parts[0].nt.gain
        settle(
            self.network, self.pathway, (post, weight), nt, gain, birth, (segment, shortest, lags)
        )


def _lags(steps: Steps, shortest: int, lags: int) -> Steps:
    """Delays less the shortest; one for all where they are the same."""
    if lags == 1:
        return _ALIKE
    own = steps.flags.writeable
    return np.subtract(steps, np.uint16(shortest), out=steps if own else None)


def is_negative(nt: Neurotransmitter) -> bool:
    """Whether weights of a transmitter are negative.

    Parameters
    ----------
    nt : Neurotransmitter
        Which.

    Returns
    -------
    bool
        True if it inhibits.
    """
    return bool(layout.signs(np.array([nt], np.uint8))[0] < 0)


def settle(
    network: Network,
    pathway: PathwayRecord,
    synapses: tuple[Slots, Floats],
    nt: NDArray[np.uint8],
    gain: float,
    birth: int,
    rows: tuple[NDArray[np.int32], int, int],
) -> None:
    """Let a pathway have synapses that are in order.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    synapses : tuple of two arrays of shape (n,)
        Postsynaptic neuron slots and weights.
    nt : array of uint8
        Transmitters, or one for all.
    gain : float
        Of all of them.
    birth : int
        Step of birth.
    rows : tuple of (array of int32, int, int)
        As of `layout.settle`.
    """
    network.tables["gain"][pathway.index] = gain
    columns: layout.Synapses = {
        "post": synapses[0],
        "weight": synapses[1],
        "nt": nt,
        "birth": np.array([birth], np.int32),
    }
    optional = pathways.optional_columns(pathway)
    layout.settle(
        network.tables, pathway.index, columns, rows, columns=optional, traces=pathway.n_traces
    )
    network.synapses_changed()


def deal(
    network: Network,
    pathway: PathwayRecord,
    ends: Pairs,
    nt: Neurotransmitter,
    magnitude: Floats,
    steps: Steps,
    birth: int,
) -> bool:
    """Lay out pairs in any order as the first synapses of a pathway.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which, see `is_first`.
    ends : Pairs
        Whom they join.
    nt : Neurotransmitter
        Of all of them.
    magnitude : array of shape (n,), float32
        Of the weights. It is written.
    steps : array of shape (n,), uint16
        Delays. It is written.
    birth : int
        Step of birth.

    Returns
    -------
    bool
        False, and nothing is changed, where delay and postsynaptic neuron do not fit into a key.
    """
    first_pre, n_pre, first_post, n_post = layout.bounds(network.tables, pathway.index)
    shortest = int(steps.min())
    lags = int(steps.max()) - shortest + 1
    bits = max(n_post - 1, 1).bit_length()
    if (lags - 1).bit_length() + bits > 32:
        return False
    weight = magnitude.astype(np.float32, copy=False)
    if is_negative(nt):
        np.negative(weight, out=weight)
    starts, first = np.zeros(n_pre + 1, np.int64), first_pre - ends.origin[0]
    kernel("dealing.count_rows")(ends.pre, first, starts)
    post, dealt = np.empty(len(weight), np.int32), np.empty(len(weight), np.float32)
    words = post.view(np.uint32), dealt.view(np.uint32)
    lag, own = _lags(steps, shortest, lags), weight.view(np.uint32)
    where = first, first_post - ends.origin[1], bits, starts.copy()
    kernel("dealing.deal")(ends.pre, ends.post, lag, own, *where, *words)
    segment = np.zeros(n_pre * lags + 1, np.int32)
    kernel("dealing.sort_dealt")(starts, lags, bits, first_post, *words, segment)
    kind = np.array([nt], np.uint8)
    settle(network, pathway, (post, dealt), kind, nt.gain, birth, (segment, shortest, lags))
    return True
