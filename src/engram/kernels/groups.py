"""Arrays that kernels ask for together.

A kernel whose parameter has the name of a group gets all its arrays as one named tuple; what they
hold is said in the schema. Arrays are taken out of it before a loop, not inside.
"""

from typing import Any, NamedTuple

Array = Any


class Pathways(NamedTuple):
    """Projections: from where to where, how late, and what holds of all their synapses."""

    source: Array
    target: Array
    delay_min: Array
    delay_count: Array
    gain: Array
    regular: Array
    common_sign: Array
    youngest: Array


class Rules(NamedTuple):
    """Plasticity rules of projections."""

    plastic: Array
    w_min: Array
    w_max: Array
    rule_parameter: Array
    dopamine_integral: Array
    eligibility_growth: Array
    dopamine_factor: Array


class ShortTerm(NamedTuple):
    """Short-term plasticity of projections."""

    stp: Array
    stp_U: Array
    stp_tau_rec: Array
    stp_tau_facil: Array


class Synapses(NamedTuple):
    """Synapses of one projection; birth and nt may have one entry for all, see `columns.entry`."""

    post: Array
    weight: Array
    birth: Array
    nt: Array
    segment: Array
    eligibility: Array


class Rows(NamedTuple):
    """Which synapses of each (neuron, delay) of one projection a worker delivers to."""

    row_from: Array
    row_to: Array


class Extras(NamedTuple):
    """What synapses of one projection may have of their own."""

    resource: Array
    facilitation: Array
    synapse_gain: Array
    compartment: Array


class Traces(NamedTuple):
    """Spike traces of one projection; how they decay and jump, in all projections."""

    pre_trace: Array
    post_trace: Array
    pre_decay: Array
    post_decay: Array
    pre_jump: Array
    post_jump: Array
    trace_reach: Array
    nearest: Array


class Incoming(NamedTuple):
    """Where the synapses of each postsynaptic neuron stand."""

    in_first: Array
    in_synapse: Array
    in_tap: Array


class Susceptible(NamedTuple):
    """What multiplies potentiation at a neuron's synapses."""

    metaplastic: Array
    potentiation: Array
    youth: Array
    youth_gain: Array


class Received(NamedTuple):
    """Synaptic input of neurons."""

    exc: Array
    inh: Array
    reached: Array


class Buffers(NamedTuple):
    """Charge that arrives in the coming steps."""

    buffer_exc: Array
    buffer_inh: Array
    buffered: Array
    awaited: Array


class Free(NamedTuple):
    """The free course of neurons, and which regions are advanced by it."""

    lazy: Array
    part_lazy: Array
    lazy_factor: Array
    lazy_worth: Array
    course: Array
    stirred: Array
    may_fire: Array
    reviewed: Array
    fan_out: Array


class Tree(NamedTuple):
    """Synaptic input of compartments."""

    compartments: Array
    dendrite_exc: Array
    dendrite_inh: Array
    dendrite_nmda: Array


class Current(NamedTuple):
    """Input of neurons that is not synaptic, by region but for what is injected and held."""

    background: Array
    rhythm_current: Array
    noise: Array
    drive: Array
    driven: Array
    held: Array
    held_onset: Array
    holding: Array
    held_period: Array
    held_since: Array
    young: Array
    youth: Array
    youth_current: Array
    youth_kept: Array
    tuned: Array
    excitability: Array


class Firing(NamedTuple):
    """What changes when neurons fire."""

    clock: Array
    event_neuron: Array
    event_previous_step: Array
    event_previous: Array
    last_spike: Array
    last_event: Array
    total_spikes: Array
    rate_trace: Array
    rate_kept: Array
    tau_activity: Array
    theta: Array
    region_spikes: Array


class Threshold(NamedTuple):
    """Adaptive thresholds."""

    theta: Array
    theta_plus: Array
    theta_kept: Array
    theta_fall: Array
    adapting: Array
    shifted: Array


class Cable(NamedTuple):
    """The cable equation of regions whose neurons have compartments."""

    compartments: Array
    substeps: Array
    tree_parent: Array
    tree_capacity: Array
    tree_leak: Array
    tree_axial: Array
    tree_backward: Array
    soma_capacity: Array
    nmda_factor: Array
    tree_diagonal: Array
    tree_right: Array
    dendrite_v: Array
    dendrite_rest: Array
    dendrite_exc: Array
    dendrite_inh: Array
    dendrite_nmda: Array


class Ring(NamedTuple):
    """The spikes of the last steps."""

    event_neuron: Array
    event_previous_step: Array
    event_previous: Array
    event_first: Array
    event_end: Array
    last_spike: Array
    last_event: Array


class Feed(NamedTuple):
    """Lasting inputs."""

    input_region: Array
    input_tag: Array
    input_listed: Array
    input_first: Array
    input_end: Array
    input_weight: Array
    input_mean: Array
    input_least: Array
    input_at: Array
    input_rows: Array
    input_columns: Array
    input_every: Array
    input_since: Array
    input_neuron: Array
    input_step: Array
    input_chance: Array
    input_guide: Array
    input_value: Array


class Part(NamedTuple):
    """What a worker advances, and who of it fired."""

    crew: Array
    part_first: Array
    part_count: Array
    part_event: Array
    part_end: Array
    fired_by: Array
    fresh_clock: Array
    fresh_neuron: Array
    fresh_previous_step: Array
    fresh_previous: Array


class Loops(NamedTuple):
    """Compiled loops; 0: there is nothing to do."""

    rhythm_entry: Array
    modulator_entry: Array
    input_entry: Array
    arrive_entry: Array
    scatter_entry: Array
    touch_entry: Array
    lazy_entry: Array
    integrate_entry: Array
    slide_entry: Array
    post_entry: Array
    modulate_entry: Array


class Log(NamedTuple):
    """Recorded spikes."""

    logging: Array
    log_step: Array
    log_neuron: Array


GROUPS: dict[str, Any] = {
    "pathways": Pathways,
    "rules": Rules,
    "short_term": ShortTerm,
    "synapses": Synapses,
    "rows": Rows,
    "extras": Extras,
    "traces": Traces,
    "incoming": Incoming,
    "susceptible": Susceptible,
    "received": Received,
    "buffers": Buffers,
    "free": Free,
    "tree": Tree,
    "ring": Ring,
    "current": Current,
    "firing": Firing,
    "threshold": Threshold,
    "cable": Cable,
    "feed": Feed,
    "part": Part,
    "loops": Loops,
    "log": Log,
}
"""The groups, by the name of the parameter that asks for one."""
