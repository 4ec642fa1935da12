"""The switches and parameters of a brain, as pages see and set them."""

from __future__ import annotations

import math
from typing import Any

from engram.brain import Brain
from engram.errors import flag, unknown_name
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.parameters import Parameter, Parameterized
from engram.parameters.each import is_each
from engram.region import Region

Message = dict[str, Any]

SWITCHES = {
    "plasticity": "all change of weights",
    "reward_modulated_plasticity": "rules that dopamine modulates",
    "structural_plasticity": "growth, pruning, metaplasticity",
    "homeostatic_scaling": "synaptic scaling and intrinsic plasticity",
    "adaptive_thresholds": "thresholds that rise with each spike",
    "memory": "capture and replay of traces",
    "oscillations": "rhythms",
    "neuromodulation": "release of transmitters into regions, critics",
}
"""What can be switched, and what each is."""

MECHANISMS = ("homeostasis", "metaplasticity", "growth", "memory", "stdp", "reward_stdp", "encoder")

OF_REGION, OF_RULE = "region:", "rule:"
OWN = {"noise": "white noise of each neuron", "background": "constant input of all neurons"}
"""What every region has besides its model."""

KINDS = {bool: "flag", int: "integer", float: "number", str: "choice"}


def described(brain: Brain) -> Message:
    """Switches and parameters, for the message ``settings``.

    Parameters
    ----------
    brain : Brain
        Any.

    Returns
    -------
    dict
        Plain values.
    """
    frozen = brain.network.frozen
    parts = [entry(name, name, getattr(brain, name)) for name in MECHANISMS]
    parts += [_region_entry(region) for region in brain.regions.values()]
    for projection in brain.projections:
        if projection.rule is not None:
            title = f"{projection.label.partition(':')[2]} ({type(projection.rule).__name__})"
            parts.append(entry(f"{OF_RULE}{projection.label}", title, projection.rule))
    return {
        "switches": [
            {"name": name, "on": not frozen[name], "doc": doc} for name, doc in SWITCHES.items()
        ],
        "parts": parts,
    }


def entry(part: str, title: str, thing: Parameterized) -> Message:
    """The parameters of a part.

    Parameters
    ----------
    part : str
        How commands call it.
    title : str
        How it is shown.
    thing : Parameterized
        Whose they are.

    Returns
    -------
    dict
        Plain values.
    """
    found = [
        parameter_entry(name, parameter, getattr(thing, name))
        for name, parameter in type(thing).parameters().items()
    ]
    return {"part": part, "title": title, "parameters": found}


def _region_entry(region: Region) -> Message:
    found = entry(f"{OF_REGION}{region.name}", region.name, region.model)
    own = []
    for name, doc in OWN.items():
        value = getattr(region, name)
        if not is_each(value):
            declared = Parameter(0.0, low=0.0 if name == "noise" else None, unit="current", doc=doc)
            own.append(parameter_entry(name, declared, value))
    return {**found, "parameters": own + found["parameters"]}


def parameter_entry(name: str, parameter: Parameter[Any], value: Any) -> Message:
    """A parameter.

    Parameters
    ----------
    name : str
        What it is called.
    parameter : Parameter
        What is declared of it.
    value : object
        What it is now.

    Returns
    -------
    dict
        Plain values; infinite ones become None.
    """
    return {
        "name": name,
        "value": finite(value),
        "default": finite(parameter.default),
        "kind": KINDS[type(parameter.default)],
        "low": finite(parameter.low),
        "high": finite(parameter.high),
        "open_low": parameter.open_low,
        "unit": parameter.unit,
        "doc": parameter.doc,
        "choices": list(parameter.choices) or None,
    }


def finite(value: Any) -> Any:
    """A value that JSON can hold.

    Parameters
    ----------
    value : object
        A number, a text, a flag or None.

    Returns
    -------
    object
        The same; None where it is infinite or no number.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def switch(brain: Brain, name: Any, on: Any) -> None:
    """Switch a mechanism on or off.

    Parameters
    ----------
    brain : Brain
        Any.
    name : str
        In `SWITCHES`.
    on : bool
        Whether it acts.

    Raises
    ------
    UnknownNameError, InvalidTypeError
        There is no such switch, or `on` is neither True nor False.
    """
    if not isinstance(name, str) or name not in SWITCHES:
        raise unknown_name("switch", "mechanism", name, SWITCHES)
    wanted = flag("switch: on", on)
    if name == "neuromodulation":
        brain.network.find(Neuromodulation).switch(on=wanted)
    else:
        brain.network.freeze(name, not wanted)


def assign(brain: Brain, part: Any, name: Any, value: Any) -> Any:
    """Set a parameter, as Python does.

    Parameters
    ----------
    brain : Brain
        Any.
    part : str
        As of `described`.
    name : str
        Of the parameter.
    value : object
        What it is to be: one number for all neurons.

    Returns
    -------
    object
        What it is now.

    Raises
    ------
    UnknownNameError, InvalidTypeError, InvalidValueError
        There is no such part or parameter, or the value is not valid.
    """
    thing = part_of(brain, part)
    if isinstance(value, (list, dict)):
        value = str(value)
    if isinstance(thing, Region):
        if isinstance(name, str) and name in OWN:
            setattr(thing, name, value)
            return finite(getattr(thing, name))
        thing = thing.model
    declared = type(thing).parameters()
    if not isinstance(name, str) or name not in declared:
        raise unknown_name(f"set: {part}", "parameter", name, declared)
    thing.assign(name, value)
    return finite(getattr(thing, name))


def part_of(brain: Brain, part: Any) -> Parameterized | Region:
    """The part of a brain that has parameters.

    Parameters
    ----------
    brain : Brain
        Any.
    part : str
        A name of `MECHANISMS`, ``region:<name>``, or ``rule:<label of a projection with one>``.

    Returns
    -------
    Parameterized or Region
        The part.

    Raises
    ------
    UnknownNameError
        There is none.
    """
    rules = {f"{OF_RULE}{p.label}": p.rule for p in brain.projections if p.rule is not None}
    known = [*MECHANISMS, *(f"{OF_REGION}{name}" for name in brain.regions), *rules]
    if not isinstance(part, str) or part not in known:
        raise unknown_name("set", "part", part, known)
    if part in MECHANISMS:
        found: Parameterized = getattr(brain, part)
        return found
    rule = rules.get(part)
    return brain.regions[part.removeprefix(OF_REGION)] if rule is None else rule
