"""Parameters of neuron models that are given for each neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.distributions import Distribution
from engram.errors import InvalidTypeError, InvalidValueError, as_array, brief
from engram.parameters import Parameter, Parameterized

Each = NDArray[np.float32] | Distribution
"""One value for each neuron, or what they are drawn from."""

KINDS = {float: ("iuf", "numbers"), int: ("iu", "whole numbers"), bool: ("b", "True or False")}
"""What arrays may hold, by the type of a parameter's default."""


def is_each(value: object) -> bool:
    """Whether a value is meant for each neuron, not one for all.

    Parameters
    ----------
    value : object
        What was given for a parameter.

    Returns
    -------
    bool
        True for lists, arrays and distributions.
    """
    if isinstance(value, (str, bytes)):
        return False
    if isinstance(value, (Distribution, Sequence)):
        return True
    try:
        return hasattr(value, "__array__") and np.ndim(value) > 0
    except Exception:  # of whatever kind: `checked_each` says what is wrong with it
        return True


def checked_each(
    where: str, parameter: Parameter[Any], values: ArrayLike, length: int | None = None
) -> NDArray[np.float32]:
    """One valid value for each neuron.

    Parameters
    ----------
    where : str
        Names object and parameter in an error.
    parameter : Parameter
        Whose range holds.
    values : array_like of shape (n,)
        One for each.
    length : int, optional
        How many neurons there are. None: any number.

    Returns
    -------
    array of shape (n,), float32
        A copy, which can only be read.

    Raises
    ------
    InvalidTypeError
        They are of another kind.
    InvalidValueError
        The shape is wrong, or one is not finite or out of range.
    """
    given = as_array(where, values)
    kinds, words = KINDS[type(parameter.default)]
    if given.size and given.dtype.kind not in kinds:
        raise InvalidTypeError(f"{where} must be {words}, one for each neuron, not {brief(values)}")
    if given.ndim != 1 or length not in (None, len(given)):
        many = "each neuron" if length is None else f"each of {length} neurons"
        raise InvalidValueError(
            f"{where} must have one value for {many}, not the shape {given.shape}; give one "
            f"number if all are alike, or a distribution"
        )
    with np.errstate(over="ignore"):
        array = given.astype(np.float32)
    bad = np.flatnonzero(~inside(parameter, array))
    if len(bad):
        k = int(bad[0])
        raise InvalidValueError(
            f"{where} of neuron {k} must be a finite number in {_interval(parameter)}, not "
            f"{given[k]}; correct it, or use a distribution within that range"
        )
    array.flags.writeable = False
    return array


