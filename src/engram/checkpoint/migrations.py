"""Reading older formats: each step turns what one format holds into what the next one does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.checkpoint.live import SAVED, SAVED_SYNAPSE, column, expected
from engram.checkpoint.records import to_arrays
from engram.errors import CheckpointError
from engram.kernels.calls import kernel
from engram.kernels.constants import EVENTS, EXCITATORY, STEP, STREAM_PHASE
from engram.mechanisms.bands import BANDS
from engram.mechanisms.growth.growth import COUNTS, GrowthCycle
from engram.morphology import Branch, Morphology
from engram.recording.statistics import BrainStats, RegionStats
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS

Arrays = dict[str, NDArray[Any]]
State = tuple[dict[str, Any], Arrays]
Migration = Callable[[dict[str, Any], Arrays], None]

FORMAT = 11
"""The format that is written."""

STDP_1, REWARD_1 = "engram.plasticity:STDP", "engram.plasticity:RewardSTDP"

DEFAULTS_1: dict[str, dict[str, Any]] = {
    "engram.plasticity:STDP": {
        "pairing": "all",
        "A_plus": 0.01,
        "A_minus": 0.0105,
        "tau_plus": 20.0,
        "tau_minus": 20.0,
        "bounds": "additive",
    },
    "engram.plasticity:RewardSTDP": {
        "pairing": "all",
        "A_plus": 0.1,
        "A_minus": 0.105,
        "tau_plus": 20.0,
        "tau_minus": 20.0,
        "tau_eligibility": 1000.0,
        "dopamine_decay": 200.0,
        "baseline_dopamine": 0.002,
    },
    "engram.homeostasis:Homeostasis": {
        "target_rate": 5.0,
        "scaling_rate": 0.01,
        "check_interval": 1000.0,
        "theta_plus": 0.0,
        "theta_leak": 0.001,
    },
    "engram.metaplasticity:Metaplasticity": {
        "target_rate": 5.0,
        "tau_threshold": 10000.0,
        "check_interval": 1000.0,
        "max_gain": 4.0,
        "enabled": False,
    },
    "engram.growth:Growth": {
        "growth_interval": 1000.0,
        "neurogenesis_rate": 10.0,
        "births_per_cycle": 1,
        "synapses_per_cycle": 20,
        "new_weight": 0.1,
        "pruning_weight": 0.12,
        "pruning_age": 5000.0,
        "pruned_per_cycle": 50,
        "apoptosis_age": 60000.0,
        "deaths_per_cycle": 2,
        "max_synapses": 100000000,
    },
    "engram.memory:Memory": {
        "trace_capacity": 50,
        "consolidation_interval": 1000.0,
        "replay_strength": 5.0,
        "replay_duration": 20.0,
        "trace_threshold": 2.0,
        "forgetting": 0.01,
    },
    "engram.stimulus:StimulusEncoder": {
        "max_current": 20.0,
        "max_rate": 100.0,
        "noise_level": 0.0,
        "cycle": 50.0,
        "width": 0.1,
    },
    "engram.neurons:Izhikevich": {
        "tau_exc": 5.0,
        "tau_inh": 10.0,
        "a": 0.02,
        "b": 0.2,
        "c": -65.0,
        "d": 8.0,
    },
    "engram.neurons:LIF": {
        "tau_exc": 5.0,
        "tau_inh": 10.0,
        "tau_m": 20.0,
        "E_L": -65.0,
        "E_exc": 0.0,
        "E_inh": -80.0,
        "v_th": -50.0,
        "v_reset": -65.0,
        "t_ref": 2.0,
    },
    "engram.neurons:CurrentLIF": {
        "tau_exc": 5.0,
        "tau_inh": 10.0,
        "tau_m": 20.0,
        "E_L": -65.0,
        "v_th": -50.0,
        "v_reset": -65.0,
        "t_ref": 2.0,
    },
    "engram.neurons:AdEx": {
        "tau_exc": 5.0,
        "tau_inh": 10.0,
        "C": 281.0,
        "g_L": 30.0,
        "E_L": -70.6,
        "v_T": -50.4,
        "Delta_T": 2.0,
        "a": 4.0,
        "tau_w": 144.0,
        "b": 80.5,
        "v_r": -70.6,
        "v_peak": 0.0,
    },
    "engram.neurons:PoissonSource": {"tau_exc": 5.0, "tau_inh": 10.0},
    "engram.neurons:Relay": {"tau_exc": 5.0, "tau_inh": 10.0},
    "engram.synapses:ShortTermPlasticity": {"U": 0.5, "tau_rec": 800.0, "tau_facil": 0.0},
}
"""What parameters that nobody had set meant in format 1, which did not say so itself."""


THEN_6: dict[str, dict[str, Any]] = {
    "engram.homeostasis:Homeostasis": {
        "tau_rate": 5000.0,
        "tolerance": 1.0,
        "excitability_rate": 0.0,
    },
    "engram.growth:Growth": {
        "neurogenesis_ceiling": 1e9,
        "most_growth": 1e9,
        "survival": 0.0,
        "apoptosis_rate": 0.0,
        "apoptosis_floor": 0.0,
    },
}
"""What files do not say: settings that came in format 7 did nothing; tau_rate came in format 3."""


def _from_1(brain: dict[str, Any], arrays: Arrays) -> None:
    """Spare capacity goes; histories become arrays; defaults are written down."""
    count, first = arrays["region_count"], arrays["region_first"]
    slots_there = len(arrays["alive"])
    reach = arrays["delay_min"] + arrays["delay_count"]
    if not ((first >= 0) & (count >= 0) & (count <= slots_there)).all():
        raise CheckpointError("array 'region_count' or 'region_first': out of range")
    if not ((arrays["delay_min"] >= 1) & (arrays["delay_count"] >= 1) & (reach <= 1 << 16)).all():
        raise CheckpointError("array 'delay_min' or 'delay_count': out of range")
    parts = [np.arange(a, a + n) for a, n in zip(first.tolist(), count.tolist(), strict=True)]
    slots = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    for field in BRAIN_FIELDS:
        if field.dims[-1] == "N" and field.name in arrays:
            arrays[field.name] = arrays[field.name][..., slots]
    for p in range(len(brain["projections"])):
        pre, post = int(count[arrays["source"][p]]), int(count[arrays["target"][p]])
        ends = {"pre": pre, "post": post, "rows": pre * int(arrays["delay_count"][p]) + 1}
        for field in SYNAPSE_FIELDS:
            name = column(p, field.name)
            if field.dims[-1] in ends and name in arrays:
                arrays[name] = arrays[name][..., : ends[field.dims[-1]]]
    _keep_traces_by_step(brain, arrays)
    del arrays["rule_since"]
    growth = [GrowthCycle(**c, synapses_lost=0) for c in brain.pop("growth_history")]
    stats = [
        BrainStats(**{**s, "regions": tuple(RegionStats(**r) for r in s["regions"])})
        for s in brain.pop("stats_history")
    ]
    arrays.update(to_arrays(growth, stats))
    brain["sizes"] = {name: brain["sizes"][name] for name in ("X", "Q", "M", "H")}
    brain["defaults"] = DEFAULTS_1


def _keep_traces_by_step(brain: dict[str, Any], arrays: Arrays) -> None:
    """From presynaptic traces after a neuron's last spike to those after each of the last steps.

    Earlier values follow from the spikes that are kept, by running x -> 1 + x exp(-gap / tau)
    backwards. Traces of rules that are not Engram's own start anew.
    """
    step, head = int(arrays["clock"][STEP]), int(arrays["clock"][EVENTS])
    oldest = head - len(arrays["event_neuron"])
    ends = np.cumsum(arrays["region_count"])
    for p, entry in enumerate(brain["projections"]):
        r = int(arrays["source"][p])
        live = slice(int(ends[r] - arrays["region_count"][r]), int(ends[r]))
        old = arrays[column(p, "pre_trace")][0]
        rule = entry["rule"]
        mechanism = {STDP_1: "stdp", REWARD_1: "reward_stdp"}.get(rule and rule["class"])
        if mechanism is None:
            arrays[column(p, "pre_trace")] = np.zeros((0, 0, len(old)), np.float32)
            continue
        values = {**DEFAULTS_1[rule["class"]], **brain["mechanisms"][mechanism], **rule["values"]}
        rate = brain["dt"] / values["tau_plus"]
        nearest = values["pairing"] == "nearest"
        depth = int(arrays["delay_min"][p] + arrays["delay_count"][p])
        new = np.zeros((1, depth, len(old)), np.float32)
        at = arrays["last_spike"][live].astype(np.int64)
        event = arrays["last_event"][live].copy()
        trace = np.ones(len(old)) if nearest else old.copy()
        for t in range(step - 1, max(step - 1 - depth, -1), -1):
            later = np.flatnonzero((at > t) & (event >= oldest))
            place = event[later] - oldest
            before = arrays["event_previous_step"][place].astype(np.int64)
            gap = (at[later] - before) * rate
            earlier = (trace[later] - 1.0) * np.exp(np.minimum(gap, 50.0))
            trace[later] = 1.0 if nearest else np.maximum(earlier, 1.0)
            at[later], event[later] = before, arrays["event_previous"][place]
            known = (at <= t) & (at >= max(int(arrays["rule_since"][p]), 0))
            new[0, t % depth] = np.where(known, trace * np.exp(-(t - at) * rate), 0.0)
        arrays[column(p, "pre_trace")] = new


def _dendrites_from_2(brain: dict[str, Any]) -> None:
    """One cylinder with places that were not kept becomes a tree of one branch.

    What its synapses deliver stays as it was; those to come are placed on the tree.
    """
    brain["sizes"]["J"] = 0
    for region in brain["regions"]:
        old = region.pop("morphology")
        tree: dict[str, Any] = asdict(Morphology())
        if old is not None and old["length"] > 0:
            tree |= {"Rm": old["Rm"], "Ri": old["Ri"]}
            branch = Branch("dendrite", old["length"], old["diameter"])
            tree["branches"] = [asdict(branch)]
        region["dendrites"] = {"tree": tree, "dynamics": "passive", "nmda": None}
    for projection in brain["projections"]:
        projection["placement"] = None


def _rhythms_from_2(brain: dict[str, Any], arrays: Arrays) -> None:
    """Phases of rhythms count from the peak, and all bands have one; BCM's factor is not kept."""
    seed = np.uint64(brain["seed"])
    for r, k in np.ndindex(arrays["rhythm_setting"].shape):
        if arrays["rhythm_setting"][r, k] == 0 and arrays["rhythm_frequency"][r, k] == 1:
            arrays["rhythm_frequency"][r, k] = list(BANDS.values())[k]
            turn = kernel("random.uniform")(seed, STREAM_PHASE, r, k)
            arrays["rhythm_phase"][r, k] = 2.0 * np.pi * turn
        else:
            arrays["rhythm_phase"][r, k] -= 0.5 * np.pi
    arrays["rhythm_frequency"] = arrays["rhythm_frequency"].astype(np.float64)
    del arrays["potentiation"]
    brain["mechanisms"]["metaplasticity"].pop("check_interval", None)
    if not brain["mechanisms"]["metaplasticity"].get("enabled", False):
        arrays["mean_square_rate"][:] = -1


