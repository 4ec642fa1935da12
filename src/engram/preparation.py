"""Bringing what the compiled loops read up to date with the objects users assign to."""

from __future__ import annotations

import functools
import importlib
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engram.defaults import current_unit
from engram.engine import compartments, loops
from engram.engine.binding import Entry, parameters_of
from engram.errors import InvalidValueError
from engram.kernels.constants import GATE, LAST_STEP, NEVER, RECENT, RULE_PARAMETERS
from engram.modulation import AcetylcholineRelease, SerotoninRelease
from engram.neurons import NeuronModel
from engram.plasticity import ModulatedRule, PlasticityRule

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.projection import Projection
    from engram.region import Region
    from engram.state.tables import Tables

LONGEST_PART = 0.25
"""Longest part of a step of the cable equation, ms."""

TRACE_WINDOW = 30.0
"""Time constants after which a trace counts as gone (exp(-30) = 1e-13)."""

UNTAUGHT = ModulatedRule()
"""What stands in the tables for a rule that dopamine does not modulate."""


def prepare(brain: Brain) -> None:
    """Write parameters, derived tables and the addresses of compiled loops into the tables."""
    tables = brain._tables
    _size(brain, tables)
    if len(brain._places) != tables.sizes["N"]:
        # What the number of a neuron in its region is, by its slot.
        brain._places = np.concatenate([np.arange(n) for n in tables["region_capacity"]])
    _prepare_rhythms(brain, tables)
    _prepare_metaplasticity(brain, tables)
    tables["youth_kept"][0] = math.exp(-brain.dt / brain.growth.critical_period)
    tables["youth_gain"][0] = brain.growth.young_plasticity
    for region in brain.regions.values():
        _prepare_region(brain, tables, region)
    _prepare_neuromodulation(brain, tables)
    for projection in brain.projections:
        _prepare_projection(brain, tables, projection)


def _prepare_rhythms(brain: Brain, tables: Tables) -> None:
    silent = brain._frozen["oscillations"]
    tables["rhythm_amplitude"][:] = 0.0 if silent else tables["rhythm_setting"]
    learning = [projection.rule is not None for projection in brain.projections]
    tables["gated"][:] = 0 if silent else (tables["gate_depth"] > 0) & learning
    sounding = tables["rhythm_amplitude"].any() or tables["gated"].any()
    if not sounding:
        tables["rhythm_current"][:] = 0
    # Phases that are coupled go on when the rhythms are silent; others are a function of time.
    running = sounding or tables.sizes["U"] > 0
    tables["rhythm_entry"][0] = loops.rhythm_loop().address if running else 0


def _prepare_neuromodulation(brain: Brain, tables: Tables) -> None:
    tables["release_kind"][:] = tables["cholinergic"][:] = 0
    tables["modulator_entry"][0] = 0
    releasing = [p for p in brain.projections if p.modulation is not None]
    if brain._frozen["neuromodulation"] or not (releasing or brain.critics):
        return
    tables["modulator_entry"][0] = loops.neuromodulation_loop().address
    for projection in releasing:
        p, modulation = projection._index, projection.modulation
        assert modulation is not None
        tables["release_kind"][p] = modulation.transmitter
        n = brain.regions[projection.source].n_excitatory
        tables["release_factor"][p] = modulation.factors(brain.dt, n)
        if isinstance(modulation, SerotoninRelease):
            unit = current_unit(brain.regions[projection.target].model)
            tables["release_factor"][p, 3] *= unit
    gated = {p.target for p in releasing if isinstance(p.modulation, AcetylcholineRelease)}
    for projection in brain.projections:
        learns = projection.rule is not None and projection.modulation is None
        tables["cholinergic"][projection._index] = learns and projection.target in gated
    for k, critic in enumerate(brain.critics.values()):
        tables["critic_region"][k] = brain.regions[critic.region]._index
        tables["critic_factor"][k] = critic.factors(brain.dt)
        for projection in brain.projections:
            taught = projection.label in critic.targets
            modulated = projection.rule is not None and projection.rule.modulated
            tables["critic_target"][k, projection._index] = taught and modulated


def _prepare_metaplasticity(brain: Brain, tables: Tables) -> None:
    rule = brain.metaplasticity
    tables["slide_entry"][0] = loops.slide_loop().address if rule.enabled else 0
    tables["bcm_sliding"][0] = rule.enabled and not brain._frozen["structural_plasticity"]
    tables["bcm_parameter"][:] = (
        rule.target_rate, rule.tau_rate, rule.tau_threshold, rule.max_gain,
    )  # fmt: skip
    if not rule.enabled:
        # Thresholds stay; the time it is off does not count.
        tables["potentiation"][:] = 1
        tables["recent_rate"][:] = 0
        tables["rate_since"][:] = NEVER


