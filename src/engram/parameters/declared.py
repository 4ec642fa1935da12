"""Checks of what the class of a neuron model says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engram.errors import InvalidTypeError, InvalidValueError, brief, flag, number

OF_GIVEN_SPIKES = "times", "neurons", "steps", "without", "take_spikes"
"""What a model has that fires given spikes."""


def check_model_class(kind: Any) -> None:
    """Refuse the class of a neuron model whose attributes are not what they should be.

    Parameters
    ----------
    kind : type
        A `NeuronModel`, which tells what they are.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        One is not valid.
    """
    where, states = f"{kind.__name__}.states", kind.states
    if not isinstance(states, Mapping):
        raise InvalidTypeError(
            f"{where} must be a dict of the states and what they are at rest, like "
            f"{{'v': -65.0}}, not {brief(states)}"
        )
    if next(iter(states), None) != "v":
        raise InvalidValueError(f"{where}: the first state must be 'v'")
    for name, value in states.items():
        if not (isinstance(name, str) and name.isidentifier()):
            raise InvalidValueError(f"{where}: {brief(name)} can't be the name of a state")
        number(f"{where}: {name}", value)
    for name in ("conductance", "is_source", "input_is_rate", "has_given_spikes"):
        flag(f"{kind.__name__}.{name}", getattr(kind, name))
    for name in ("weight_unit", "current_unit", "default_noise"):
        value = getattr(kind, name)
        if value is not None or name == "default_noise":
            number(f"{kind.__name__}.{name}", value, 0.0)
    if kind.silent_input is not None:
        number(f"{kind.__name__}.silent_input", kind.silent_input)
    lacking = [name for name in OF_GIVEN_SPIKES if not hasattr(kind, name)]
    if kind.has_given_spikes and lacking:
        raise InvalidValueError(
            f"{kind.__name__}: a model that has_given_spikes needs {', '.join(lacking)}; derive it "
            f"from SpikeTimes"
        )
