"""Weights and delays that are given as a matrix, source x target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Distribution
from engram.errors import InvalidTypeError, InvalidValueError, as_array
from engram.network.wiring import Wiring

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Entries:
    """The entries of a matrix, by row and then by column.

    Parameters
    ----------
    row : array of shape (n,), int64
        Indices into the source region.
    column : array of shape (n,), int64
        Indices into the target region.
    value : array of shape (n,), float32
        What stands there.
    """

    row: Ints
    column: Ints
    value: Floats

    def part(self, chosen: NDArray[np.bool_]) -> Entries:
        """Some of the entries.

        Parameters
        ----------
        chosen : array of shape (n,), bool
            Which.

        Returns
        -------
        Entries
            In the same order.
        """
        return Entries(self.row[chosen], self.column[chosen], self.value[chosen])


def is_matrix(where: str, values: Any) -> bool:
    """Whether values are a matrix: an array of two dimensions, or a sparse one of SciPy.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : object
        What was given.

    Returns
    -------
    bool
        False for a number, a list or a distribution.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is an array of more dimensions, or none.
    """
    if values is None or isinstance(values, (Distribution, str, dict, int, float)):
        return False
    if hasattr(values, "tocoo"):
        return True
    n_dims = 0 if callable(values) else as_array(where, values).ndim
    if n_dims > 2:
        raise InvalidValueError(f"{where} can't have {n_dims} dimensions")
    return n_dims == 2


def entries(where: str, values: Any, shape: tuple[int, int]) -> Entries:
    """The entries of a matrix: of a dense one those that are not 0, of a sparse one those stored.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : array_like or sparse array of shape (n_sources, n_targets)
        The matrix.
    shape : tuple of (int, int)
        Neurons of the source and of the target.

    Returns
    -------
    Entries
        In order.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Its shape is another, or an entry is no finite number of single precision.
    """
    sparse = values.tocoo() if hasattr(values, "tocoo") else None
    array = as_array(where, values) if sparse is None else np.asarray(sparse.data)
    given = array.shape if sparse is None else tuple(sparse.shape)
    if given != shape:
        raise InvalidValueError(
            f"{where}: a matrix must have the shape {shape}, neurons of the source by neurons of "
            f"the target, not {given}"
        )
    if array.dtype.kind not in "biuf":
        raise InvalidTypeError(f"{where}: a matrix must be of numbers, not {array.dtype}")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise InvalidValueError(f"{where}: a matrix must be of finite numbers")
    if sparse is None:
        row, column = np.nonzero(array)
        return Entries(row, column, array[row, column])
    row, column = (np.asarray(k).astype(np.int64) for k in (sparse.row, sparse.col))
    order = np.lexsort((column, row))
    return Entries(row[order], column[order], array[order])


def looked_up(where: str, values: Any, shape: tuple[int, int], row: Ints, column: Ints) -> Floats:
    """What a matrix has for some pairs.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : array_like or sparse array of shape (n_sources, n_targets)
        The matrix.
    shape : tuple of (int, int)
        Neurons of the source and of the target.
    row, column : array of shape (n,), int64
        The pairs.

    Returns
    -------
    array of shape (n,), float32
        One for each; 0 where a dense matrix has 0.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        As of `entries`; a sparse matrix has no entry for a pair, or two.
    """
    found = entries(where, values, shape)
    keys, wanted = found.row * shape[1] + found.column, row * shape[1] + column
    if (np.diff(keys) == 0).any():
        raise InvalidValueError(f"{where}: a sparse matrix must have one entry for a pair, not two")
    out = np.zeros(len(wanted), np.float32)
    place = np.searchsorted(keys, wanted)
    there = np.append(keys, -1)[place] == wanted
    out[there] = found.value[place[there]]
    if hasattr(values, "tocoo") and not there.all():
        first = int(np.flatnonzero(~there)[0])
        raise InvalidValueError(
            f"{where}: the sparse matrix has no entry for the synapse from neuron {row[first]} to "
            f"neuron {column[first]}"
        )
    return out


def check_alone(where: str, wiring: Wiring, usual: float) -> None:
    """Refuse a wiring beside a matrix of weights, which says itself who contacts whom.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    wiring : Wiring
        As it was given.
    usual : float
        The density where none was given.

    Raises
    ------
    InvalidValueError
        It is not the default, and not all to all.
    """
    unsaid = wiring.wiring == "random" and wiring.density in (usual, 1.0)
    if not (unsaid or wiring.wiring == "all_to_all"):
        raise InvalidValueError(
            f"{where}: a matrix of weights says who contacts whom; leave out wiring and density "
            f"(they are {wiring.wiring!r} and {wiring.density:g})"
        )


def agreed_signs(where: str, found: Entries, inhibitory: NDArray[np.bool_]) -> Entries:
    """Entries as magnitudes: given as such, or with the signs that the weights are read with.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    found : Entries
        Weights.
    inhibitory : array of shape (n,), bool
        Which of them are of inhibitory synapses.

    Returns
    -------
    Entries
        None negative.

    Raises
    ------
    InvalidValueError
        Some are negative, and not all signs are right.
    """
    if (found.value >= 0).all():
        return found
    wrong = np.where(inhibitory, found.value > 0, found.value < 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        kind = "inhibitory" if inhibitory[first] else "excitatory"
        raise InvalidValueError(
            f"{where}: the weight from neuron {found.row[first]} to neuron {found.column[first]} "
            f"is {found.value[first]:g}, but the synapse is {kind}: excitatory weights are "
            f"positive, inhibitory ones (nt=Neurotransmitter.GABA) negative; or give magnitudes "
            f"for all"
        )
    return Entries(found.row, found.column, np.abs(found.value))
