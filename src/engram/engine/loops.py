"""From a neuron model or a rule, written for one neuron or synapse, to compiled loops."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engram.engine.binding import Entry, compile_entry
from engram.kernels.calls import parameters_of
from engram.kernels.constants import GATE, RULE_PARAMETERS

INPUT_NAMES = ("I", "g_exc", "g_inh", "theta", "since_spike", "uniform", "dt")
"""What the `update` and `reset` of a neuron model may ask for besides its states and parameters."""

TRACE_NAMES = ("x", "x2", "y", "y2")
"""Presynaptic and postsynaptic traces a rule may ask for."""


def source_key(*functions: Callable[..., Any] | None) -> str | None:
    """What the machine code of user functions depends on; None if that can't be told.

    The whole file counts, since a function may use what stands around it. Functions typed at a
    prompt have no file.
    """
    digest = hashlib.sha256()
    for function in functions:
        if function is None:
            continue
        try:
            path = inspect.getsourcefile(getattr(function, "py_func", function))
        except TypeError:
            return None
        if path is None or not Path(path).is_file():
            return None
        digest.update(Path(path).read_bytes())
        digest.update(getattr(function, "__qualname__", "").encode())
    return digest.hexdigest()


def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    from engram.kernels.jit import jit

    return function if hasattr(function, "py_func") else jit(function)


def import_or_inject(
    functions: dict[str, Callable[..., Any] | None],
) -> tuple[str, dict[str, Any], str | None]:
    """Make functions known to a generated module: those of the package by import."""
    lines, namespace, foreign = [], {}, []
    for name, function in functions.items():
        if function is None:
            continue
        plain = getattr(function, "py_func", function)
        if plain.__module__.startswith("engram.kernels.") and plain.__qualname__.isidentifier():
            lines.append(f"from {plain.__module__} import {plain.__qualname__} as {name}\n")
            if function is plain:
                lines.append(f"{name} = jit({name})\n")
        else:
            namespace[name] = _jitted(function)
            foreign.append(function)
    return "".join(lines), namespace, source_key(*foreign) if foreign else ""


_NEURON_LOOP = """\
from engram.kernels.constants import BLOCK
from engram.kernels.neurons import (
    add_youth, collect_extra, collect_uniform, decay_theta, emit_spikes, list_fired,
)