def _memory_from_2(brain: dict[str, Any], arrays: Arrays) -> None:
    """From sets of neurons to traces with latencies, from one held replay to pulses."""
    step = int(arrays["clock"][STEP])
    traces = brain.pop("traces")
    for k, entry in enumerate(traces):
        neurons = arrays.pop(f"trace{k}")
        entry |= {"duration": 200.0, "encounters": 1}
        arrays[f"trace{k}.neurons"] = neurons
        arrays[f"trace{k}.latency"] = np.zeros(len(neurons))
    until = brain.pop("replay_until")
    pulses = None
    if until is not None and until[1] > step:
        names = [entry["name"] for entry in brain["regions"]]
        r = names.index(until[0])
        ends = np.cumsum(arrays["region_count"])
        held = arrays["held"][int(ends[r] - arrays["region_count"][r]) : int(ends[r])]
        neurons = np.flatnonzero(held)
        if len(neurons):
            pulses = [until[0], float(held[neurons[0]])]
            arrays["pulses.neurons"] = neurons
            arrays["pulses.start"] = np.full(len(neurons), step)
            arrays["pulses.stop"] = np.full(len(neurons), int(until[1]))
    brain["memory"] = {"decayed": step, "traces": traces, "pulses": pulses, "sleep": None}
    own = brain["mechanisms"]["memory"]
    # A replay used to drive all of a trace.
    own["replay_share"] = 1.0
    forgetting = own.pop("forgetting", None)
    if forgetting is not None:
        interval = own.get("consolidation_interval", 1000.0)
        kept = min(max(1.0 - forgetting, 1e-9), 1.0 - 1e-9)
        own["tau_forgetting"] = -interval / math.log(kept)


