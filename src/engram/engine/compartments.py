"""From a soma, written for one neuron, to the compiled loop over neurons with compartments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engram.engine.binding import Entry, compile_entry
from engram.engine.explain import Owner
from engram.engine.loops import flag_of, import_or_inject, indented, model_arrays
from engram.kernels.calls import parameters_of

_LOOP = """\
from engram.kernels.compartments import (
    G_EXC, G_INH, I, LOAD, PULL, SEEN, SPIKED, make_integrate_cable,
)

@inner_inline_jit
def tree_constants(c):
{constants}
    return {scale}, ({E_exc}, {E_inh})

@inner_inline_jit
def soma_block(
    lo, n, cell, rest, s_theta, last_spike, v, x, q, c, f, living, scratch
):
    h, dt, now, capacity, tree = cell
    a_load, a_pull, a_seen = scratch[LOAD, :n], scratch[PULL, :n], scratch[SEEN, :n]
    a_spiked, s_I = scratch[SPIKED, :n], scratch[I, :n]
    s_g_exc, s_g_inh = scratch[G_EXC, :n], scratch[G_INH, :n]
    a_last_spike = last_spike[lo : lo + n]
{slices}
    any_spike = False
    for k in range(n):
        i_since_spike = np.float32(np.int32(now - a_last_spike[k])) * dt
        {new_states}, spike, seen = soma({arguments})
{store}
        a_seen[k] = seen - rest[k]
        a_spiked[k] = spike
        any_spike = any_spike or spike
        f[k] |= {spike} & living[k]
    return any_spike

kernel = make_integrate_cable(tree_constants, soma_block, {conductance}, {background_row})
"""

_EXPRESSIONS = {
    "h": "h",
    "capacity": "capacity",
    "tree": "tree",
    "rest": "rest[k]",
    "load": "a_load[k]",
    "pull": "a_pull[k]",
    "theta": "s_theta[k]",
    "since_spike": "i_since_spike",
    "fired": "(f[k] != 0)",
    "I": "s_I[k]",
    "g_exc": "s_g_exc[k]",
    "g_inh": "s_g_inh[k]",
}


def compartment_loop(
    name: str,
    states: Sequence[str],
    parameters: Sequence[str],
    per_neuron: Sequence[str],
    conductance: bool,
    soma: Callable[..., Any],
    background_row: int,
) -> Entry:
    """The loop over a region's neurons with compartments, for one model.

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
    soma : callable
        See `engram.kernels.somata`; it asks by name for what it needs.
    background_row : int
        Which row has the background of each neuron; -1: they have the same.

    Returns
    -------
    Entry
        Compiled.
    """
    shared = [p for p in parameters if p not in per_neuron]
    values = _EXPRESSIONS | {s: f"a_{s}[k]" for s in states} | {p: f"c_{p}" for p in shared}
    values |= {p: f"q_{p}[k]" for p in per_neuron}
    imports, users = import_or_inject({"soma": soma})
    source = imports + _LOOP.format(
        conductance=conductance,
        background_row=background_row,
        spike=flag_of("spike", soma),
        constants=indented(4, [f"c_{p} = c[{k}]" for k, p in enumerate(shared)]),
        scale="np.float32(1) / c_tau_m" if "tau_m" in shared else "np.float32(1)",
        E_exc="c_E_exc" if conductance else "np.float32(0)",
        E_inh="c_E_inh" if conductance else "np.float32(0)",
        slices=indented(4, model_arrays(states, parameters, per_neuron)),
        new_states=", ".join(f"new_{s}" for s in states),
        arguments=", ".join(values[p] for p in parameters_of(soma)),
        store=indented(8, [f"a_{s}[k] = new_{s}" for s in states]),
    )
    return compile_entry(f"compartments_{name}", source, users, Owner(name, {}))
