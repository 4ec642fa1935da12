"""From the class of a neuron model or a rule to its compiled loops, each compiled once."""

from __future__ import annotations

import importlib

from engram.engine import compartments, loops
from engram.engine.binding import Entry
from engram.errors import InvalidValueError
from engram.kernels.calls import parameters_of
from engram.kernels.constants import GATE, RULE_PARAMETERS
from engram.neurons import NeuronModel
from engram.plasticity import PlasticityRule

_compartment_entries: dict[type, Entry] = {}


def compartment_entry(kind: type[NeuronModel]) -> Entry:
    """The compiled loop of a neuron model whose neurons have compartments.

    Parameters
    ----------
    kind : type
        Class of the model.

    Returns
    -------
    Entry
        Compiled once.
    """
    if kind not in _compartment_entries:
        assert kind.soma is not None
        module, name = kind.soma.split(":")
        _compartment_entries[kind] = compartments.compartment_loop(
            kind.__name__,
            list(kind.states),
            kind.model_parameters(),
            kind.per_neuron(),
            kind.conductance,
            getattr(importlib.import_module(module), name),
        )
    return _compartment_entries[kind]


def check_model(kind: type[NeuronModel]) -> None:
    """Refuse a neuron model whose functions ask for what there is not.

    Parameters
    ----------
    kind : type
        Class of the model.

    Raises
    ------
    InvalidValueError
        They do, or there are no functions, or too many states.
    """
    if kind.loop is not None:
        return
    if not hasattr(kind, "update"):
        raise InvalidValueError(f"{kind.__name__}: a neuron model needs a static method 'update'")
    if len(kind.states) > loops.MAX_STATES:
        raise InvalidValueError(
            f"{kind.__name__}.states: at most {loops.MAX_STATES}, not {len(kind.states)}"
        )
    valid = [*kind.states, *kind.model_parameters(), *loops.INPUT_NAMES]
    for function in kind.functions():
        for name in [] if function is None else parameters_of(function):
            if name not in valid:
                raise InvalidValueError(
                    f"{kind.__name__}: update or reset asks for {name!r}, which is neither a "
                    f"state nor a parameter nor one of {loops.INPUT_NAMES}"
                )


_model_entries: dict[type, Entry] = {}
_rule_entries: dict[tuple[type, bool], tuple[Entry, Entry]] = {}


def model_entry(kind: type[NeuronModel]) -> Entry:
    """The compiled loop of a neuron model.

    Parameters
    ----------
    kind : type
        Class of the model.

    Returns
    -------
    Entry
        Compiled once.
    """
    if kind not in _model_entries:
        if kind.loop is not None:
            _model_entries[kind] = loops.source_loop(kind.__name__, kind.loop)
        else:
            update, reset = kind.functions()
            _model_entries[kind] = loops.neuron_loop(
                kind.__name__,
                list(kind.states),
                kind.model_parameters(),
                kind.per_neuron(),
                kind.conductance,
                update,
                reset,
            )
    return _model_entries[kind]


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
    InvalidValueError
        There is no such parameter, or there are too many.
    """
    fixed = {"w", "w_min", "w_max", *loops.TRACE_NAMES}
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
                f"parameter nor one of {sorted(fixed)}"
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
        For arrivals, and after firing; compiled once.
    """
    key = rule, gated
    if key not in _rule_entries:
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
    return _rule_entries[key]