def _growth_from_2(brain: dict[str, Any], arrays: Arrays) -> None:
    """Regions know their share of excitatory neurons; cycles, what the dead took along."""
    end = 0
    for entry, n in zip(brain["regions"], arrays["region_count"].tolist(), strict=True):
        mine = slice(end, end + n)
        end += n
        types = arrays["neuron_type"][mine][arrays["alive"][mine] == 1]
        entry["excitatory"] = float((types == EXCITATORY).mean()) if len(types) else 1.0
    arrays["growth.synapses_lost"] = np.zeros(len(arrays["growth.step"]), "<i8")


def _from_2(brain: dict[str, Any], arrays: Arrays) -> None:
    _dendrites_from_2(brain)
    _rhythms_from_2(brain, arrays)
    _memory_from_2(brain, arrays)
    _growth_from_2(brain, arrays)


def _from_3(brain: dict[str, Any], _: Arrays) -> None:
    """Transmitters did not modulate, and there were no critics."""
    brain["sizes"]["Z"] = 0
    brain["critics"] = []
    for projection in brain["projections"]:
        projection["modulation"] = None


def _from_4(brain: dict[str, Any], arrays: Arrays) -> None:
    """What cycles of growth changed was counted in those that were kept only."""
    brain["grown"] = {name: int(arrays[f"growth.{name}"].sum()) for name in COUNTS}


