"""Every array of a brain's state, declared once.

Allocation, growth, saving, copying, the fingerprint, the compiled kernels' arguments and the
reference documentation are all driven by these two lists: `BRAIN_FIELDS` (one set per brain) and
`SYNAPSE_FIELDS` (one set per projection). Adding a state variable is one line here; a kernel that
wants it names it as an argument.

Dimensions: N neuron slots, R regions, P projections, S synapses of a projection, E slots of the
spike ring, H steps kept in it, X model states beyond v, Q parameters of each neuron, M parameters
of a neuron model, K parameters of a rule, T traces of a rule on either side, J compartments of a
dendrite, B neurons worked on at a time, C entries of the clock, G entries of the spike log, O
oscillators of a region, U couplings of oscillators, Z critics, L lasting inputs, Y their neurons, V
entries of their distributions, F values of their arrays, I workers; ``slots`` (of buffers of
charge to come), ``modes``, ``courses`` and ``eighths`` (of neurons that are not stepped); ``rows``
(segment pointers), S1 (S, or 1 where all synapses have the same), ``pre``, ``post``, ``post+1``,
T? (presynaptic traces of its rule) and D (steps of them kept: one more than the longest delay) are
sizes of one projection.
"""

from __future__ import annotations

from functools import cache

from engram.kernels.constants import NEVER
from engram.state.field import OCCASIONS, Field, Kind, Occasion


# fmt: off
def _f(
    name: str, dtype: str, dims: str, initial: float, unit: str, doc: str, kind: Kind = "state",
    *, on: str = "", low: float | None = None, high: float | None = None, open_low: bool = False,
    finite: bool = True, since: int = 1,
) -> Field:
    occasions = frozenset(OCCASIONS[letter] for letter in on)
    return Field(
        name, dtype, tuple(dims.split()), initial, unit, doc, kind, occasions, low, high, open_low,
        finite, since,
    )