@inner_inline_jit
def kernel(
    index, step, dt, seed, clock, v, x, q, exc, inh, drive, held, held_onset, theta, rate_trace,
    fired, alive, last_spike, last_event, total_spikes, event_neuron, event_previous_step,
    event_previous, region_first, region_count, model_parameter, background, noise, input_factor,
    tau_activity, rate_kept, theta_plus, theta_kept, theta_fall, adapting, shifted, receiving,
    driven, holding, held_period, held_since, rhythm_current, region_spikes, scratch, who, young,
    youth, youth_current, youth_kept,
):
    first = region_first[index]
    count = region_count[index]
    h = np.float32(dt[0])
    # Neurons fire at the end of a step: at the start of the next one no time has passed.
    now = np.int32(step - 1)
    factor = input_factor[index]
    mean_exc, kept_exc, mean_inh, kept_inh = factor[0], factor[1], factor[2], factor[3]
    kept_theta, fall = theta_kept[index], theta_fall[index]
    theta_step = theta_plus[index] if adapting[index] else 0.0
    phase = (step - held_since[index]) % held_period[index] if holding[index] else -1
    steady = background[index] + rhythm_current[index]
    varied = noise[index] > 0 or phase >= 0 or driven[index] != 0 or young[index] != 0
{constants}
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        # A row of zeros unless there is noise, injected or held input.
        extra = scratch[{zeros}, :n]
        if varied:
            extra = scratch[{extra}, :n]
            collect_extra(
                extra, lo, n, step, dt[0], seed[0], noise[index], drive, driven[index], held,
                held_onset, phase,
            )
            if young[index]:
                add_youth(extra, youth[lo : lo + n], n, youth_current[index], youth_kept[0])
        # Without synaptic input, rows that stay 0: not the same one, or the loop below would take
        # its slow path for arrays that overlap.
        a_exc = scratch[{no_exc}, :n]
        a_inh = scratch[{no_inh}, :n]
        if receiving[index]:
            a_exc = exc[lo : lo + n]
            a_inh = inh[lo : lo + n]
        f = fired[lo : lo + n]
        living = alive[lo : lo + n]
{slices}
        for k in range(n):
            i_I = steady + extra[k]
            i_g_exc = a_exc[k] * mean_exc
            a_exc[k] *= kept_exc
            i_g_inh = {inhibition_sign}a_inh[k] * mean_inh
            a_inh[k] *= kept_inh
{inputs}
{save}
            {new_states}, spike = update({update_arguments})
{store}
            f[k] = np.uint8(spike) & living[k]
        n_fired = list_fired(who, fired[lo : lo + (n + 7) // 8 * 8], n)
        if n_fired > 0:
{reset}
            emit_spikes(
                index, step, lo, who, n_fired, clock, last_spike, last_event, total_spikes,
                rate_trace, rate_kept[index], dt[0] / tau_activity[index], theta, theta_step,
                event_neuron, event_previous_step, event_previous, region_spikes,
            )
    driven[index] = 0
    return 0
"""

# Rows of the scratch array; the first three stay 0.
_ZEROS, _NO_EXC, _NO_INH, _EXTRA, _UNIFORM, _THETA, _FIRST_SAVED = 0, 1, 2, 3, 4, 5, 6
MAX_STATES = 8


def neuron_loop(
    name: str,
    states: Sequence[str],
    parameters: Sequence[str],
    per_neuron: Sequence[str],
    conductance: bool,
    update: Callable[..., Any],
    reset: Callable[..., Any] | None,
) -> Entry:
    """The loop over a region's neurons for one model.

    `update` gets states, parameters and inputs of one neuron by name and returns the new states and
    whether the neuron fires; `reset`, called with the same values for those that fire, returns the
    states they end the step with.
    """
    asked_by_reset = parameters_of(reset) if reset else []
    wanted = set(parameters_of(update)) | set(asked_by_reset)
    shared = [p for p in parameters if p not in per_neuron]
    constants = [f"c_{p} = model_parameter[index, {k}]" for k, p in enumerate(shared)]
    column = {s: "v" if s == "v" else f"x[{states.index(s) - 1}]" for s in states}
    slices = [f"a_{s} = {column[s]}[lo : lo + n]" for s in states]
    slices += [f"q_{p} = q[{k}, lo : lo + n]" for k, p in enumerate(per_neuron)]
    inputs = [] if conductance else ["i_I += i_g_exc + i_g_inh"]
    if "theta" in wanted:
        slices += [
            f"s_theta = scratch[{_ZEROS}, :n]",
            "if shifted[index]:",
            f"    s_theta = scratch[{_THETA}, :n]",
            "    decay_theta(s_theta, theta[lo : lo + n], n, kept_theta, fall, adapting[index])",
        ]
        inputs += ["i_theta = s_theta[k]"]
    if "since_spike" in wanted:
        slices += ["a_last_spike = last_spike[lo : lo + n]"]
        inputs += ["i_since_spike = np.float32(np.int32(now - a_last_spike[k])) * h"]
    if "uniform" in wanted:
        slices += [
            f"s_uniform = scratch[{_UNIFORM}, :n]",
            "collect_uniform(s_uniform, lo, n, seed[0], step)",
        ]
        inputs += ["i_uniform = s_uniform[k]"]
    # What the reset asks for is kept as it was before the step.
    kept = [p for p in asked_by_reset if p in states or (p in INPUT_NAMES and p != "dt")]
    slices += [f"old_{p} = scratch[{_FIRST_SAVED + k}, :n]" for k, p in enumerate(kept)]
    save = [f"old_{p}[k] = {f'a_{p}[k]' if p in states else f'i_{p}'}" for p in kept]

    def arguments(function: Callable[..., Any], old: bool) -> str:
        out = []
        for p in parameters_of(function):
            if p == "dt":
                out.append("h")
            elif p in per_neuron:
                out.append(f"q_{p}[k]")
            elif p in parameters:
                out.append(f"c_{p}")
            elif old:
                out.append(f"old_{p}[k]")
            else:
                out.append(f"a_{p}[k]" if p in states else f"i_{p}")
        return ", ".join(out)

    reset_lines = []
    if reset:
        targets = ", ".join(f"a_{s}[k]" for s in states)
        reset_lines = [
            "for k_fired in range(n_fired):",
            "    k = np.uint64(who[k_fired])",
            f"    {targets} = reset({arguments(reset, old=True)})",
        ]

    def indented(by: int, lines: list[str]) -> str:
        return "\n".join(" " * by + line for line in lines)

    imports, namespace, key = import_or_inject({"update": update, "reset": reset})
    source = imports + _NEURON_LOOP.format(
        zeros=_ZEROS,
        no_exc=_NO_EXC,
        no_inh=_NO_INH,
        extra=_EXTRA,
        inhibition_sign="-" if conductance else "",
        constants=indented(4, constants),
        slices=indented(8, slices),
        inputs=indented(12, inputs),
        save=indented(12, save),
        new_states=", ".join(f"new_{s}" for s in states),
        update_arguments=arguments(update, old=False),
        store=indented(12, [f"a_{s}[k] = new_{s}" for s in states]),
        reset=indented(12, reset_lines),
    )
    return compile_entry(f"neurons_{name}", source, namespace, key)


def source_loop(name: str, path: str) -> Entry:
    """The loop over a region of sources that has its own kernel, given as "module:name"."""
    module, kernel = path.split(":")
    return compile_entry(f"neurons_{name}", f"from {module} import {kernel} as kernel\n")


def _rule_adapter(
    name: str, function: Callable[..., Any], parameters: Sequence[str], modulated: bool, gated: bool
) -> str:
    """A function with the kernels' fixed arguments around a rule's own, by name."""
    fixed = ("w", *TRACE_NAMES, "w_min", "w_max")
    slots = [f"q{k}" for k in range(RULE_PARAMETERS)]
    names = {p: slots[k] for k, p in enumerate(parameters)}
    arguments = ", ".join(p if p in fixed else names[p] for p in parameters_of(function))
    signature = ", ".join((*fixed, *slots))
    result = f"{name}({arguments})"
    if gated:
        gate = f"q{GATE}"
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

    gated: changes are multiplied by the gate among the rule's parameters.
    """
    sides = [(on_post, "on_post", "make_post", "plasticity", n_pre_traces)]
    if on_pre is not None:
        # The arrival loop need not look up traces of the arriving spikes nobody asks for.
        asked = n_pre_traces if {"x", "x2"} & set(parameters_of(on_pre)) else 0
        sides.append((on_pre, "on_pre", "make_arrive", "arrivals", asked))
    entries = []
    for function, side, factory, module, traces in sides:
        imports, namespace, key = import_or_inject({side: function})
        source = (
            f"from engram.kernels.{module} import {factory}\n{imports}\n"
            + _rule_adapter(side, function, parameters, modulated, gated)
            + f"kernel = {factory}(adapted_{side}, {modulated}, {traces}, {n_post_traces})\n"
        )
        entries.append(compile_entry(f"{side}_{name}", source, namespace, key))
    return entries[1] if on_pre is not None else static_loop(), entries[0]


def static_loop() -> Entry:
    """The arrival loop of synapses that do not learn."""
    source = (
        "from engram.kernels.arrivals import make_arrive\nkernel = make_arrive(None, False, 0, 0)\n"
    )
    return compile_entry("on_pre_static", source)


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


def slide_loop() -> Entry:
    """The thresholds of metaplasticity, once a step."""
    source = "from engram.kernels.metaplasticity import slide_thresholds as kernel\n"
    return compile_entry("slide_thresholds", source)


@functools.cache
def advance_loop() -> Entry:
    """The outer loop."""
    return compile_entry("advance", "from engram.kernels.advance import advance as kernel\n")
