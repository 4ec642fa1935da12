"""From the class of a neuron model or a rule to its compiled loops, each compiled once."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from engram.engine import compartments, loops
from engram.engine.binding import Entry
from engram.errors import InvalidTypeError, InvalidValueError, brief
from engram.kernels.calls import parameters_of
from engram.kernels.constants import GATE, RULE_PARAMETERS
from engram.neurons import NeuronModel
from engram.plasticity import PlasticityRule


def _loaded(path: str) -> Callable[..., Any]:
    """A function given as "module:name"."""
    module, name = path.split(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


Rows = tuple[str, ...]
_compartment_entries: dict[tuple[type, Rows, int], Entry] = {}


def compartment_entry(kind: type[NeuronModel], rows: Rows, background_row: int) -> Entry:
    """The compiled loop of a neuron model whose neurons have compartments.

    Parameters
    ----------
    kind : type
        Class of the model.
    rows : tuple of str
        The parameters that each neuron has a value of its own of.
    background_row : int
        Which row has the background of each neuron; -1: they have the same.

    Returns
    -------
    Entry
        Compiled once, and again when what it refers to has changed.
    """
    key = kind, rows, background_row
    if key not in _compartment_entries or _compartment_entries[key].changed():
        assert kind.soma is not None
        _compartment_entries[key] = compartments.compartment_loop(
            kind.__name__,
            list(kind.states),
            kind.model_parameters(),
            rows,
            kind.conductance,
            _loaded(kind.soma),
            background_row,
        )
    return _compartment_entries[key]


def _check_function(where: str, function: object) -> None:
    """Refuse what Numba can't compile, or takes for something else."""
    plain = getattr(function, "py_func", function)
    if not inspect.isfunction(plain):
        raise InvalidTypeError(
            f"{where} must be a function, with @staticmethod before it, not {brief(function)}; "
            f"what else it needs can be its parameters, globals or captured variables"
        )
    if inspect.isgeneratorfunction(plain) or inspect.iscoroutinefunction(plain):
        raise InvalidTypeError(f"{where} must return its values, not yield or await")


def _likely(kind: type, name: str) -> str:
    """The likely fix where a function asks for what there is not."""
    if name == "self":
        return "; put @staticmethod before it, and ask for each parameter by name"
    value = getattr(kind, name, None)
    if isinstance(value, int | float):
        return f"; declare it: {name} = Parameter({value!r})"
    return ""


def check_model(kind: type[NeuronModel]) -> None:
    """Refuse a neuron model whose functions ask for what there is not.

    Parameters
    ----------
    kind : type
        Class of the model.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They do, or are no functions, or there are none, or too many states.
    """
    if kind.loop is not None:
        return
    if not hasattr(kind, "update"):
        raise InvalidValueError(f"{kind.__name__}: a neuron model needs a static method 'update'")
    if len(kind.states) > loops.MAX_STATES:
        raise InvalidValueError(
            f"{kind.__name__}.states: at most {loops.MAX_STATES}, not {len(kind.states)}"
        )
    own = [*kind.states, *kind.model_parameters()]
    for name in own:
        if name in loops.INPUT_NAMES:
            raise InvalidValueError(
                f"{kind.__name__}: no state or parameter can be called {name!r}, one of the inputs "
                f"{loops.INPUT_NAMES} of update; give it another name"
            )
    valid = [*own, *loops.INPUT_NAMES]
    for method, function in zip(("update", "reset"), kind.functions(), strict=True):
        if function is None:
            continue
        _check_function(f"{kind.__name__}.{method}", function)
        for name in parameters_of(function):
            if name not in valid:
                raise InvalidValueError(
                    f"{kind.__name__}: update or reset asks for {name!r}, which is neither a "
                    f"state nor a parameter nor one of {loops.INPUT_NAMES}{_likely(kind, name)}"
                )


_model_entries: dict[tuple[type, Rows, int], Entry] = {}
_rule_entries: dict[tuple[type, bool], tuple[Entry, Entry]] = {}


