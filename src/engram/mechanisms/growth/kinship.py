"""Newborns that are wired like one neighbour, their sister."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call, kernel
from engram.network import pathways, population
from engram.network.individuals import columns_of
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.neurons import NeuronType
from engram.state import layout

Slots = NDArray[np.int64]
Synapses = tuple[NDArray[Any], ...]

ONE_TO_ONE, ALL_BUT_ONE = "one_to_one", "all_but_one"

_DRAWS = 1 << 24
_INHERITED_COLUMNS = ("out_pre", "out_post", "out_lag", "out_nt", "out_magnitude")
_SISTERS, _INHERITED, _ALIKE = 1 << 40, 2 << 40, 3 << 40


def inhibitory_births(network: Network, region: RegionRecord, n: int) -> int:
    """How many of n newborns have to be inhibitory for the region's share of them to hold.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Where they are born.
    n : int
        Newborns.

    Returns
    -------
    int
        In [0, n].
    """
    alive = population.n_alive(network, region)
    inhibitory = alive - population.n_excitatory(network, region)
    due = round((1.0 - region.excitatory) * (alive + n)) - inhibitory
    return min(max(due, 0), n)


def by_type(network: Network, region: RegionRecord, slots: Slots) -> dict[NeuronType, Slots]:
    """Which newborns are of which type: that of the dead where places stand for values.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Where they are born.
    slots : array of int64
        Free slots of the region.

    Returns
    -------
    dict of NeuronType to array of int64
        The slots of each; elsewhere as many as it takes for the region's share to hold.
    """
    if network.tables["coded"][region.index]:
        before = network.slots(region, "neuron_type")[slots]
        return {kind: slots[before == kind] for kind in NeuronType}
    due = inhibitory_births(network, region, len(slots))
    first = len(slots) - due
    return {NeuronType.EXCITATORY: slots[:first], NeuronType.INHIBITORY: slots[first:]}


class Family:
    """The newborns of one cycle of growth, and who they are like.

    Each newborn has a sister of its own: a random living neuron of its region and type, so that a
    region at most doubles in a cycle. It gets her threshold and, in every projection, her synapses,
    with the same partners, delays and transmitters; magnitudes are multiplied by a random number
    from 1 - spread to 1 + spread. Sister cells share what they answer (Li et al. 2012), and
    newborns of the hippocampus first connect with what their neighbours are connected with (Toni et
    al. 2007).

    Wiring by number goes on by number. Where every neuron reaches the one with its own number in
    the other region and no others (one-to-one), so do newborns, and what they are to reach is born
    with them; a region that is reached so does not grow by itself. Where every neuron reaches all
    but that one, so do newborns. What a projection is like is looked up before anyone is born.

    Parameters
    ----------
    network : Network
        Which grows.

    References
    ----------
    .. [1] Li et al. 2012, doi:10.1038/nature11110
    .. [2] Toni et al. 2007, doi:10.1038/nn1908
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._kinds = [_by_number(network, p) for p in network.pathways]
        self._leaders: dict[str, str] = {}
        for p, kind in zip(network.pathways, self._kinds, strict=True):
            if kind == ONE_TO_ONE and p.target not in self._leaders and not self._led(p):
                self._leaders[p.target] = p.source
        self._born: dict[str, Slots] = {}
        self._sisters: dict[str, Slots] = {}

    def _led(self, p: PathwayRecord) -> bool:
        """Whether the source of a projection is born with its target already."""
        name: str | None = p.source
        while name is not None:
            if name == p.target:
                return True
            name = self._leaders.get(name)
        return False

    def births(self, rooms: dict[str, int]) -> dict[str, NDArray[np.int32]]:
        """Let neurons be born.

        Parameters
        ----------
        rooms : dict of str to int
            Newborns at most, of each region that grows, by name.

        Returns
        -------
        dict of str to array of shape (n,), int32
            Neuron slots of the brain, by region; regions born with others included.
        """
        for name, most in rooms.items():
            if name not in self._leaders:
                self._bear(self._network.regions[name], most)
        found = {}
        for name, slots in self._born.items():
            found[name] = (slots + self._network.first(self._network.regions[name])).astype(
                np.int32
            )
            self._network.tables["youth"][found[name]] = 1
        return found

    def _followers(self, name: str) -> list[RegionRecord]:
        """The regions that are born with one, those born with these included."""
        found = []
        for follower, leader in self._leaders.items():
            if leader == name:
                found += [self._network.regions[follower], *self._followers(follower)]
        return found

    def _bear(self, region: RegionRecord, most: int) -> None:
        network = self._network
        followers = self._followers(region.name)
        room = min(r.max_neurons for r in (region, *followers))
        slots = population.free_slots(network, region, most)
        slots = slots[slots < room]
        born, sisters = [], []
        for kind, places in by_type(network, region, slots).items():
            options = population.of_type(network, region, kind)
            options = options[~np.isin(options, slots)]
            # Nobody is born who would have no sister of her own.
            count = min(len(places), len(options))
            if not count:
                continue
            kernel("growth.draw_different")(
                options,
                count,
                np.uint64(network.seed),
                np.int64(_SISTERS + 2 * region.stream + kind),
                np.int64(network.step_count * _DRAWS),
            )
            part, chosen = places[:count], options[:count]
            like = columns_of(network, region, chosen)
            population.fill_slots(network, region, part, kind, columns=like)
            theta = population.state(network, region, "theta")
            theta[part] = theta[chosen]
            born.append(part)
            sisters.append(chosen)
        if not born:
            return
        self._born[region.name] = new = np.concatenate(born)
        self._sisters[region.name] = kin = np.concatenate(sisters)
        for follower in followers:
            alive = np.zeros(follower.max_neurons, np.bool_)
            alive[: network.count(follower)] = network.alive(follower)
            # A neuron may have died whose counterpart lives on.
            free = ~alive[new] & alive[kin]
            like = columns_of(network, follower, kin[free])
            population.fill_slots(network, follower, new[free], NeuronType.EXCITATORY, columns=like)
            theta = population.state(network, follower, "theta")
            theta[new[free]] = theta[kin[free]]
            self._born[follower.name], self._sisters[follower.name] = new[free], kin[free]

    def wiring(self, pathway: PathwayRecord, room: int, spread: float) -> Synapses:
        """Synapses of the newborns in a projection.

        Parameters
        ----------
        pathway : PathwayRecord
            Settings of the projection.
        room : int
            Synapses, at most.
        spread : float
            Variation of the magnitudes that are taken over, relative.

        Returns
        -------
        tuple of five arrays of shape (n,)
            Pre, post (int32, neuron slots of the brain), lag (int32, steps above the shortest
            delay), transmitter (uint8) and magnitude (float32).
        """
        network, p = self._network, pathway.index
        none = np.zeros(0, np.int64)
        ends = pathway.source, pathway.target
        born = self._born.get(ends[0], none), self._born.get(ends[1], none)
        if not (len(born[0]) or len(born[1])) or not pathways.n_synapses(network, pathway):
            empty = [np.zeros(0, t) for t in (np.int32, np.int32, np.int32, np.uint8, np.float32)]
            return tuple(empty)
        kind = self._kinds[p]
        if kind is not None:
            return self._numbered(pathway, kind, *born, room)
        tables, block = network.tables, network.block(pathway)
        first_pre, n_pre, first_post, n_post = layout.bounds(tables, p)
        heirs = [np.full(n, -1, np.int64) for n in (n_pre, n_post)]
        for name, new, heir in zip(ends, born, heirs, strict=True):
            heir[self._sisters.get(name, none)] = new
        most = int(min(room, 2 * len(block["post"])))
        out = [np.empty(most, t) for t in (np.int32, np.int32, np.int32, np.uint8, np.float32)]
        made = call(
            "growth.inherit",
            tables.arrays,
            block,
            n_used=int(tables["region_count"][tables["source"][p]]),
            lags=int(tables["delay_count"][p]),
            first_pre=first_pre,
            first_post=first_post,
            integral=np.float32(tables["dopamine_integral"][p]),
            low=tables["w_min"][p],
            high=tables["w_max"][p],
            heir_pre=heirs[0],
            heir_post=heirs[1],
            spread=spread,
            seed=np.uint64(network.seed),
            entity=np.int64(_INHERITED + pathway.stream),
            start=np.int64(network.step_count * _DRAWS),
            **dict(zip(_INHERITED_COLUMNS, out, strict=True)),
        )
        return tuple(column[:made] for column in out)

    def _numbered(
        self, pathway: PathwayRecord, kind: str, new_pre: Slots, new_post: Slots, room: int
    ) -> Synapses:
        """Synapses of newborns where numbers say who is connected with whom."""
        network, p = self._network, pathway.index
        tables, block = network.tables, network.block(pathway)
        first_pre, _, first_post, _ = layout.bounds(tables, p)
        sources = np.flatnonzero(network.alive(network.regions[pathway.source]))
        targets = np.flatnonzero(network.alive(network.regions[pathway.target]))
        old = np.setdiff1d(targets, new_post)
        if kind == ONE_TO_ONE:
            pre = np.intersect1d(np.union1d(new_pre, new_post), np.intersect1d(sources, targets))
            post = pre
        else:
            pre = np.concatenate([np.repeat(sources, len(new_post)), np.repeat(new_pre, len(old))])
            post = np.concatenate([np.tile(new_post, len(sources)), np.tile(old, len(new_pre))])
            others = pre != post
            pre, post = pre[others], post[others]
        n = min(len(pre), room)
        lag, nt = np.empty(n, np.int64), np.empty(n, np.uint8)
        call(
            "growth.draw_alike",
            block,
            count=n,
            seed=np.uint64(network.seed),
            entity=np.int64(_ALIKE + pathway.stream),
            start=np.int64(network.step_count * _DRAWS),
            out_lag=lag,
            out_nt=nt,
        )
        lag %= int(tables["delay_count"][p])
        magnitude = np.full(n, np.abs(block["weight"]).mean(dtype=np.float64), np.float32)
        return (
            (pre[:n] + first_pre).astype(np.int32),
            (post[:n] + first_post).astype(np.int32),
            lag.astype(np.int32),
            nt,
            magnitude,
        )


def _by_number(network: Network, pathway: PathwayRecord) -> str | None:
    """Whether a pathway is wired one to one or all but one, for all that live."""
    tables, block, p = network.tables, network.block(pathway), pathway.index
    ends = [network.regions[name] for name in (pathway.source, pathway.target)]
    alive = [network.alive(region) for region in ends]
    common = min(len(side) for side in alive)
    both = int((alive[0][:common] & alive[1][:common]).sum())
    if both < 2:
        return None
    first_pre, _, first_post, _ = layout.bounds(tables, p)
    found = call(
        "growth.count_matched",
        tables.arrays,
        block,
        n_used=int(tables["region_count"][tables["source"][p]]),
        lags=int(tables["delay_count"][p]),
        first_pre=first_pre,
        first_post=first_post,
    )
    others = int(alive[0].sum()) * int(alive[1].sum()) - both
    return {(both, both): ONE_TO_ONE, (others, 0): ALL_BUT_ONE}.get(found)
