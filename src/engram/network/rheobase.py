"""The current that makes a neuron of any model fire, and units that follow from it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engram.engine.freeze import frozen
from engram.kernels.calls import parameters_of
from engram.neurons import NeuronModel

IZHIKEVICH = 4.0
"""The current that makes Izhikevich's neuron fire."""

DURATION, DT = 100.0, 0.1
"""How long a current may take to make a neuron fire, and the steps in which that is tried, ms."""

DECADES = range(-9, 10)


def rheobase(model: NeuronModel) -> float:
    """The constant current that makes a neuron fire within 100 ms, from rest.

    Parameters
    ----------
    model : NeuronModel
        Of the neuron.

    Returns
    -------
    float
        In the unit of the model, two digits; what corresponds to that of Izhikevich's neuron where
        it can't be found out, or where the neuron fires without any.
    """
    kind: Any = type(model)
    needed = _rheobase(kind, tuple(model.values().items()))
    if needed is None:
        return IZHIKEVICH * (1.0 if kind.current_unit is None else kind.current_unit)
    return float(f"{needed:.2g}")


def found_unit(model: NeuronModel) -> float:
    """What a current of 1 of Izhikevich's neuron is to a model.

    Parameters
    ----------
    model : NeuronModel
        Whose unit is wanted.

    Returns
    -------
    float
        In the unit of the model; 1 where it can't be found out.
    """
    kind: Any = type(model)
    needed = _rheobase(kind, tuple(model.values().items()))
    return 1.0 if needed is None else float(f"{needed / IZHIKEVICH:.2g}")


_known: dict[tuple[type[NeuronModel], tuple[tuple[str, Any], ...]], tuple[Any, float | None]] = {}
"""By class and parameters: the function and what it needs, as long as that is what it was."""


def _rheobase(kind: type[NeuronModel], values: tuple[tuple[str, Any], ...]) -> float | None:
    """The constant current that makes a neuron fire from rest; None for none, or any."""
    try:
        update = kind.functions()[0]
        known, needed = _known.get((kind, values), (None, None))
        if known is None or known[0] is not update or known[1].changed():
            fixed = frozen(update)
            plain = getattr(fixed.function, "py_func", fixed.function)
            needed = _searched(functools.partial(_fires, plain, kind(**dict(values)), dict(values)))
            if fixed.key is not None:
                _known[kind, values] = (update, fixed.watch), needed
    except Exception:  # of whatever kind: it is the user's function, written for Numba
        return None
    return needed


def _searched(fires: Callable[[float], bool]) -> float | None:
    with np.errstate(all="ignore"):
        if fires(0.0):
            return None
        first = next((k for k in DECADES if fires(10.0**k)), None)
        if first is None:
            return None
        low, high = first - 1.0, float(first)
        for _ in range(7):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if fires(10.0**middle) else (middle, high)
        return float(10.0**high)


def _fires(
    update: Callable[..., Any], model: NeuronModel, values: Mapping[str, Any], current: float
) -> bool:
    """Whether a constant current makes a neuron fire in time; plain Python, nothing is compiled."""
    kind = type(model)
    arrays = {name: np.array([values[name]], np.float32) for name in kind.per_neuron()}
    states = {k: float(np.ravel(v)[0]) for k, v in model.initial_states(arrays).items()}
    known = {
        **values,
        "I": current,
        "g_exc": 0.0,
        "g_inh": 0.0,
        "theta": 0.0,
        "since_spike": 1e6,
        "uniform": 0.5,
        "dt": DT,
    }
    fixed = {name: known[name] for name in parameters_of(update) if name not in states}
    asked = [name for name in parameters_of(update) if name in states]
    for _ in range(round(DURATION / DT)):
        *after, fired = update(**{name: states[name] for name in asked}, **fixed)
        if fired:
            return True
        states = dict(zip(states, after, strict=True))
    return False