def model_entry(kind: type[NeuronModel], rows: Rows, background_row: int) -> Entry:
    """The compiled loop of a neuron model.

    Parameters
    ----------
    kind : type
        Class of the model.
    rows, background_row : tuple of str, int
        See `compartment_entry`.

    Returns
    -------
    Entry
        Compiled once, and again when what it refers to has changed.
    """
    key = kind, rows, background_row
    if key not in _model_entries or _model_entries[key].changed():
        if kind.loop is not None:
            made = loops.source_loop(kind.__name__, _loaded(kind.loop), background_row)
        else:
            update, reset = kind.functions()
            made = loops.neuron_loop(
                kind.__name__,
                list(kind.states),
                kind.model_parameters(),
                rows,
                kind.conductance,
                update,
                reset,
                background_row,
            )
        made.look_at(kind, "update", "reset", "states", "conductance")
        _model_entries[key] = made
    return _model_entries[key]


def rule_arguments(rule: type[PlasticityRule]) -> tuple[str, ...]:
    """The parameters of a rule that its functions ask for.

    Parameters
    ----------
    rule : type
        Class of the rule.

    Returns
    -------
    tuple of str
        In the order of its functions.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        There is no such parameter, or there are too many; or they are no functions.
    """
    for method, function in (("on_pre", rule.on_pre), ("on_post", rule.on_post)):
        if function is not None or method == "on_post":
            _check_function(f"{rule.__name__}.{method}", function)
    fixed = {"w", "w_min", "w_max", *loops.TRACE_NAMES}
    for name in rule.parameters():
        if name in fixed:
            raise InvalidValueError(
                f"{rule.__name__}: no parameter can be called {name!r}, which is one of "
                f"{sorted(fixed)}; give it another name"
            )
    asked = [
        name
        for function in (rule.on_pre, rule.on_post)
        for name in ([] if function is None else parameters_of(function))
        if name not in fixed
    ]
    names = tuple(dict.fromkeys(asked))
    for name in names:
        if not hasattr(rule, name):
            raise InvalidValueError(
                f"{rule.__name__}: on_pre or on_post asks for {name!r}, which is neither a "
                f"parameter nor one of {sorted(fixed)}{_likely(rule, name)}"
            )
    if len(names) > RULE_PARAMETERS:
        raise InvalidValueError(
            f"{rule.__name__}: at most {RULE_PARAMETERS} parameters, not {len(names)}"
        )
    return names


def check_gate(where: str, rule: type[PlasticityRule]) -> None:
    """Refuse to gate a rule that leaves no room for the gate among its parameters.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    rule : type
        Class of the rule.

    Raises
    ------
    InvalidValueError
        It leaves none.
    """
    if len(rule_arguments(rule)) > GATE:
        raise InvalidValueError(
            f"{where}: {rule.__name__} has {RULE_PARAMETERS} parameters; learning can be "
            f"gated with at most {GATE}"
        )


def rule_entries(rule: type[PlasticityRule], gated: bool = False) -> tuple[Entry, Entry]:
    """The compiled loops of a rule: arrivals, and after firing.

    Parameters
    ----------
    rule : type
        Class of the rule.
    gated : bool
        Whether its changes are multiplied by a gate.

    Returns
    -------
    tuple of (Entry, Entry)
        For arrivals, and after firing; compiled once, and again when what they refer to has
        changed.
    """
    key = rule, gated
    if key not in _rule_entries or any(entry.changed() for entry in _rule_entries[key]):
        _rule_entries[key] = loops.rule_loops(
            f"{rule.__name__}_gated" if gated else rule.__name__,
            rule_arguments(rule),
            len(rule.pre_traces),
            len(rule.post_traces),
            rule.modulated,
            rule.on_pre,
            rule.on_post,
            gated,
        )
        for entry in _rule_entries[key]:
            entry.look_at(rule, "on_pre", "on_post")
    return _rule_entries[key]
