"""From a soma, written for one neuron, to the compiled loop over neurons with compartments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engram.engine.binding import Entry, compile_entry
from engram.engine.loops import import_or_inject
from engram.kernels.calls import parameters_of

_LOOP = """\
from engram.kernels.constants import BLOCK
from engram.kernels.dendrites import assemble, decay, eliminate, reset, substitute
from engram.kernels.neurons import (
    add_youth, collect_extra, decay_theta, emit_spikes, list_fired,
)

@inner_inline_jit
def kernel(
    index, step, dt, seed, clock, v, x, q, exc, inh, drive, held, held_onset, theta, rate_trace,
    fired, alive, last_spike, last_event, total_spikes, event_neuron, event_previous_step,
    event_previous, region_first, region_count, model_parameter, background, noise, input_factor,
    tau_activity, rate_kept, theta_plus, theta_kept, theta_fall, adapting, shifted, driven, holding,
    held_period, held_since, rhythm_current, region_spikes, scratch, who, young, youth,
    youth_current, youth_kept, compartments, substeps, tree_parent, tree_capacity, tree_leak,
    tree_axial, tree_backward, soma_capacity, nmda_factor, dendrite_v, dendrite_exc, dendrite_inh,
    dendrite_nmda, dendrite_rest, tree_diagonal, tree_right,
):
    first = region_first[index]
    count = region_count[index]
    n_nodes = compartments[index]
    parts = substeps[index]
    h = np.float32(dt[0] / parts)
    now = np.int32(step - 1)
    factor = input_factor[index]
    mean_exc, kept_exc, mean_inh, kept_inh = factor[0], factor[1], factor[2], factor[3]
    kept_theta, fall = theta_kept[index], theta_fall[index]
    theta_step = theta_plus[index] if adapting[index] else 0.0
    phase = (step - held_since[index]) % held_period[index] if holding[index] else -1
    steady = background[index] + rhythm_current[index]
    varied = noise[index] > 0 or phase >= 0 or driven[index] != 0 or young[index] != 0
    parent, capacity_of = tree_parent[index], tree_capacity[index]
    leak, axial, nmda = tree_leak[index], tree_axial[index], nmda_factor[index]
    backward = tree_backward[index]
    c_capacity = soma_capacity[index]
    c_tree = np.float32(0)
    for i in range(n_nodes):
        c_tree += leak[i]
{constants}
    c_scale = {scale}
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        extra = scratch[{zeros}, :n]
        if varied:
            extra = scratch[{extra}, :n]
            collect_extra(
                extra, lo, n, step, dt[0], seed[0], noise[index], drive, driven[index], held,
                held_onset, phase,
            )
            if young[index]:
                add_youth(extra, youth[lo : lo + n], n, youth_current[index], youth_kept[0])
        a_exc, a_inh = exc[lo : lo + n], inh[lo : lo + n]
        s_theta = scratch[{zeros}, :n]
        if shifted[index]:
            s_theta = scratch[{theta}, :n]
            decay_theta(s_theta, theta[lo : lo + n], n, kept_theta, fall, adapting[index])
        a_last_spike = last_spike[lo : lo + n]
        f = fired[lo : lo + n]
        living = alive[lo : lo + n]
        above = dendrite_v[:, lo : lo + n]
        on_exc, on_inh = dendrite_exc[:, lo : lo + n], dendrite_inh[:, lo : lo + n]
        on_nmda = dendrite_nmda[:, lo : lo + n]
        a_rest = dendrite_rest[lo : lo + n]
        a_load, a_pull, a_seen = scratch[{load}, :n], scratch[{pull}, :n], scratch[{seen}, :n]
        a_spiked = scratch[{spiked}, :n]
        s_I, s_g_exc, s_g_inh = scratch[{I}, :n], scratch[{g_exc}, :n], scratch[{g_inh}, :n]
{slices}
        for k in range(n):
            s_I[k] = steady + extra[k]
            s_g_exc[k] = a_exc[k] * mean_exc
            s_g_inh[k] = {sign}a_inh[k] * mean_inh
            a_exc[k] *= kept_exc
            a_inh[k] *= kept_inh
{add_currents}
            f[k] = 0
        for part in range(parts):
            assemble(
                {conductance}, n, n_nodes, h, c_scale, a_rest, {E_exc}, {E_inh}, mean_exc, mean_inh,
                capacity_of, leak, above, on_exc, on_inh, on_nmda, nmda, tree_diagonal, tree_right,
            )
            eliminate(n, n_nodes, h, parent, axial, tree_diagonal, tree_right, a_load, a_pull)
            any_spike = False
            for k in range(n):
                i_since_spike = np.float32(np.int32(now - a_last_spike[k])) * np.float32(dt[0])
                {new_states}, spike, seen = soma({arguments})
{store}
                a_seen[k] = seen - a_rest[k]
                a_spiked[k] = spike
                any_spike = any_spike or spike
                f[k] |= np.uint8(spike) & living[k]
            substitute(n, n_nodes, h, parent, axial, tree_diagonal, tree_right, a_seen, above)
            if any_spike:
                reset(n, n_nodes, backward, a_spiked, a_v, a_rest, above)
        decay(n, n_nodes, kept_exc, on_exc)
        decay(n, n_nodes, kept_inh, on_inh)
        decay(n, n_nodes, nmda[1], on_nmda)
        n_fired = list_fired(who, fired[lo : lo + (n + 7) // 8 * 8], n)
        if n_fired > 0:
            emit_spikes(
                index, step, lo, who, n_fired, clock, last_spike, last_event, total_spikes,
                rate_trace, rate_kept[index], dt[0] / tau_activity[index], theta, theta_step,
                event_neuron, event_previous_step, event_previous, region_spikes,
            )
    driven[index] = 0
    return 0
"""

# Rows of the scratch array; the first three stay 0 (see `engine.loops`).
_ROWS = {
    "zeros": 0,
    "extra": 3,
    "theta": 5,
    "load": 6,
    "pull": 7,
    "seen": 8,
    "I": 9,
    "g_exc": 10,
    "g_inh": 11,
    "spiked": 12,
}

_EXPRESSIONS = {
    "h": "h",
    "capacity": "c_capacity",
    "tree": "c_tree",
    "rest": "a_rest[k]",
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
) -> Entry:
    """The loop over a region's neurons with compartments, for one model.

    soma: see `engram.kernels.somata`; it asks by name for what it needs.
    """
    shared = [p for p in parameters if p not in per_neuron]
    values = dict(_EXPRESSIONS)
    values |= {s: f"a_{s}[k]" for s in states} | {p: f"c_{p}" for p in shared}
    values |= {p: f"q_{p}[k]" for p in per_neuron}
    column = {s: "v" if s == "v" else f"x[{states.index(s) - 1}]" for s in states}
    slices = [f"a_{s} = {column[s]}[lo : lo + n]" for s in states]
    slices += [f"q_{p} = q[{k}, lo : lo + n]" for k, p in enumerate(per_neuron)]

    def indented(by: int, lines: list[str]) -> str:
        return "\n".join(" " * by + line for line in lines)

    imports, namespace, key = import_or_inject({"soma": soma})
    source = imports + _LOOP.format(
        **_ROWS,
        sign="-" if conductance else "",
        conductance=conductance,
        E_exc="c_E_exc" if conductance else "np.float32(0)",
        E_inh="c_E_inh" if conductance else "np.float32(0)",
        scale="np.float32(1) / c_tau_m" if "tau_m" in shared else "np.float32(1)",
        constants=indented(
            4, [f"c_{p} = model_parameter[index, {k}]" for k, p in enumerate(shared)]
        ),
        slices=indented(8, slices),
        add_currents=indented(12, [] if conductance else ["s_I[k] += s_g_exc[k] + s_g_inh[k]"]),
        new_states=", ".join(f"new_{s}" for s in states),
        arguments=", ".join(values[p] for p in parameters_of(soma)),
        store=indented(16, [f"a_{s}[k] = new_{s}" for s in states]),
    )
    return compile_entry(f"compartments_{name}", source, namespace, key)