BRAIN_FIELDS: tuple[Field, ...] = (
    _f(
        "clock", "int64", "C", 0, "", "step, spikes ever fired, spikes in the log, why it stopped",
        low=0
    ),
    _f("dt", "float64", "1", 1, "ms", "time step", "parameter", low=0, open_low=True),
    _f("seed", "uint64", "1", 0, "", "seed of every random number", "parameter"),
    _f(
        "rates_measured", "int64", "1", 0, "step", "when rates were last measured (scaling)", low=0,
        since=3
    ),
    # Neurons.
    _f("v", "float32", "N", -65, "mV", "membrane potential", on="RBA"),
    _f("x", "float32", "X N", 0, "model", "further state variables of the neuron model", on="RBA"),
    _f("q", "float32", "Q N", 0, "model", "parameters and backgrounds of each neuron", on="B"),
    _f("exc", "float32", "N", 0, "current or g/g_L", "excitatory synaptic input", on="RBDA"),
    _f(
        "inh", "float32", "N", 0, "current or g/g_L", "inhibitory synaptic input (negative)",
        on="RBDA"
    ),
    _f(
        "mode", "float32", "modes N", 0, "", "modes of the free course since the last review",
        on="RBA", since=11
    ),
    _f(
        "course", "float32", "courses", 0, "", "the same by neuron, and from where on it may fire",
        "derived"
    ),
    _f("stirred", "uint8", "eighths", 0, "", "1 if one of 8 neurons may fire by itself", "derived"),
    _f("buffer_exc", "float32", "slots N", 0, "as exc", "exc to come, by step", "derived", on="B"),
    _f("buffer_inh", "float32", "slots N", 0, "as inh", "inh to come, by step", "derived", on="B"),
    _f("drive", "float32", "N", 0, "current", "input for the next step only", on="RBD"),
    _f("held", "float32", "N", 0, "current", "input held until it is released", on="RB"),
    _f("held_onset", "int32", "N", 0, "step", "when in each cycle the held input begins", on="RB"),
    _f("theta", "float64", "N", 0, "mV or current", "adaptive threshold", on="B"),
    _f(
        "dendrite_v", "float32", "J N", 0, "mV", "compartments: potential above rest", on="RBDA",
        since=3
    ),
    _f(
        "dendrite_rest", "float32", "N", 0, "mV", "potential at which dendrites rest", "derived",
        on="B"
    ),
    _f(
        "dendrite_exc", "float32", "J N", 0, "current or g/g_L", "their excitatory input",
        on="RBDA", since=3
    ),
    _f(
        "dendrite_inh", "float32", "J N", 0, "current or g/g_L", "their inhibitory input",
        on="RBDA", since=3
    ),
    _f(
        "dendrite_nmda", "float32", "J N", 0, "current or g/g_L", "NMDA receptors", on="RBDA",
        since=3
    ),
    _f(
        "rate_trace", "float32", "N", 0, "", "trace of the neuron's spikes just after the last one",
        on="RBDA"
    ),
    _f(
        "fired", "uint8", "N", 0, "", "1 if the neuron fired in the last step", on="RBDA",
        low=0, high=1
    ),
    _f("alive", "uint8", "N", 0, "", "1 if the slot holds a living neuron", on="BD", low=0, high=1),
    _f("neuron_type", "uint8", "N", 0, "", "NeuronType", on="B", low=0),
    _f("pattern", "uint8", "N", 0, "", "FiringPattern", on="B"),
    _f("last_spike", "int32", "N", NEVER, "step", "step of the last spike", on="RBA", low=NEVER),
    _f(
        "last_event", "int64", "N", -1, "", "number of the last spike in the spike ring", on="RBA",
        low=-1
    ),
    _f("total_spikes", "int64", "N", 0, "", "spikes since birth", on="B", low=0),
    _f(
        "mean_square_rate", "float32", "N", -1, "Hz^2", "mean of the squared rate; -1: none (BCM)",
        on="B", low=-1
    ),
    _f(
        "recent_rate", "float32", "N", 0, "Hz", "rate just after the last spike (BCM)", on="RB",
        low=0, since=3
    ),
    _f("rate_since", "int32", "N", NEVER, "step", "when that was", on="RB", low=NEVER, since=3),
    _f(
        "potentiation", "float32", "N", 1, "", "factor of potentiation by this spike", "derived",
        on="B"
    ),
    _f(
        "mean_rate", "float32", "N", 0, "Hz", "rate averaged over tau_rate (scaling)", on="B",
        low=0, since=3
    ),
    _f(
        "rate_error", "float32", "N", 0, "s", "integral of the relative error of the rate", on="B",
        since=3
    ),
    _f(
        "spikes_measured", "int64", "N", 0, "", "total spikes when rates were last measured",
        on="B", low=0, since=3
    ),
    _f(
        "excitability", "float32", "N", 0, "current", "input of intrinsic plasticity", on="B",
        since=7
    ),
    _f("born", "int32", "N", 0, "step", "step of birth", on="B", low=NEVER),
    _f(
        "youth", "float32", "N", 0, "", "1 for a newborn; decays in the critical period", on="BA",
        low=0, high=1, since=3
    ),
    # Spikes of the last H steps: those still under way are among them.
    _f("event_neuron", "int32", "E", 0, "", "neuron that fired"),
    _f(
        "event_previous_step", "int32", "E", NEVER, "step", "the neuron's spike before this one",
        low=NEVER
    ),
    _f("event_previous", "int64", "E", -1, "", "the number of that spike", low=-1),
    _f("event_first", "int64", "H R", 0, "", "first spike of a region in a step", on="R", low=0),
    _f(
        "event_end", "int64", "H R", 0, "", "one past the last spike of a region in a step", on="R",
        low=0
    ),
    # Regions.
    _f("region_first", "int64", "R", 0, "", "first neuron slot", "parameter"),
    _f("region_capacity", "int64", "R", 0, "", "neuron slots reserved", "parameter", low=0),
    _f("region_count", "int64", "R", 0, "", "neuron slots in use", "parameter", low=0),
    _f("model_parameter", "float32", "R M", 0, "model", "parameters of the model", "parameter"),
    _f("background", "float32", "R", 0, "current", "constant input of all neurons", "parameter"),
    _f("noise", "float32", "R", 0, "current ms^1/2", "white noise input", "parameter", low=0),
    _f(
        "tau_activity", "float32", "R", 1000, "ms", "window of the rate estimate", "parameter",
        low=0, open_low=True, finite=False
    ),
    _f("theta_plus", "float64", "R", 0, "mV or current", "theta's step at a spike", "parameter"),
    _f("adapting", "uint8", "R", 0, "", "1 if theta changes", "parameter", low=0, high=1),
    _f("buffered", "uint8", "R", 0, "", "1 if spikes wait in its buffers", "derived"),
    _f("awaited", "int64", "1", -1, "step", "when buffers are right", "derived", on="RA"),
    _f("receiving", "uint8", "R", 1, "", "1 if synaptic input is or may be there", "derived"),
    _f("input_factor", "float32", "R 4", 0, "", "mean and rest of synaptic input", "derived"),
    _f("rate_kept", "float64", "R D", 0, "", "decay of the rate estimate by steps", "derived"),
    _f("theta_kept", "float64", "R", 1, "", "decay of theta in dt", "derived"),
    _f("theta_fall", "float64", "R", 0, "mV or current", "fall of theta in dt", "derived"),
    _f("shifted", "uint8", "R", 0, "", "1 if any theta is not 0", "derived"),
    _f("young", "uint8", "R", 0, "", "1 if any youth is not 0", "derived"),
    _f("tuned", "uint8", "R", 0, "", "1 if any excitability is not 0", "derived"),
    _f("coded", "int64", "R", 0, "", "slots among which values are dealt", low=0, since=7),
    _f("founders", "int64", "R", 0, "", "neurons when growth began", low=0, since=7),
    _f("prime", "int64", "R", 0, "", "the most neurons there were", low=0, since=7),
    _f(
        "demand", "float64", "R", -1, "Hz", "mean rate as growth sees it; -1: unknown", on="R",
        low=-1, since=9
    ),
    _f("youth_kept", "float32", "1", 1, "", "decay of youth in dt", "derived"),
    _f("youth_current", "float32", "R", 0, "current", "input at youth 1", "derived"),
    _f("youth_gain", "float32", "1", 0, "", "extra potentiation at youth 1", "derived"),
    _f("driven", "uint8", "R", 0, "", "1 if there is input for the next step", low=0, high=1),
    _f("holding", "uint8", "R", 0, "", "1 if any input is held", on="R", low=0, high=1),
    _f("held_period", "int64", "R", 1, "step", "cycle of the held input", on="R", low=1),
    _f("held_since", "int64", "R", 0, "step", "when holding began", on="R"),
    _f("logging", "uint8", "R", 0, "", "1 if spikes are recorded", "derived"),
    _f("hazard", "float64", "N", 0, "", "of Poisson sources, summed up to each", "derived", on="B"),
    _f(
        "hazard_guide", "int32", "N", 0, "", "where to look first, by share of the way", "derived",
        on="B"
    ),
    _f("hazard_steady", "float32", "R", 0, "Hz", "steady input it was made with", "derived"),
    _f("hazard_ready", "uint8", "R", 0, "", "1 if it holds for the next step", "derived"),
    _f("reached", "uint8", "R", 1, "", "1 if synaptic input has come, or may have", "derived"),
    _f("compartments", "int64", "R", 0, "", "compartments with a potential each", "derived"),
    _f("substeps", "int64", "R", 1, "", "parts of a step of the cable equation", "derived"),
    _f("tree_parent", "int32", "R J", -1, "", "parent; -1: the soma", "derived"),
    _f("tree_capacity", "float32", "R J", 0, "", "share of the cell's capacitance", "derived"),
    _f("tree_leak", "float32", "R J", 0, "1/ms", "leak over the capacitance", "derived"),
    _f("tree_axial", "float32", "R J", 0, "1/ms", "the same to the parent", "derived"),
    _f("tree_backward", "float32", "R J", 0, "", "attenuation of a spike's reset", "derived"),
    _f("soma_capacity", "float32", "R", 1, "", "the soma's share of capacitance", "derived"),
    _f("nmda_factor", "float32", "R 4", 0, "", "ratio x mean, rest, Mg/3.57, E", "derived"),
    _f("rhythm_setting", "float32", "R O", 0, "current", "rhythms by band", "parameter", low=0),
    _f("rhythm_amplitude", "float32", "R O", 0, "current", "the same; 0: disabled", "derived"),
    _f(
        "rhythm_frequency", "float64", "R O", 1, "Hz", "their frequencies", "parameter",
        low=0, open_low=True
    ),
    _f(
        "rhythm_phase", "float64", "R O", 0, "rad", "phases less 2 pi f t; coupling moves them",
        on="A"
    ),
    _f("rhythm_ahead", "float64", "R O", 0, "rad", "work space: the same, predicted", "derived"),
    _f("rhythm_current", "float32", "R", 0, "current", "rhythms, and serotonin", "derived"),
    _f(
        "nest_depth", "float64", "R O", 0, "", "depth of amplitude modulation", "parameter", low=0,
        since=3
    ),
    _f(
        "nest_band", "int64", "R O", 0, "", "band that modulates the amplitude", "parameter", low=0,
        since=3
    ),
    _f(
        "nest_phase", "float64", "R O", 0, "rad", "its phase of greatest amplitude", "parameter",
        since=3
    ),
    _f("coupling_source", "int64", "U", 0, "", "region that pulls", "parameter", low=0, since=3),
    _f(
        "coupling_target", "int64", "U", 0, "", "region that is pulled", "parameter", low=0,
        since=3
    ),
    _f("coupling_band", "int64", "U", 0, "", "band of both", "parameter", low=0, since=3),
    _f(
        "coupling_strength", "float64", "U", 0, "rad/s", "coupling of phases", "parameter", low=0,
        since=3
    ),
    _f(
        "coupling_lag", "float64", "U", 0, "rad", "by how much the target lags", "parameter",
        since=3
    ),
    _f("region_spikes", "int64", "R", 0, "", "spikes of the region since the start", low=0),
    _f(
        "lazy", "uint8", "R", 0, "", "1 if only neurons that may fire are stepped", on="A", low=0,
        high=1, since=11
    ),
    _f("lazy_worth", "float64", "R", 0, "", "most it may cost, in steps of a neuron", "derived"),
    _f("lazy_factor", "float64", "R 11", 0, "", "of the free course of a neuron", since=11),
    _f(
        "lazy_rest", "float32", "R", 0, "mV", "where neurons rest, by the modes; 3e38: unknown",
        on="A", since=11
    ),
    # Projections.
    _f("source", "int64", "P", 0, "", "region of the presynaptic neurons", "parameter", low=0),
    _f("target", "int64", "P", 0, "", "region of the postsynaptic neurons", "parameter", low=0),
    _f("delay_min", "int64", "P", 1, "step", "shortest delay", "parameter", low=1),
    _f(
        "delay_count", "int64", "P", 1, "", "delays from the shortest to the longest", "parameter",
        low=1
    ),
    _f("gain", "float32", "P", 1, "", "strength x modulation of the transmitter", "parameter"),
    _f("regular", "uint8", "P", 1, "", "1 if segments hold no twins, one sign each", "derived"),
    _f("common_sign", "int8", "P", 1, "", "sign of all synapses; 0: they differ", "derived"),
    _f("youngest", "int32", "P", NEVER, "step", "latest birth among the synapses", low=NEVER),
    _f(
        "plastic", "uint8", "P", 0, "", "1 if the rule may change weights", "parameter",
        low=0, high=1
    ),
    _f("metaplastic", "uint8", "P", 0, "", "1 if the threshold of BCM acts on it", "derived"),
    _f("w_min", "float32", "P", 0, "weight", "least magnitude", "parameter", low=0),
    _f("w_max", "float32", "P", 1, "weight", "greatest magnitude", "parameter"),
    _f("rule_parameter", "float32", "P K", 0, "rule", "the rule's, and its gate", "parameter"),
    _f("gated", "uint8", "P", 0, "", "1 if a rhythm gates learning", "derived"),
    _f("gate_region", "int64", "P", 0, "", "region of that rhythm", "parameter", low=0, since=3),
    _f("gate_band", "int64", "P", 0, "", "its band", "parameter", low=0, since=3),
    _f("gate_depth", "float64", "P", 0, "", "depth of the gating", "parameter", low=0, since=3),
    _f("gate_phase", "float64", "P", 0, "rad", "phase of most learning", "parameter", since=3),
    _f("pre_decay", "float64", "P T", 0, "", "decay of a presynaptic trace in dt", "derived"),
    _f("post_decay", "float32", "P T", 0, "", "decay of a postsynaptic trace in dt", "derived"),
    _f("pre_jump", "float32", "P T", 0, "", "rise of a presynaptic trace at a spike", "derived"),
    _f("post_jump", "float32", "P T", 0, "", "rise of a postsynaptic trace at a spike", "derived"),
    _f("trace_reach", "int64", "P", 0, "step", "how long a trace may count", "derived"),
    _f(
        "nearest", "uint8", "P", 0, "", "1 for nearest-neighbour pairing", "parameter",
        low=0, high=1
    ),
    _f("stp", "uint8", "P", 0, "", "1 with short-term plasticity", "parameter", low=0, high=1),
    _f("stp_U", "float32", "P", 0.5, "", "use of resources by a first spike", "parameter"),
    _f(
        "stp_tau_rec", "float64", "P", 800, "ms", "recovery of resources", "parameter",
        low=0, open_low=True
    ),
    _f("stp_tau_facil", "float64", "P", 0, "ms", "decay of facilitation", "parameter"),
    _f(
        "reviewed", "int64", "P", 0, "", "spikes of the source at the last review", on="A", low=0,
        since=11
    ),
    _f("fan_out", "float64", "P", 0, "", "synapses of a presynaptic neuron, mean", "derived"),
    _f("turnover", "float64", "P", 0, "", "synapses beyond what their neurons came with", since=9),
    _f("dopamine", "float64", "P", 0, "", "phasic dopamine", on="A"),
    _f("dopamine_baseline", "float64", "P", 0, "", "tonic dopamine", "parameter"),
    _f(
        "tau_dopamine", "float64", "P", 200, "ms", "decay of dopamine", "parameter",
        low=0, open_low=True, finite=False
    ),
    _f(
        "tau_eligibility", "float64", "P", 1000, "ms", "decay of eligibility", "parameter",
        low=0, open_low=True, finite=False
    ),
    _f("dopamine_integral", "float64", "P", 0, "s", "dopamine seen by eligibility since the base"),
    _f(
        "eligibility_growth", "float64", "P", 1, "", "exp(time since the base / tau)",
        low=0, open_low=True
    ),
    _f("dopamine_factor", "float64", "P 4", 0, "", "what `modulate` multiplies by", "derived"),
    # Transmitters that modulate, and critics.
    _f("release_kind", "uint8", "P", 0, "", "transmitter its spikes release; 0: none", "derived"),
    _f("release_factor", "float64", "P 4", 0, "", "what `release` multiplies by", "derived"),
    _f(
        "transmitter_level", "float64", "P", 0, "", "acetylcholine or serotonin", on="A", low=0,
        since=4
    ),
    _f("cholinergic", "uint8", "P", 0, "", "1 if acetylcholine gates learning", "derived"),
    _f("region_gate", "float64", "R", 0, "", "the gate", "derived"),
    _f("region_current", "float64", "R", 0, "current", "by serotonin", "derived"),
    _f("critic_region", "int64", "Z", 0, "", "region of a critic", "derived"),
    _f("critic_factor", "float64", "Z 11", 0, "", "what `criticise` multiplies by", "derived"),
    _f("critic_target", "uint8", "Z P", 0, "", "1 where its error is dopamine", "derived"),
    _f(
        "critic_state", "float64", "Z 5", 0, "", "sums of spikes, rewards; TD error", on="RA",
        since=4
    ),
    # Lasting inputs: Poisson spikes, given spikes, arrays over time.
    _f("input_entry", "int64", "L", 0, "", "compiled input; 0: asleep", "derived"),
    _f("input_region", "int64", "L", 0, "", "region it goes to", "derived"),
    _f("input_tag", "int64", "L", 0, "", "tells its random numbers from others'", "derived"),
    _f("input_listed", "uint8", "L", 0, "", "0: it goes to all neurons", "derived"),
    _f("input_first", "int64", "L", 0, "", "first of its neurons or spikes", "derived"),
    _f("input_end", "int64", "L", 0, "", "and one past its last", "derived"),
    _f("input_weight", "float32", "L", 0, "weight", "of a Poisson spike", "derived"),
    _f("input_mean", "float64", "L", 0, "", "Poisson spikes a neuron and step", "derived"),
    _f("input_least", "int64", "L", 0, "", "count of the first of its chances", "derived"),
    _f("input_at", "int64", "L", 0, "", "first of its chances or values", "derived"),
    _f("input_rows", "int64", "L", 0, "", "how many chances, or rows of values", "derived"),
    _f("input_columns", "int64", "L", 0, "", "values a row; 1: for all neurons", "derived"),
    _f("input_every", "int64", "L", 1, "step", "how long a row lasts", "derived"),
    _f("input_since", "int64", "L", 0, "step", "when the first row begins", "derived"),
    _f("input_neuron", "int32", "Y", 0, "", "in the region; -1: dead since", "derived"),
    _f("input_step", "int32", "Y", 0, "step", "of a given spike", "derived"),
    _f("input_chance", "float64", "V", 0, "", "probability of at most so many spikes", "derived"),
    _f("input_guide", "int32", "L B", 0, "", "where to look first, by 1,024th", "derived"),
    _f("input_value", "float32", "F", 0, "current", "arrays over time, row by row", "derived"),
    _f("fed", "uint8", "R", 0, "", "1 if Poisson spikes come from outside", "derived"),
    _f("stimulated_until", "int64", "1", 0, "step", "by arrays over time", "derived"),
    # Work space, the spike log, and addresses of compiled functions.
    _f("scratch", "float32", "W B", 0, "", "work space of the neuron loops", "derived"),
    _f("tree_diagonal", "float32", "J B", 0, "", "work space of the cable equation", "derived"),
    _f("tree_right", "float32", "J B", 0, "mV", "and its right-hand side", "derived"),
    _f("who", "int32", "B", 0, "", "work space: neurons of a block that fired", "derived"),
    _f("heard", "float32", "T T B", 0, "", "work space: traces at a neuron's synapses", "derived"),
    _f("row_start", "int32", "A", 0, "", "work space: rows about to deliver", "derived"),
    _f("row_stop", "int32", "A", 0, "", "and where they end", "derived"),
    _f("crew", "int64", "C", 0, "", "who a worker is, and how it meets the others", "derived"),
    _f("part_first", "int64", "R", 0, "", "first neuron that a worker advances", "derived"),
    _f("part_count", "int64", "R", 0, "", "how many from there on", "derived"),
    _f("part_event", "int64", "R", 0, "", "first of their spikes in this step", "derived"),
    _f("part_end", "int64", "R", 0, "", "one past the last", "derived"),
    _f("fired_by", "int64", "I R", 0, "", "spikes of this step by worker", "derived"),
    _f("may_fire", "int64", "I R", 0, "", "neurons that may fire by themselves", "derived"),
    _f("part_lazy", "uint8", "R", 0, "", "lazy, as a worker knows it", "derived"),
    _f("fresh_clock", "int64", "C", 0, "", "clock of a worker's own list of spikes", "derived"),
    _f("fresh_neuron", "int32", "I", 0, "", "that list: neuron", "derived"),
    _f("fresh_previous_step", "int32", "I", 0, "step", "its spike before", "derived"),
    _f("fresh_previous", "int64", "I", 0, "", "the number of that", "derived"),
    _f("log_step", "int32", "G", 0, "step", "recorded spikes: when", "derived"),
    _f("log_neuron", "int32", "G", 0, "", "recorded spikes: who", "derived"),
    _f("bcm_parameter", "float64", "4", 0, "", "of metaplasticity", "derived"),
    _f("slide_entry", "int64", "1", 0, "", "compiled metaplasticity; 0: off", "derived"),
    _f("rhythm_entry", "int64", "1", 0, "", "compiled rhythms; 0: there are none", "derived"),
    _f("modulator_entry", "int64", "1", 0, "", "compiled neuromodulation; 0: none", "derived"),
    _f("integrate_entry", "int64", "R", 0, "", "compiled neuron loop", "derived"),
    _f("lazy_entry", "int64", "5 R", 0, "", "compiled loops of lazy neurons", "derived"),
    _f("touch_entry", "int64", "P", 0, "", "compiled arrivals at them", "derived"),
    _f("arrive_entry", "int64", "P", 0, "", "compiled arrival loop", "derived"),
    _f("scatter_entry", "int64", "P", 0, "", "compiled delivery at the spike", "derived"),
    _f("post_entry", "int64", "P", 0, "", "compiled postsynaptic loop", "derived"),
    _f("modulate_entry", "int64", "P", 0, "", "compiled effect of dopamine", "derived"),
)

