"""Parameters and backgrounds of each neuron: where they stand, and how they are given.

They stand in rows of the array ``q``: parameters that the model declares `per_neuron`, those that
were given for each neuron, the background. The model of a region holds numbers: where neurons
differ, the mean, which neurons get that are born without a sister.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Distribution, Values, draw
from engram.errors import CheckpointError, InvalidTypeError, InvalidValueError
from engram.kernels.constants import STREAM_PARAMETER
from engram.network.defaults import of_background, one_background
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.network.transaction import atomic
from engram.neurons import NeuronModel
from engram.parameters import Parameter
from engram.parameters.each import checked_each, inside, is_each, middle
from engram.state.tables import Array

BACKGROUND = "(background)"
"""The name of the row with backgrounds; no parameter can have it."""

OF_DENDRITES = ("tau_m", "E_exc", "E_inh")
"""Parameters that compartments share with the soma, one value for the whole region."""

Columns = dict[str, NDArray[np.float32]]
"""Values of several neurons, by parameter; those of the background under `BACKGROUND`."""


# -- what a region has


def parameter_rows(region: RegionRecord) -> tuple[str, ...]:
    """The parameters of which each neuron has a value of its own, in the order of their rows.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons.

    Returns
    -------
    tuple of str
        Names.
    """
    declared = type(region.model).per_neuron()
    return (*declared, *(name for name in region.varying if name not in declared))


def rows(region: RegionRecord) -> tuple[str, ...]:
    """The same, and the background if each neuron has its own.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons.

    Returns
    -------
    tuple of str
        Names.
    """
    last = () if region.background is None else (BACKGROUND,)
    return parameter_rows(region) + last


def background_row(region: RegionRecord) -> int:
    """The row of backgrounds.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons.

    Returns
    -------
    int
        Its number; -1 if all neurons have the same background.
    """
    return -1 if region.background is None else len(parameter_rows(region))


def given(region: RegionRecord) -> tuple[str, ...]:
    """What was given for each neuron.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons.

    Returns
    -------
    tuple of str
        Parameters, and `BACKGROUND`.
    """
    return region.varying if region.background is None else (*region.varying, BACKGROUND)


def columns_of(network: Network, region: RegionRecord, slots: NDArray[np.int64]) -> Columns:
    """What was given for each neuron, as some neurons have it.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose neurons they are.
    slots : array of int64
        Their indices in the region.

    Returns
    -------
    Columns
        Copies.
    """
    names = rows(region)
    return {n: network.slots(region, "q", names.index(n))[slots] for n in given(region)}


def means(region: RegionRecord, n: int) -> Columns:
    """What was given for each neuron, as newborns have it that take after nobody.

    Parameters
    ----------
    region : RegionRecord
        Where they are born.
    n : int
        How many.

    Returns
    -------
    Columns
        The means.
    """
    found = {name: getattr(region.model, name) for name in region.varying}
    if region.background is not None:
        found[BACKGROUND] = region.background
    return {name: np.full(n, value, np.float32) for name, value in found.items()}


def model_of(region: RegionRecord, columns: Mapping[str, NDArray[np.float32]]) -> NeuronModel:
    """The model as it is for some neurons.

    Parameters
    ----------
    region : RegionRecord
        Whose neurons they are.
    columns : mapping of array
        Their values.

    Returns
    -------
    NeuronModel
        With arrays for the parameters that were given for each neuron.
    """
    if not region.varying:
        return region.model
    return region.model.with_arrays({name: columns[name] for name in region.varying})


def background(network: Network, region: RegionRecord) -> float | NDArray[np.float32]:
    """The constant input of a region.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.

    Returns
    -------
    float or array of shape (n_neurons,), float32
        A view that can only be read, where each neuron has its own.
    """
    if region.background is None:
        return float(network.tables["background"][region.index])
    view: NDArray[np.float32] = network.slots(region, "q", background_row(region)).view()
    view.flags.writeable = False
    return view


class Individuals:
    """The neurons of a region, as their model sees them.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.
    """

    def __init__(self, network: Network, region: RegionRecord) -> None:
        self._network, self._region = network, region

    @property
    def varying(self) -> tuple[str, ...]:
        """The parameters that were given for each neuron; none any more once it was removed."""
        return () if self._region.removed else self._region.varying

    def values_of(self, name: str) -> NDArray[np.float32]:
        """A parameter's values.

        Parameters
        ----------
        name : str
            One of `varying`.

        Returns
        -------
        array of shape (n_neurons,), float32
            Of each neuron.
        """
        row = parameter_rows(self._region).index(name)
        values: Array = self._network.slots(self._region, "q", row)
        kind = type(type(self._region.model).parameters()[name].default)
        return values.copy() if kind is float else values.astype(kind)

    def assign(self, parameter: Parameter[Any], value: Any) -> None:
        """Let neurons have a value, or one each.

        Parameters
        ----------
        parameter : Parameter
            Which.
        value : object
            A number, an array or a distribution, not checked yet.
        """
        region = self._region
        if is_each(value):
            _assign_each(self._network, region.present(), parameter, value)
        elif parameter.name in self.varying:
            _assign_one(self._network, region, parameter, value)
        else:
            region.model.set_for_all(parameter, value)


def attach(network: Network, region: RegionRecord) -> None:
    """Tie the model of a region to its neurons.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.
    """
    region.model.attach(network.change).belong_to(Individuals(network, region))


# -- giving


def values_for(
    network: Network, where: str, parameter: Parameter[Any], value: Values, n: int
) -> NDArray[np.float32]:
    """Valid values for neurons; random ones are drawn.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names object and parameter in an error.
    parameter : Parameter
        Which.
    value : array_like or Distribution
        What was given.
    n : int
        How many neurons there are.

    Returns
    -------
    array of shape (n,), float32
        One for each.
    """
    if isinstance(value, Distribution):
        if not isinstance(parameter.default, float):
            raise InvalidTypeError(f"{where} can't be drawn from a distribution; give an array")
        tag = network.next_tag() * 16
        value = draw(where, value, n, network.seed, STREAM_PARAMETER, tag)
    return checked_each(where, parameter, value, n)


def adopt(network: Network, region: RegionRecord, each: Mapping[str, Values], n: int) -> Columns:
    """Let a new region have what was given for each of its neurons.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which has no neurons yet.
    each : mapping of Values
        By parameter; the background under `BACKGROUND`.
    n : int
        How many neurons it will have.

    Returns
    -------
    Columns
        Their values.
    """
    found: Columns = {}
    for name, value in each.items():
        kinds = {BACKGROUND: of_background(region.model)} | type(region.model).parameters()
        parameter, called = kinds[name], "background" if name == BACKGROUND else name
        where = f"Brain.add_region: region {region.name!r}: {called}"
        found[name] = values_for(network, where, parameter, value, n)
        if name == BACKGROUND:
            region.background = middle(parameter, found[name])
        else:
            region.model.set_for_all(parameter, middle(parameter, found[name]))
            region.varying += (name,)
    return found


@atomic(neurons=True)
def _assign_each(
    network: Network, region: RegionRecord, parameter: Parameter[Any], value: Values
) -> None:
    """Give a parameter for each neuron."""
    name, where = parameter.name, f"{region.where}: {parameter.name}"
    region.model.check_varies(where, parameter)
    if region.dendrites.n_dynamic:
        check_compartments(where, type(region.model), (name,))
    values = values_for(network, where, parameter, value, network.count(region))
    varying = region.varying if name in region.varying else (*region.varying, name)
    _lay_out(network, region, varying, region.background, {name: values})
    region.model.set_for_all(parameter, middle(parameter, values))


@atomic(neurons=True)
def _assign_one(
    network: Network, region: RegionRecord, parameter: Parameter[Any], value: Any
) -> None:
    """Let all neurons have the same again."""
    parameter.checked(f"{region.where}: {parameter.name}", value)
    varying = tuple(name for name in region.varying if name != parameter.name)
    _lay_out(network, region, varying, region.background, {})
    region.model.set_for_all(parameter, value)


@whole
def set_background(network: Network, region: RegionRecord, value: Values) -> None:
    """Give the constant input of a region, see `Region.background`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.
    value : float, array_like of shape (n_neurons,) or Distribution
        One for all, or one for each.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It can't be used.
    """
    if is_each(value):
        _set_backgrounds(network, region, value)
        return
    checked = one_background(region.where, region.model, value)
    if region.background is not None:
        _forget_backgrounds(network, region)
    network.tables["background"][region.index] = checked


@atomic(neurons=True)
def _set_backgrounds(network: Network, region: RegionRecord, value: Any) -> None:
    where = f"{region.where}: background"
    kind = of_background(region.model)
    values = values_for(network, where, kind, value, network.count(region))
    _lay_out(network, region, region.varying, middle(kind, values), {BACKGROUND: values})
    network.tables["background"][region.index] = 0.0


@atomic(neurons=True)
def _forget_backgrounds(network: Network, region: RegionRecord) -> None:
    _lay_out(network, region, region.varying, None, {})


def _lay_out(
    network: Network,
    region: RegionRecord,
    varying: tuple[str, ...],
    mean: float | None,
    new: Columns,
) -> None:
    """Let the rows of a region be others, with new values for some."""
    tables, slots = network.tables, network.slice(region)
    columns = {name: tables["q"][k, slots].copy() for k, name in enumerate(rows(region))} | new
    tables["q"][:, slots] = 0.0
    region.varying, region.background = varying, mean
    fit_rows(network)
    for k, name in enumerate(rows(region)):
        tables["q"][k, slots] = columns[name]
    # The parameters that are alike for all move up when they are written anew.
    tables["model_parameter"][region.index] = 0.0
    network.parameters_changed()


def fit_rows(network: Network) -> None:
    """Let there be as many rows as the region with most of them has, and one at least.

    Parameters
    ----------
    network : Network
        Of the brain.
    """
    network.tables.resize(Q=max((len(rows(r)) for r in network.regions.values()), default=1) or 1)


# -- checks


def check_compartments(where: str, kind: type[NeuronModel], names: tuple[str, ...]) -> None:
    """Refuse what neurons with compartments can't have one each of.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    kind : type
        Class of their model.
    names : tuple of str
        Of parameters that are given for each.

    Raises
    ------
    InvalidValueError
        One is shared with the dendrites.
    """
    shared = [name for name in names if name in OF_DENDRITES]
    if shared:
        raise InvalidValueError(
            f"{where}: {kind.__name__} neurons with compartments can't have a {shared[0]} of their "
            f"own each: it holds for all dendrites of the region; give one number"
        )


def check_names(region: RegionRecord) -> None:
    """Refuse parameters that a file says were given for each neuron, where they can't be.

    Parameters
    ----------
    region : RegionRecord
        Of a file.

    Raises
    ------
    CheckpointError, InvalidTypeError, InvalidValueError
        There is no such parameter, it is named twice, or it can't vary.
    """
    where, valid = f"region {region.name!r}: varying", type(region.model).parameters()
    if len(set(region.varying)) < len(region.varying) or not set(region.varying) <= set(valid):
        raise CheckpointError(f"{where} can't be {list(region.varying)!r:.120}")
    if region.dendrites.n_dynamic:
        check_compartments(where, type(region.model), region.varying)
    for name in region.varying:
        region.model.check_varies(f"{where}: {name}", valid[name])


def check_values(network: Network, region: RegionRecord) -> None:
    """Refuse values of a file that could not have been given.

    Parameters
    ----------
    network : Network
        Of the brain, with its tables.
    region : RegionRecord
        Of a file.

    Raises
    ------
    CheckpointError
        A value is out of the range of its parameter.
    """
    kind = type(region.model)
    for row, name in enumerate(parameter_rows(region)):
        # Those that a model declares can be written to, and are only looked at while it runs.
        if name not in kind.per_neuron():
            values = network.slots(region, "q", row)
            bad = np.flatnonzero(~inside(kind.parameters()[name], values))
            if len(bad):
                raise CheckpointError(
                    f"region {region.name!r}: {name} of neuron {bad[0]} can't be {values[bad[0]]}"
                )