def inside(parameter: Parameter[Any], array: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which values are finite and in range, as single precision has it.

    Parameters
    ----------
    parameter : Parameter
        Whose range.
    array : array of shape (n,), float32
        Its values.

    Returns
    -------
    array of shape (n,), bool
        True where a value is valid.
    """
    valid = np.isfinite(array)
    if parameter.low is not None:
        low = np.float32(parameter.low)
        valid &= array > low if parameter.open_low else array >= low
    if parameter.high is not None:
        valid &= array <= np.float32(parameter.high)
    return valid


def _interval(parameter: Parameter[Any]) -> str:
    low = -np.inf if parameter.low is None else parameter.low
    high = np.inf if parameter.high is None else parameter.high
    left = "(" if parameter.open_low or low == -np.inf else "["
    return f"{left}{low:g}, {high:g}{')' if high == np.inf else ']'}"


def middle(parameter: Parameter[Any], values: NDArray[np.float32]) -> Any:
    """The mean of values, as a value of the parameter.

    Parameters
    ----------
    parameter : Parameter
        Whose values.
    values : array of shape (n,), float32
        Of each neuron.

    Returns
    -------
    float, int or bool
        In the range of the parameter; the nearest one to the mean, if it is no float.
    """
    mean = float(values.mean(dtype=np.float64))
    if isinstance(parameter.default, bool):
        return mean >= 0.5
    if isinstance(parameter.default, int):
        return round(mean)
    # Single precision may have rounded a value beyond the range.
    low = mean if parameter.low is None or parameter.open_low else max(mean, parameter.low)
    return low if parameter.high is None else min(low, parameter.high)


class Owner(Protocol):
    """The region that a model belongs to, as the model sees it."""

    @property
    def varying(self) -> tuple[str, ...]:
        """The parameters that were given for each neuron."""

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

    def assign(self, parameter: Parameter[Any], value: Any) -> None:
        """Let neurons have a value, or one each.

        Parameters
        ----------
        parameter : Parameter
            Which.
        value : object
            A number, an array or a distribution, not checked yet.
        """


class Heterogeneous(Parameterized):
    """Base of what takes parameters for each neuron: as arrays or distributions.

    Attributes
    ----------
    of_regions : tuple of str
        The parameters that a region has one value of.
    """

    of_regions: ClassVar[tuple[str, ...]] = ()
    _owner: Owner | None = None

    @classmethod
    def check_varies(cls, where: str, parameter: Parameter[Any]) -> None:
        """Refuse to give a parameter for each neuron that can't be.

        Parameters
        ----------
        where : str
            Names object and parameter in an error.
        parameter : Parameter
            Which.

        Raises
        ------
        InvalidTypeError
            A region has one value of it, or it is no number.
        """
        if parameter.name in cls.of_regions or type(parameter.default) not in KINDS:
            raise InvalidTypeError(
                f"{where} must be one value for all neurons of a region, not one for each; give "
                f"neurons that need another one a region of their own"
            )

    def _set_parameter(self, parameter: Parameter[Any], value: Any) -> None:
        if self._owner is not None:
            self._owner.assign(parameter, value)
        elif is_each(value):
            where = f"{type(self).__name__}.{parameter.name}"
            self.check_varies(where, parameter)
            if not isinstance(value, Distribution):
                checked_each(where, parameter, value)
                value = np.array(value)
                value.flags.writeable = False
            self.__dict__["_values"][parameter.name] = value
        else:
            super()._set_parameter(parameter, value)

    def set_for_all(self, parameter: Parameter[Any], value: Any) -> None:
        """Set a parameter to one value, as its owner does.

        Parameters
        ----------
        parameter : Parameter
            Which.
        value : object
            Not checked yet.
        """
        super()._set_parameter(parameter, value)

    def take_over(self, other: Self) -> None:
        """Set the parameters that `other` has set, and no others; of a region, numbers only.

        Parameters
        ----------
        other : Self
            Of the same class.

        Raises
        ------
        InvalidTypeError
            Some are given for each neuron of a region.
        """
        each = [name for name, value in other.given_values().items() if is_each(value)]
        each += [] if self._owner is None else self._owner.varying
        if self._owner is not None and each:
            raise InvalidTypeError(
                f"{type(self).__name__}: {each[0]} is given for each neuron of a region; assign "
                f"parameters one by one"
            )
        super().take_over(other)

    def belong_to(self, owner: Owner) -> None:
        """Leave assignments to a region.

        Parameters
        ----------
        owner : Owner
            The region.
        """
        object.__setattr__(self, "_owner", owner)

    def take_each(self) -> dict[str, Each]:
        """Take away what is given for each neuron.

        Returns
        -------
        dict of Each
            Arrays and distributions, by parameter.
        """
        own = self.__dict__["_values"]
        return {name: own.pop(name) for name in list(own) if is_each(own[name])}

    def with_arrays(self, values: Mapping[str, NDArray[np.float32]]) -> Self:
        """A model whose parameters are arrays, for calculations on several neurons at once.

        Parameters
        ----------
        values : mapping of array of shape (n,), float32
            By parameter; the others stay.

        Returns
        -------
        Self
            A free one.
        """
        twin = object.__new__(type(self))
        twin.__dict__.update(vars(self))
        twin.__dict__.update(_values=self.own_values() | dict(values), _change=None, _owner=None)
        return twin

    def given_values(self) -> dict[str, Any]:
        """The parameters that were set, with the values of each neuron where they differ."""
        owner = self._owner
        each = {} if owner is None else {name: owner.values_of(name) for name in owner.varying}
        return self.own_values() | each

    def replica(self) -> Self:
        """A free copy with the same values."""
        return type(self)(**self.given_values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_shown(v)}" for name, v in self.given_values().items())
        return f"{type(self).__name__}({shown})"


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size:
        return f"<{len(value)} values from {value.min():g} to {value.max():g}>"
    return repr(value)