def _from_5(brain: dict[str, Any], _: Arrays) -> None:
    """There were no processes but Engram's own."""
    brain["processes"] = []


def _from_6(brain: dict[str, Any], _: Arrays) -> None:
    """What was not there has no effect; BCM acted on all rules."""
    rules = {entry["rule"]["class"] for entry in brain["projections"] if entry["rule"]}
    then = THEN_6 | {path: {"metaplastic": True} for path in rules}
    for path, values in then.items():
        brain["defaults"][path] = {**brain["defaults"].get(path, {}), **values}


def _from_7(brain: dict[str, Any], arrays: Arrays) -> None:
    """Nobody was born where the dead had stood for values; the first files had no `prime`."""
    _growth_then(brain, replacement=False)
    arrays.setdefault("prime", np.zeros(len(brain["regions"]), np.int64))


def _from_8(brain: dict[str, Any], _: Arrays) -> None:
    """Synapses sprouted, and were pruned, without end; births looked at a second of spikes."""
    _growth_then(brain, most_synapses=1e9, least_synapses=0.0, neurogenesis_window=1e-9)


def _from_9(_: dict[str, Any], arrays: Arrays) -> None:
    """The first files of format 9 had whole numbers of synapses turned over, older ones none."""
    if "turnover" in arrays:
        arrays["turnover"] = arrays["turnover"].astype(np.float64)


def _from_10(brain: dict[str, Any], _arrays: Arrays) -> None:
    """All neurons were stepped."""
    brain["sizes"]["modes"] = 0


def _growth_then(brain: dict[str, Any], **values: Any) -> None:
    """What growth did before it had these parameters."""
    growth = "engram.growth:Growth"
    brain["defaults"][growth] = {**brain["defaults"].get(growth, {}), **values}


MIGRATIONS: dict[int, Migration] = {
    1: _from_1,
    2: _from_2,
    3: _from_3,
    4: _from_4,
    5: _from_5,
    6: _from_6,
    7: _from_7,
    8: _from_8,
    9: _from_9,
    10: _from_10,
}
"""What turns a state of the format that is the key into one of the next."""


def migrated(state: State, version: int) -> State:
    """A state of an older format in the form of the present one; it may be changed in place.

    Parameters
    ----------
    state : State
        Of a network.
    version : int
        The format it has.

    Returns
    -------
    State
        In the present format.
    """
    brain, arrays = state
    for old in range(version, FORMAT):
        if old in MIGRATIONS:
            MIGRATIONS[old](brain, arrays)
    if version < FORMAT:
        _fill(brain, arrays, version)
    return brain, arrays


def _fill(brain: dict[str, Any], arrays: Arrays, version: int) -> None:
    """Give variables that are younger than the file their initial value."""
    P, R = len(brain["projections"]), len(brain["regions"])
    young = {f.name: f.initial for f in SAVED if f.since > version}
    for p in range(P):
        # An optional column starts by not being there.
        arrays |= {
            column(p, f.name): np.zeros(0, f.dtype)
            for f in SAVED_SYNAPSE
            if f.since > version and f.dims == ("S?",)
        }
        young |= {
            column(p, f.name): f.initial
            for f in SAVED_SYNAPSE
            if f.since > version and f.dims != ("S?",)
        }
    if young:
        claims = {name: (array.dtype, array.shape) for name, array in arrays.items()}
        shapes = expected(arrays, claims, brain["sizes"], P, R)
        for name, initial in young.items():
            arrays[name] = np.full(shapes[name][1], initial, shapes[name][0])
