"""From a neuron model or a rule, written for one neuron or synapse, to compiled loops."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engram.engine.binding import Entry, compile_entry
from engram.engine.explain import Owner
from engram.engine.freeze import Frozen, Watch, frozen, in_kernels
from engram.kernels.calls import parameters_of
from engram.kernels.constants import GATE, MODEL_ROWS

INPUT_NAMES = ("I", "g_exc", "g_inh", "theta", "since_spike", "uniform", "dt")
"""What the `update` and `reset` of a neuron model may ask for besides its states and parameters."""

TRACE_NAMES = ("x", "x2", "y", "y2")
"""Presynaptic and postsynaptic traces a rule may ask for."""


def import_or_inject(
    functions: dict[str, Callable[..., Any] | None],
) -> tuple[str, dict[str, Frozen]]:
    """Make functions known to a generated module: those of the package by import.

    Parameters
    ----------
    functions : dict of callable or None
        By the name they get; None is left out.

    Returns
    -------
    tuple of (str, dict of Frozen)
        Import lines, and functions to inject.
    """
    from engram.kernels.jit import JIT_DISABLED

    lines, own = [], {}
    for name, function in functions.items():
        if function is None:
            continue
        if in_kernels(function):
            lines.append(f"from {function.__module__} import {function.__name__} as {name}\n")
            if not hasattr(function, "py_func"):
                lines.append(f"{name} = jit({name})\n")
        elif JIT_DISABLED:
            own[name] = Frozen(function, None, Watch())
        else:
            own[name] = frozen(function)
    return "".join(lines), own


_NEURON_LOOP = """\
from engram.kernels.integrate import make_integrate

@inner_inline_jit
def advance_block(
    lo, n, h, now, steady, extra, a_exc, a_inh, factor, s_theta, s_uniform, last_spike, v, x, q, c,
    f, scratch,
):
    mean_exc, kept_exc, mean_inh, kept_inh = factor[0], factor[1], factor[2], factor[3]
{slices}
    for k in range(n):
        i_I = {current}
        i_g_exc = a_exc[k] * mean_exc
        a_exc[k] *= kept_exc
        i_g_inh = {sign}a_inh[k] * mean_inh
        a_inh[k] *= kept_inh
{inputs}
        {new_states}, spike = update({update_arguments})
{store}
        f[k] = {spike}

@inner_inline_jit
def reset_block(lo, n, h, who, n_fired, v, x, q, c, scratch):
{reset}