def _size(brain: Brain, tables: Tables) -> None:
    reach = tables["delay_min"] + tables["delay_count"]
    longest = max(int(reach.max(initial=2)) - 1, brain.growth.window_steps(brain))
    if brain._last_stimulus != NEVER and not brain._frozen["memory"]:
        # Traces are read from the spikes of the last window.
        longest = max(longest, round(brain.memory.capture_window / brain.dt))
    most = int(tables["region_count"].sum())
    events = tables.sizes["E"]
    while events < 2 * most:
        events *= 2
    if events != tables.sizes["E"]:
        tables.reindex_ring(events)
    if longest + 1 > tables.sizes["H"]:
        tables.relocate_history(longest + 1, brain.step_count)
    if any(tables["logging"]) and tables.sizes["G"] < 4 * most:
        tables.resize(G=max(4 * most, 1 << 16))


@functools.lru_cache(maxsize=64)
def _kept(rate: float) -> NDArray[np.float64]:
    """exp(-k rate) for k = 0, 1, ..."""
    return np.array([math.exp(-float(k) * rate) for k in range(RECENT)])


def _prepare_region(brain: Brain, tables: Tables, region: Region) -> None:
    r, model = region._index, region.model
    kind = type(model)
    scalars = [p for p in kind.model_parameters() if p not in kind.per_neuron()]
    for k, name in enumerate(scalars):
        tables["model_parameter"][r, k] = getattr(model, name)
    tables["input_factor"][r] = (
        *synaptic_factors(model.tau_exc, brain.dt), *synaptic_factors(model.tau_inh, brain.dt),
    )  # fmt: skip
    tables["rate_kept"][r] = _kept(brain.dt / float(tables["tau_activity"][r]))
    tables["theta_kept"][r] = math.exp(-brain.dt / region.tau_theta)
    tables["theta_plus"][r] = region.theta_plus
    tables["theta_fall"][r] = region.theta_plus * brain.homeostasis.theta_rate * 1e-3 * brain.dt
    frozen = brain._frozen["adaptive_thresholds"]
    shifted = region.theta_plus > 0 or bool(region._slots("theta").any())
    receives = any(p.target == region.name and p.n_synapses for p in brain.projections)
    left = region._slots("exc").any() or region._slots("inh").any()
    tables["receiving"][r] = receives or left
    tables["youth_current"][r] = brain.growth.young_current * current_unit(model)
    tables["young"][r] = region._slots("youth").any()
    tables["shifted"][r], tables["adapting"][r] = shifted, shifted and not frozen
    tables["compartments"][r] = n = region._dendrites.n_dynamic
    entry = compartment_entry(kind) if n else model_entry(kind)
    tables["integrate_entry"][r] = entry.address
    if n:
        _prepare_dendrites(brain, tables, region)


def _prepare_dendrites(brain: Brain, tables: Tables, region: Region) -> None:
    r, n = region._index, region._dendrites.n_dynamic
    tree, nmda = region._dendrites.tree, region._dendrites.nmda
    nodes = tree.compartments
    cell = nodes.area.sum()
    tables["substeps"][r] = math.ceil(brain.dt / LONGEST_PART - 1e-9)
    tables["tree_parent"][r, :n] = nodes.parent[1:] - 1
    tables["tree_capacity"][r, :n] = nodes.area[1:] / cell
    tables["tree_leak"][r, :n] = nodes.area[1:] / (cell * tree.tau)
    # From S and uF to 1/ms.
    tables["tree_axial"][r, :n] = nodes.axial[1:] / (cell * tree.Cm) * 1e3
    tables["tree_backward"][r, :n] = tree.attenuation(nodes.branch[1:], nodes.place[1:])
    tables["soma_capacity"][r] = nodes.area[0] / cell
    tables["nmda_factor"][r] = 0.0
    if nmda is not None:
        mean, kept = synaptic_factors(nmda.tau, brain.dt)
        tables["nmda_factor"][r] = nmda.ratio * mean, kept, nmda.Mg / 3.57, nmda.E
    region._slots("dendrite_rest")[:] = region.model.rest(region._parameters())


