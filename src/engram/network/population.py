"""The neurons of a region: their states, births and deaths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.errors import unknown_name
from engram.kernels.calls import kernel
from engram.kernels.constants import STREAM_PARAMETER
from engram.network import individuals, pathways
from engram.network.individuals import Columns
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.network.transaction import atomic, transaction
from engram.neurons import FiringPattern, NeuronType
from engram.state import renewal
from engram.state.tables import Array

Slots = NDArray[np.int64]

COMMON_STATES = ("theta", "activity", "exc", "inh")
"""What neurons of every model have beside their states and parameters."""


# -- looking


def n_alive(network: Network, region: RegionRecord) -> int:
    """Count the living neurons.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    int
        How many live.
    """
    return int(network.slots(region, "alive").sum())


def of_type(network: Network, region: RegionRecord, kind: NeuronType | None) -> Slots:
    """Indices of the living neurons, all or of one type.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    kind : NeuronType or None
        None: all.

    Returns
    -------
    array of int64
        The indices, in order.
    """
    chosen = network.alive(region)
    if kind is not None:
        chosen = chosen & (network.slots(region, "neuron_type") == kind)
    return np.flatnonzero(chosen)


def n_excitatory(network: Network, region: RegionRecord) -> int:
    """Count the living excitatory neurons.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    int
        How many live.
    """
    return len(of_type(network, region, NeuronType.EXCITATORY))


def mean_activity(network: Network, region: RegionRecord) -> float:
    """Mean firing rate of the living neurons over the last second or so.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    float
        Rate, Hz.
    """
    tau = network.tables["tau_activity"].item(region.index)
    slots = (network.slots(region, name) for name in ("rate_trace", "last_spike", "alive"))
    mean: float = kernel("neurons.mean_rate")(*slots, network.step_count, network.dt / tau)
    return mean * (1000.0 / float(tau))


def activity(network: Network, region: RegionRecord) -> Array:
    """Running mean of each neuron's firing rate.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    array of shape (n_neurons,), float32
        Rates, Hz.
    """
    tau = float(network.tables["tau_activity"][region.index])
    since = network.step_count - network.slots(region, "last_spike").astype(np.float64)
    kept = np.exp(-since * (network.dt / tau))
    found = np.asarray(network.slots(region, "rate_trace") * kept * (1000.0 / tau), np.float32)
    found.flags.writeable = False
    return found


def state(network: Network, region: RegionRecord, name: str) -> Array:
    """A state variable or per-neuron parameter of the model by name, to be read or written.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    name : str
        Also "theta", "activity", "exc" and "inh".

    Returns
    -------
    array of shape (n_neurons,)
        A view; a copy for "activity". Parameters that were given for each neuron can only be read.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    """
    receives = bool(network.tables["receiving"][region.index])
    if isinstance(name, str) and (name == "theta" or (name in COMMON_STATES and not receives)):
        # So that what is written to the array is noticed.
        network.neurons_changed()
    return look(network, region, name)


def look(network: Network, region: RegionRecord, name: str) -> Array:
    """The same as `state`, for those who only read.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    name : str
        See `state`.

    Returns
    -------
    array of shape (n_neurons,)
        A view; a copy for "activity".
    """
    model = type(region.model)
    states = list(model.states)
    if not isinstance(name, str):
        raise unknown_name(region.where, "state variable", name, state_names(region))
    if name == "v":
        return network.slots(region, "v")
    if name in states:
        return network.slots(region, "x", states.index(name) - 1)
    rows = individuals.parameter_rows(region)
    if name in rows:
        values = network.slots(region, "q", rows.index(name)).view()
        # Those that were given for each neuron are checked when they are assigned.
        values.flags.writeable = name in model.per_neuron()
        return values
    if name == "activity":
        return activity(network, region)
    if name in COMMON_STATES:
        return network.slots(region, name)
    raise unknown_name(region.where, "state variable", name, state_names(region))


def state_names(region: RegionRecord) -> list[str]:
    """The names that `state` takes.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons.

    Returns
    -------
    list of str
        States and per-neuron parameters of the model, and what all neurons have.
    """
    return [*type(region.model).states, *individuals.parameter_rows(region), *COMMON_STATES]


def parameters(network: Network, region: RegionRecord) -> dict[str, NDArray[np.float32]]:
    """The per-neuron parameters of the model, by name.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    dict of arrays of shape (n_neurons,)
        Views.
    """
    return {name: look(network, region, name) for name in individuals.parameter_rows(region)}


def rest(network: Network, region: RegionRecord) -> NDArray[np.float32] | float:
    """The potential at which the dendrites of neurons rest.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.

    Returns
    -------
    array of shape (n_neurons,), float32, or float
        Potential, mV.
    """
    values = parameters(network, region)
    return individuals.model_of(region, values).rest(values)


def to_rest(network: Network, region: RegionRecord) -> None:
    """Bring the states of the model to rest.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    """
    values = parameters(network, region)
    for name, start in individuals.model_of(region, values).initial_states(values).items():
        state(network, region, name)[:] = start


# -- births


def free_slots(network: Network, region: RegionRecord, n: int) -> Slots:
    """Where the next neurons will be: slots of the dead, then new ones.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    n : int
        How many are wanted.

    Returns
    -------
    array of int64
        Their indices in the region.
    """
    free = np.flatnonzero(~network.alive(region))[:n]
    return np.concatenate([free, network.count(region) + np.arange(n - len(free))])


@atomic(neurons=True)
def add_neurons(
    network: Network,
    region: RegionRecord,
    n: int,
    kind: NeuronType,
    pattern: FiringPattern | None = None,
) -> Slots:
    """Add neurons, in the slots of the dead first; there must be room.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    n : int
        How many.
    kind : NeuronType
        Excitatory or inhibitory.
    pattern : FiringPattern, optional
        Firing pattern. None: that of the region for their type.

    Returns
    -------
    array of int64
        Their indices in the region.
    """
    slots = free_slots(network, region, n)
    fill_slots(network, region, slots, kind, pattern)
    return slots


@atomic(neurons=True)
def fill_slots(
    network: Network,
    region: RegionRecord,
    slots: Slots,
    kind: NeuronType,
    pattern: FiringPattern | None = None,
    columns: Columns | None = None,
) -> None:
    """Add neurons in slots, which are free; there must be room.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    slots : array of int64
        Free ones.
    kind : NeuronType
        Excitatory or inhibitory.
    pattern : FiringPattern, optional
        Firing pattern. None: that of the region for their type.
    columns : Columns, optional
        Their values of what was given for each neuron. None: the means.
    """
    if not len(slots):
        return
    more = max(0, int(slots.max()) + 1 - network.count(region))
    network.tables["region_count"][region.index] += more
    network.neurons_changed()
    initialise(network, region, slots, kind, pattern, columns)


def initialise(
    network: Network,
    region: RegionRecord,
    slots: Slots,
    kind: NeuronType,
    pattern: FiringPattern | None,
    columns: Columns | None,
) -> None:
    """Bring neurons to life at rest, with nothing left of whoever had the slots before.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    slots : array of int64
        Indices of the neurons in the region.
    kind : NeuronType
        Excitatory or inhibitory.
    pattern : FiringPattern or None
        Firing pattern. None: that of the region for their type.
    columns : Columns or None
        Their values of what was given for each neuron. None: the means.
    """
    tables = network.tables
    ids = slots + network.first(region)
    chosen = region.patterns[kind] if pattern is None else pattern
    # A slice where it will do, which is much faster.
    together = int(ids[-1] - ids[0]) == len(ids) - 1
    where = slice(int(ids[0]), int(ids[-1]) + 1) if together else ids
    held = _held_for(network, region, slots)
    renewal.renew_neurons(tables, where, "birth")
    for name, kept in held.items():
        network.slots(region, name)[slots] = kept
    tables["alive"][ids] = 1
    tables["neuron_type"][ids] = kind
    tables["pattern"][ids] = chosen
    tables["born"][ids] = network.step_count
    values = _draw_parameters(network, region, ids, chosen, columns or {})
    model = individuals.model_of(region, values)
    for k, (name, start) in enumerate(model.initial_states(values).items()):
        if name == "v":
            tables["v"][ids] = start
        else:
            tables["x"][k - 1, ids] = start
    for pathway in network.touching(region.name):
        pathways.renew_traces(network, pathway, region.name, slots, "birth")


def _held_for(network: Network, region: RegionRecord, slots: Slots) -> dict[str, Array]:
    """What is held for newborns: that of their place, or of the slot whose values they take."""
    coded = int(network.tables["coded"][region.index])
    names = ("held", "held_onset") if coded else ()
    return {name: network.slots(region, name)[slots % coded] for name in names}


def _draw_parameters(
    network: Network, region: RegionRecord, ids: Slots, pattern: FiringPattern, columns: Columns
) -> Columns:
    """Write the per-neuron parameters of newborns; draw those that nobody has given."""
    model, tag = region.model, network.next_tag()
    values = individuals.means(region, len(ids)) | columns
    given = model.own_values()
    uniform = np.empty(len(ids), np.float32)
    for k, name in enumerate(individuals.rows(region)):
        if name in values:
            network.tables["q"][k, ids] = values[name]
            continue
        centre = float(getattr(model, name))
        if name in model.pattern_parameters and name not in given:
            centre = pattern.parameters[model.pattern_parameters.index(name)]
        kernel("random.uniform_at")(
            ids, uniform, np.uint64(network.seed), STREAM_PARAMETER, tag * 16 + k
        )
        spread = np.float32(region.variation) * (2 * uniform - 1)
        values[name] = (np.float32(centre) * (1 + spread)).astype(np.float32)
        network.tables["q"][k, ids] = values[name]
    return values


# -- deaths


@whole
def kill(network: Network, region: RegionRecord, slots: Slots) -> None:
    """Let living neurons die, with all their synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    slots : array of int64
        Indices of the neurons in the region.
    """
    with transaction(network, neurons=True):
        bury(network, region, slots)
        for pathway in network.touching(region.name):
            pathways.remove_dead_ends(network, pathway)
    tell_of_deaths(network, region, slots)


def bury(network: Network, region: RegionRecord, slots: Slots) -> None:
    """Mark neurons as dead and clear what they leave behind, their synapses apart.

    As many synapses as neurons have on average leave with each: who dies may have had fewer.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    slots : array of int64
        Indices of the neurons in the region.
    """
    share = len(slots) / max(n_alive(network, region), 1)
    renewal.renew_neurons(network.tables, slots + network.first(region), "death")
    for pathway in network.pathways:
        for _ in range((pathway.source, pathway.target).count(region.name)):
            gone = share * pathways.came_with(network, pathway)
            network.tables["turnover"][pathway.index] += gone
        pathways.renew_traces(network, pathway, region.name, slots, "death")
    network.neurons_changed()


def tell_of_deaths(network: Network, region: RegionRecord, slots: Slots) -> None:
    """Let processes forget neurons, when all of a death is done; then raise what went wrong.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons died.
    slots : array of int64
        Their indices in the region.
    """
    network.each(lambda process: process.forget(region.name, slots))