kernel = make_integrate(advance_block, reset_block, {wants_theta}, {wants_uniform})
"""

MAX_STATES = 8

FIRES = "whether the neuron fires (a comparison such as v >= 30.0)"
"""What `update` returns last."""


def flag_of(name: str, update: Callable[..., Any]) -> str:
    """An expression that is 1 if a variable says that the neuron fires, otherwise 0.

    Parameters
    ----------
    name : str
        Of the variable, the last value that `update` returned.
    update : callable
        Of the model. One of a user may return any whole number; a number that is not whole does not
        compile, since it would be a state in the wrong place.

    Returns
    -------
    str
        The expression.
    """
    return f"np.uint8({name})" if in_kernels(update) else f"np.uint8(({name} | 0) != 0)"


def indented(by: int, lines: Sequence[str]) -> str:
    """Lines of a generated function.

    Parameters
    ----------
    by : int
        Spaces.
    lines : sequence of str
        Not indented.

    Returns
    -------
    str
        The lines, joined.
    """
    return "\n".join(" " * by + line for line in lines)


def model_arrays(
    states: Sequence[str], parameters: Sequence[str], per_neuron: Sequence[str]
) -> list[str]:
    """Lines that take a block's states a_*, parameters c_* and per-neuron parameters q_*.

    Parameters
    ----------
    states : sequence of str
        State variables of the model.
    parameters : sequence of str
        All its parameters.
    per_neuron : sequence of str
        Those that each neuron has a value of its own of.

    Returns
    -------
    list of str
        Not indented.
    """
    shared = [p for p in parameters if p not in per_neuron]
    column = {s: "v" if s == "v" else f"x[{states.index(s) - 1}]" for s in states}
    lines = [f"c_{p} = c[{k}]" for k, p in enumerate(shared)]
    lines += [f"a_{s} = {column[s]}[lo : lo + n]" for s in states]
    lines += [f"q_{p} = q[{k}, lo : lo + n]" for k, p in enumerate(per_neuron)]
    return lines


def neuron_loop(
    name: str,
    states: Sequence[str],
    parameters: Sequence[str],
    per_neuron: Sequence[str],
    conductance: bool,
    update: Callable[..., Any],
    reset: Callable[..., Any] | None,
    background_row: int,
) -> Entry:
    """The loop over a region's neurons for one model.

    Parameters
    ----------
    name : str
        Of the model.
    states : sequence of str
        Its state variables.
    parameters : sequence of str
        All its parameters.
    per_neuron : sequence of str
        Those that each neuron has a value of its own of.
    conductance : bool
        Whether inputs are conductances; otherwise currents.
    update : callable
        Gets states, parameters and inputs of one neuron by name and returns the new states and
        whether the neuron fires.
    reset : callable or None
        Called with the same values for those that fire; returns the states they end the step with.
    background_row : int
        Which row has the background of each neuron; -1: they have the same.

    Returns
    -------
    Entry
        Compiled.
    """
    asked_by_reset = parameters_of(reset) if reset else ()
    wanted = {*parameters_of(update), *asked_by_reset}
    own = model_arrays(states, parameters, per_neuron)
    slices = list(own)
    current = "steady + extra[k]"
    if background_row >= 0:
        slices += [f"background = q[{background_row}, lo : lo + n]"]
        current = "steady + background[k] + extra[k]"
    inputs = [] if conductance else ["i_I += i_g_exc + i_g_inh"]
    inputs += ["i_theta = s_theta[k]"] if "theta" in wanted else []
    inputs += ["i_uniform = s_uniform[k]"] if "uniform" in wanted else []
    if "since_spike" in wanted:
        slices += ["a_last_spike = last_spike[lo : lo + n]"]
        inputs += ["i_since_spike = np.float32(np.int32(now - a_last_spike[k])) * h"]
    # What the reset asks for is kept as it was before the step.
    kept = [p for p in asked_by_reset if p in states or (p in INPUT_NAMES and p != "dt")]
    saved = [f"old_{p} = scratch[{MODEL_ROWS + k}, :n]" for k, p in enumerate(kept)]
    inputs += [f"old_{p}[k] = {f'a_{p}[k]' if p in states else f'i_{p}'}" for p in kept]
    values = {"dt": "h"} | {p: f"c_{p}" for p in parameters} | {p: f"q_{p}[k]" for p in per_neuron}

    def arguments(function: Callable[..., Any], now: dict[str, str]) -> str:
        return ", ".join((now | values)[p] for p in parameters_of(function))

    reset_lines = ["pass"]
    if reset:
        targets = ", ".join(f"a_{s}[k]" for s in states)
        before = arguments(reset, {p: f"old_{p}[k]" for p in kept})
        reset_lines = [*own, *saved, "for k_fired in range(n_fired):"]
        reset_lines += ["    k = np.uint64(who[k_fired])", f"    {targets} = reset({before})"]
    here = {p: f"i_{p}" for p in INPUT_NAMES} | {s: f"a_{s}[k]" for s in states}
    imports, users = import_or_inject({"update": update, "reset": reset})
    source = imports + _NEURON_LOOP.format(
        sign="-" if conductance else "",
        current=current,
        slices=indented(4, [*slices, *saved]),
        inputs=indented(8, inputs),
        new_states=", ".join(f"new_{s}" for s in states),
        update_arguments=arguments(update, here),
        store=indented(8, [f"a_{s}[k] = new_{s}" for s in states]),
        reset=indented(4, reset_lines),
        spike=flag_of("spike", update),
        wants_theta="theta" in wanted,
        wants_uniform="uniform" in wanted,
    )
    owner = Owner(
        name,
        {
            "update": (len(states) + 1, f"the new {', '.join(states)} and {FIRES}"),
            "reset": (len(states), f"{', '.join(states)} after the spike"),
        },
    )
    return compile_entry(f"neurons_{name}", source, users, owner)


def source_loop(name: str, make: Callable[..., Any], background_row: int) -> Entry:
    """The loop over a region of sources that has its own kernel.

    Parameters
    ----------
    name : str
        Of the model.
    make : callable
        Makes the kernel, which asks by name for what it needs, for a row of backgrounds.
    background_row : int
        Which row has the background of each neuron; -1: they have the same.

    Returns
    -------
    Entry
        Compiled.
    """
    source = f"from {make.__module__} import {make.__name__} as make\n"
    return compile_entry(f"neurons_{name}", source + f"kernel = make({background_row})\n")


def _rule_adapter(
    name: str, function: Callable[..., Any], parameters: Sequence[str], modulated: bool, gated: bool
) -> str:
    """A function with the kernels' fixed arguments around a rule's own, by name."""
    fixed = ("w", *TRACE_NAMES, "w_min", "w_max")
    names = {p: f"q[{k}]" for k, p in enumerate(parameters)}
    arguments = ", ".join(p if p in fixed else names[p] for p in parameters_of(function))
    signature = ", ".join((*fixed, "q"))
    result = f"{name}({arguments})"
    if gated:
        gate = f"q[{GATE}]"
        result = f"{gate} * {result}" if modulated else f"w + {gate} * ({result} - w)"
    return f"@inner_jit\ndef adapted_{name}({signature}):\n    return np.float32({result})\n\n"


def rule_loops(
    name: str,
    parameters: Sequence[str],
    n_pre_traces: int,
    n_post_traces: int,
    modulated: bool,
    on_pre: Callable[..., Any] | None,
    on_post: Callable[..., Any],
    gated: bool,
) -> tuple[Entry, Entry]:
    """The arrival loop and the postsynaptic loop of a plasticity rule.

    Parameters
    ----------
    name : str
        Of the rule.
    parameters : sequence of str
        What its functions ask for, in the order of the table.
    n_pre_traces : int
        Presynaptic traces.
    n_post_traces : int
        Postsynaptic traces.
    modulated : bool
        Whether changes go to eligibility.
    on_pre : callable or None
        Change at a presynaptic spike.
    on_post : callable
        Change at a postsynaptic spike.
    gated : bool
        Whether changes are multiplied by the gate among the rule's parameters.

    Returns
    -------
    tuple of (Entry, Entry)
        For arrivals, and after firing.
    """
    sides = [(on_post, "on_post", "make_post", "plasticity", n_pre_traces)]
    if on_pre is not None:
        # The arrival loop need not look up traces of the arriving spikes nobody asks for.
        asked = n_pre_traces if {"x", "x2"} & set(parameters_of(on_pre)) else 0
        sides.append((on_pre, "on_pre", "make_arrive", "arrivals", asked))
    what = "the change of eligibility" if modulated else "the new weight"
    owner = Owner(name.removesuffix("_gated"), dict.fromkeys(("on_pre", "on_post"), (1, what)))
    entries = []
    for function, side, factory, module, traces in sides:
        imports, users = import_or_inject({side: function})
        source = (
            f"from engram.kernels.{module} import {factory}\n{imports}\n"
            + _rule_adapter(side, function, parameters, modulated, gated)
            + f"kernel = {factory}(adapted_{side}, {modulated}, {traces}, {n_post_traces})\n"
        )
        entries.append(compile_entry(f"{side}_{name}", source, users, owner))
    return entries[1] if on_pre is not None else static_loop(), entries[0]


def static_loop() -> Entry:
    """The arrival loop of synapses that do not learn."""
    source = (
        "from engram.kernels.arrivals import make_arrive\nkernel = make_arrive(None, False, 0, 0)\n"
    )
    return compile_entry("on_pre_static", source)


def scatter_loop() -> Entry:
    """The delivery of spikes when they are fired."""
    return compile_entry("scatter", "from engram.kernels.buffers import scatter as kernel\n")


def lazy_arrival_loop(plain: bool) -> Entry:
    """Arrivals at neurons that are not stepped.

    Parameters
    ----------
    plain : bool
        Whether synapses deliver their weights, all of one sign, and do nothing else.

    Returns
    -------
    Entry
        Compiled once.
    """
    name = "deliver_plain" if plain else "touch"
    return compile_entry(name, f"from engram.kernels.lazy import {name} as kernel\n")


def lazy_loops() -> tuple[Entry, ...]:
    """What is done with a region whose neurons are not stepped, by row of ``lazy_entry``."""
    names = ("lazy_step", "resume", "settle", "count_stirred", "rebase")
    return tuple(
        compile_entry(name, f"from engram.kernels.lazy import {name} as kernel\n") for name in names
    )


def modulate_loop() -> Entry:
    """Dopamine and eligibility of a projection, once a step."""
    return compile_entry("modulate", "from engram.kernels.plasticity import modulate as kernel\n")


def rhythm_loop() -> Entry:
    """The rhythms of all regions, once a step."""
    return compile_entry("rhythms", "from engram.kernels.rhythms import rhythms as kernel\n")


def neuromodulation_loop() -> Entry:
    """Release of transmitters, and critics, once a step."""
    source = "from engram.kernels.neuromodulation import neuromodulate as kernel\n"
    return compile_entry("neuromodulate", source)


def input_loop(kind: str) -> Entry:
    """A lasting input, once a step.

    Parameters
    ----------
    kind : str
        Name of its kernel in `engram.kernels.inputs`.

    Returns
    -------
    Entry
        Compiled once.
    """
    return compile_entry(kind, f"from engram.kernels.inputs import {kind} as kernel\n")


def slide_loop() -> Entry:
    """The thresholds of metaplasticity, once a step."""
    source = "from engram.kernels.metaplasticity import slide_thresholds as kernel\n"
    return compile_entry("slide_thresholds", source)


@functools.cache
def finite_loop() -> Entry:
    """The search for states that are not finite."""
    return compile_entry("finite", "from engram.kernels.finite import find_broken as kernel\n")


@functools.cache
def advance_loop() -> Entry:
    """The outer loop."""
    return compile_entry("advance", "from engram.kernels.advance import advance as kernel\n")