def _prepare_projection(brain: Brain, tables: Tables, projection: Projection) -> None:
    p, rule = projection._index, projection.rule
    stp = projection.stp
    tables["stp"][p] = stp is not None
    if stp is not None:
        tables["stp_U"][p] = stp.U
        tables["stp_tau_rec"][p], tables["stp_tau_facil"][p] = stp.tau_rec, stp.tau_facil
    tables["post_entry"][p] = tables["modulate_entry"][p] = 0
    if rule is None:
        tables["plastic"][p] = 0
        tables["arrive_entry"][p] = loops.static_loop().address if projection.n_synapses else 0
        return
    plastic = is_plastic(brain, projection)
    if plastic != bool(tables["plastic"][p]):
        projection.settle()
    tables["plastic"][p] = plastic
    tables["nearest"][p] = rule.pairing == "nearest"
    taught = rule if isinstance(rule, ModulatedRule) else UNTAUGHT
    tables["dopamine_baseline"][p] = taught.baseline_dopamine
    tables["tau_dopamine"][p] = taught.dopamine_decay
    tau_eligibility = taught.tau_eligibility
    if tau_eligibility != tables["tau_eligibility"][p]:
        projection.settle()
    tables["tau_eligibility"][p] = tau_eligibility
    tables["dopamine_factor"][p] = dopamine_factors(
        brain.dt, tau_eligibility, float(tables["tau_dopamine"][p]),
        float(tables["dopamine_baseline"][p]),
    )  # fmt: skip
    for k, name in enumerate(rule.pre_traces.values()):
        tables["pre_decay"][p, k] = math.exp(-brain.dt / getattr(rule, name))
    slowest = max((getattr(rule, name) for name in rule.pre_traces.values()), default=0.0)
    longest = int(tables["delay_min"][p] + tables["delay_count"][p])
    window = min(TRACE_WINDOW * slowest / brain.dt, LAST_STEP)
    tables["trace_reach"][p] = math.ceil(window) + longest
    for k, name in enumerate(rule.post_traces.values()):
        tables["post_decay"][p, k] = math.exp(-brain.dt / getattr(rule, name))
    gated = bool(tables["gated"][p] or tables["cholinergic"][p])
    arrive, post = rule_entries(type(rule), gated)
    for k, name in enumerate(rule_arguments(type(rule))):
        tables["rule_parameter"][p, k] = getattr(rule, name)
    tables["arrive_entry"][p] = arrive.address if projection.n_synapses else 0
    tables["post_entry"][p] = post.address
    if rule.modulated:
        tables["modulate_entry"][p] = loops.modulate_loop().address


def is_plastic(brain: Brain, projection: Projection) -> bool:
    """Whether the rule of a projection may change its weights."""
    return not (projection.frozen or brain._frozen["plasticity"])


_compartment_entries: dict[type, Entry] = {}


def compartment_entry(kind: type[NeuronModel]) -> Entry:
    """The compiled loop of a neuron model whose neurons have compartments."""
    if kind not in _compartment_entries:
        assert kind.soma is not None
        module, name = kind.soma.split(":")
        _compartment_entries[kind] = compartments.compartment_loop(
            kind.__name__, list(kind.states), kind.model_parameters(), kind.per_neuron(),
            kind.conductance, getattr(importlib.import_module(module), name),
        )  # fmt: skip
    return _compartment_entries[kind]


def check_model(kind: type[NeuronModel]) -> None:
    """Refuse a neuron model whose functions ask for what there is not."""
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
    """The compiled loop of a neuron model."""
    if kind not in _model_entries:
        if kind.loop is not None:
            _model_entries[kind] = loops.source_loop(kind.__name__, kind.loop)
        else:
            update, reset = kind.functions()
            _model_entries[kind] = loops.neuron_loop(
                kind.__name__, list(kind.states), kind.model_parameters(), kind.per_neuron(),
                kind.conductance, update, reset,
            )  # fmt: skip
    return _model_entries[kind]


def synaptic_factors(tau: float, dt: float) -> tuple[float, float]:
    """How a synaptic input with time constant `tau` acts in a step: (mean over it, kept after it).

    With tau = 0 a weight w is a charge of w x 1 ms, all of it delivered within the step.
    """
    if tau == 0.0:
        return 1.0 / dt, 0.0
    return -tau / dt * math.expm1(-dt / tau), math.exp(-dt / tau)


def dopamine_factors(
    dt: float, tau_c: float, tau_d: float, baseline: float
) -> tuple[float, float, float, float]:
    """Phasic and tonic share of c x D over a step (s), and what D and 1 / c are multiplied by."""
    rate = 1.0 / tau_c + 1.0 / tau_d
    return (
        -1e-3 * math.expm1(-dt * rate) / rate,
        -1e-3 * baseline * tau_c * math.expm1(-dt / tau_c),
        math.exp(-dt / tau_d),
        math.exp(dt / tau_c),
    )


def rule_arguments(rule: type[PlasticityRule]) -> tuple[str, ...]:
    """The parameters of a rule that its functions ask for."""
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
    """Refuse to gate a rule that leaves no room for the gate among its parameters."""
    if len(rule_arguments(rule)) > GATE:
        raise InvalidValueError(
            f"{where}: {rule.__name__} has {RULE_PARAMETERS} parameters; learning can be "
            f"gated with at most {GATE}"
        )


def rule_entries(rule: type[PlasticityRule], gated: bool = False) -> tuple[Entry, Entry]:
    """The compiled loops of a rule: arrivals, and after firing."""
    key = rule, gated
    if key not in _rule_entries:
        _rule_entries[key] = loops.rule_loops(
            f"{rule.__name__}_gated" if gated else rule.__name__, rule_arguments(rule),
            len(rule.pre_traces), len(rule.post_traces), rule.modulated, rule.on_pre, rule.on_post,
            gated,
        )  # fmt: skip
    return _rule_entries[key]