SYNAPSE_FIELDS: tuple[Field, ...] = (
    _f("post", "int32", "S", 0, "", "postsynaptic neuron"),
    _f("weight", "float32", "S", 0, "current or g/g_L", "weight at the base of eligibility"),
    _f("birth", "int32", "S1", NEVER, "step", "step of birth", low=NEVER),
    _f("nt", "uint8", "S1", 0, "", "Neurotransmitter"),
    _f("segment", "int32", "rows", 0, "", "where each (neuron, delay) begins"),
    _f("eligibility", "float32", "S?", 0, "weight", "eligibility, referred to its base"),
    _f(
        "resource", "float32", "S?", 1, "", "resources after the last release", on="RA",
        low=0, high=1
    ),
    _f(
        "facilitation", "float32", "S?", -1, "", "facilitation at the last release; -1: none yet",
        on="RA", low=-1
    ),
    _f("synapse_gain", "float32", "S?", 1, "", "gain, where synapses differ in it"),
    _f("compartment", "uint16", "S?", 0, "", "where on the dendrite; 0: the soma", since=3),
    _f(
        "pre_trace", "float32", "T? D pre", 0, "",
        "presynaptic traces after each of the last D steps", on="RBD"
    ),
    _f("post_trace", "float32", "T post", 0, "", "postsynaptic trace now", on="RBD"),
    # Incoming index: the synapses of each postsynaptic neuron.
    _f("in_first", "int32", "post+1", 0, "", "where each neuron's begin", "derived"),
    _f("in_synapse", "int32", "S?", 0, "", "synapse", "derived"),
    _f("in_tap", "int32", "S?", 0, "", "its presynaptic neuron - delay x pre", "derived"),
)

SHARE_FIELDS: tuple[Field, ...] = (
    _f("row_from", "int32", "rows", 0, "", "where a worker's share of each begins", "derived"),
    _f("row_to", "int32", "rows", 0, "", "and where it ends", "derived"),
)
"""Of a projection as a worker sees it: parts of `segment`, or made of it."""

# fmt: on

FIELDS: dict[str, Field] = {
    field.name: field for field in (*BRAIN_FIELDS, *SYNAPSE_FIELDS, *SHARE_FIELDS)
}
NEURON_FIELDS = tuple(field for field in BRAIN_FIELDS if field.of_neurons)
SYNAPSE_NAMES = frozenset(field.name for field in (*SYNAPSE_FIELDS, *SHARE_FIELDS))


@cache
def renewed(occasion: Occasion) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The arrays of a brain, and of its projections, that are renewed on an occasion.

    Parameters
    ----------
    occasion : Occasion
        Which one.

    Returns
    -------
    tuple of (tuple of Field, tuple of Field)
        Of the brain, and of its projections.
    """
    brain = tuple(field for field in BRAIN_FIELDS if occasion in field.on)
    return brain, tuple(field for field in SYNAPSE_FIELDS if occasion in field.on)
