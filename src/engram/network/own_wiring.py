"""The wiring of a region's neurons among themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engram.distributions import Values
from engram.errors import InvalidValueError, number
from engram.network import additions, defaults, efficacy, matrices, population, settings
from engram.network.connect import add_pathway, delays_of
from engram.network.first_synapses import FirstSynapses
from engram.network.given import check_given
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.network.transaction import transaction
from engram.network.wiring import Pairs, Rows, Wiring
from engram.neurons import NeuronModel, NeuronType
from engram.plasticity import PlasticityRule
from engram.synapses import Neurotransmitter, ShortTermPlasticity

CONNECTIVITY = 0.1
"""Probability that a neuron contacts another of its region, unless it is given."""


class Usual(float):
    """A number that stands for one that nobody gave."""


def density_of(given: float, model: NeuronModel | type[NeuronModel]) -> float:
    """The probability of a synapse within a region.

    Parameters
    ----------
    given : float
        A `Usual` one where nobody gave it.
    model : NeuronModel or type
        Of its neurons.

    Returns
    -------
    float
        By default `CONNECTIVITY`, and 0 for sources: they stand for input from outside.
    """
    return 0.0 if isinstance(given, Usual) and getattr(model, "is_source", False) else given


Part = tuple[Rows, Neurotransmitter, Values]
"""Synapses of one transmitter: whom they join, the transmitter, weights."""


@dataclass(frozen=True)
class OwnWiring:
    """The wiring of a new region's neurons among themselves; see `Brain.add_region`.

    Parameters
    ----------
    wiring : Wiring
        Who contacts whom.
    weights : float, array, matrix or Distribution or None
        Magnitudes of excitatory weights; a matrix has those of all. None: too weak to sustain
        activity.
    inhibitory_weights : float, array or Distribution or None
        Magnitudes of inhibitory weights. None: by the model.
    delays : float, array, matrix or Distribution or None
        Axonal delays, ms. None: `engram.network.defaults.DELAYS`.
    w_max : float or None
        Greatest magnitude. None: it follows the weights.
    rule : PlasticityRule or str or None
        By which it learns. None: it does not.
    stp : ShortTermPlasticity or None
        Short-term plasticity. None: none.
    """

    wiring: Wiring
    weights: Any
    inhibitory_weights: Values | None
    delays: Any
    w_max: float | None
    rule: PlasticityRule | str | None
    stp: ShortTermPlasticity | None

    def check(self, network: Network, where: str) -> None:
        """Refuse what does not fit together.

        Parameters
        ----------
        network : Network
            Of the brain.
        where : str
            Names the caller in errors.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A value is of another kind or has no effect.
        """
        self.wiring.check(where)
        excitatory, inhibitory = Neurotransmitter.GLUTAMATE, Neurotransmitter.GABA
        check_given(network, where, excitatory, self.weights, self.delays)
        check_given(
            network, f"{where}: inhibitory_weights", inhibitory, self.inhibitory_weights, None
        )
        if not matrices.is_matrix(f"{where}: weights", self.weights):
            return
        matrices.check_alone(where, self.wiring, CONNECTIVITY)
        if self.inhibitory_weights is not None:
            raise InvalidValueError(
                f"{where}: inhibitory_weights have no effect beside a matrix of weights, which has "
                f"those of all neurons"
            )


def wire_within(
    network: Network, where: str, region: RegionRecord, rule: PlasticityRule | None, own: OwnWiring
) -> None:
    """Make a new region's own wiring.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    region : RegionRecord
        With its neurons.
    rule : PlasticityRule or None
        By which it learns.
    own : OwnWiring
        How it is to be.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is a wiring that these neurons can't have.
    """
    pathway = add_pathway(network, region.name, region.name, None, rule, own.stp)
    if own.w_max is not None:
        settings.set_w_max(network, pathway, own.w_max)
    if matrices.is_matrix(f"{where}: weights", own.weights):
        for pairs, nt, values in _from_matrix(network, where, region, own):
            delays = _delays(network, where, region, own, pairs)
            additions.add(network, pathway, where, pairs, nt, values, delays, network.birth)
        return
    first = FirstSynapses(network, pathway, where)
    if own.wiring.wiring in ("random", "all_to_all"):
        parts = _by_type(network, where, region, own, first)
    else:
        parts = _of_all(network, where, region, own, first)
    for rows, nt, values in parts:
        first.add(rows, nt, values, _delays(network, where, region, own, rows))
    first.lay_out(network.birth)


def _delays(
    network: Network, where: str, region: RegionRecord, own: OwnWiring, ends: Rows | Pairs
) -> Any:
    """Delays as `drawn_delays` wants them."""
    if matrices.is_matrix(f"{where}: delays", own.delays):
        return delays_of(network, where, region, region, own.delays, ends)
    return own.delays


def _n_excitatory(network: Network, region: RegionRecord) -> int:
    return round(region.excitatory * network.count(region))


def _values(region: RegionRecord, own: OwnWiring, degrees: tuple[float, float]) -> list[Values]:
    """Weights of excitatory and of inhibitory synapses, by their numbers on a neuron."""
    given: list[Values | None] = [own.weights, own.inhibitory_weights]
    usual = defaults.own_weight, defaults.own_inhibition
    return [
        make(region.model, degree) if values is None else values
        for values, make, degree in zip(given, usual, degrees, strict=True)
    ]


def _by_type(
    network: Network, where: str, region: RegionRecord, own: OwnWiring, whole: FirstSynapses
) -> Iterator[Part]:
    """Wirings whose pairs do not depend on each other: first of one type, then of the other."""
    first, n, n_exc = network.first(region), network.count(region), _n_excitatory(network, region)
    values = _values(region, own, (own.wiring.degree(n_exc), own.wiring.degree(n - n_exc)))
    everyone = np.arange(n) + first
    whole.use(np.empty(own.wiring.most(n_exc, n) + own.wiring.most(n - n_exc, n), np.int32))
    for cells, nt, weights in (
        (everyone[:n_exc], Neurotransmitter.GLUTAMATE, values[0]),
        (everyone[n_exc:], Neurotransmitter.GABA, values[1]),
    ):
        tag = network.next_tag()
        rows = own.wiring.rows(where, cells, everyone, network.seed, tag, memory=whole.free)
        yield rows, nt, weights


def _of_all(
    network: Network, where: str, region: RegionRecord, own: OwnWiring, whole: FirstSynapses
) -> Iterator[Part]:
    """Wirings that count: pairs among all neurons, whose types decide on the transmitter."""
    first, n, n_exc = network.first(region), network.count(region), _n_excitatory(network, region)
    everyone = np.arange(n) + first
    rows = own.wiring.rows(where, everyone, everyone, network.seed, network.next_tag())
    whole.use(rows.post, rows.room)
    degree, share = own.wiring.degree(n), n_exc / n
    values = _values(region, own, (degree * share, degree * (1.0 - share)))
    kinds = Neurotransmitter.GLUTAMATE, Neurotransmitter.GABA
    yield from zip(rows.parted(n_exc), kinds, values, strict=True)


def _from_matrix(
    network: Network, where: str, region: RegionRecord, own: OwnWiring
) -> Iterator[tuple[Pairs, Neurotransmitter, Values]]:
    """The entries of a matrix, of one type of neurons after the other."""
    first, n, n_exc = network.first(region), network.count(region), _n_excitatory(network, region)
    found = matrices.entries(f"{where}: weights", own.weights, (n, n))
    found = matrices.agreed_signs(f"{where}: weights", found, found.row >= n_exc)
    for chosen, nt in (
        (found.row < n_exc, Neurotransmitter.GLUTAMATE),
        (found.row >= n_exc, Neurotransmitter.GABA),
    ):
        part = found.part(chosen)
        pre, post = ((k + first).astype(np.int32) for k in (part.row, part.column))
        yield Pairs(pre, post), nt, part.value


@whole
def inhibit_laterally(network: Network, region: RegionRecord, weight: float) -> int:
    """Let every excitatory neuron inhibit every other, see `Region.add_lateral_inhibition`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons.
    weight : float
        Magnitude; a sign is left out.

    Returns
    -------
    int
        The number of synapses.

    Raises
    ------
    InvalidTypeError, InvalidValueError, CapacityError
        The weight is not valid, or there is no room; before anything has changed.
    """
    where = f"{region.where}: add_lateral_inhibition"
    most = efficacy.LARGEST_WEIGHT
    magnitude = abs(number(f"{where}: weight", weight, -most, most))
    cells = population.of_type(network, region, NeuronType.EXCITATORY) + network.first(region)
    cells = cells.astype(np.int32)
    pre, post = np.repeat(cells, len(cells)), np.tile(cells, len(cells))
    keep = pre != post
    ends = Pairs(pre[keep], post[keep])
    pathway = network.pathway(where, region.name, region.name)
    with transaction(network, settled=[pathway]):
        if efficacy.bounds_of_weights(network, pathway)[1] < magnitude:
            settings.set_w_max(network, pathway, magnitude)
        gaba, born = Neurotransmitter.GABA, network.step_count
        additions.add(network, pathway, where, ends, gaba, magnitude, 1.0, born)
    return len(ends.post)
