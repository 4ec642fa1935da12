"""Brains that between them use every mechanism. Each function lets one live and returns it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from engram import (
    LIF,
    STDP,
    AcetylcholineRelease,
    AdEx,
    Brain,
    CurrentLIF,
    DopamineRelease,
    EncodingStrategy,
    FiringPattern,
    Izhikevich,
    LogNormal,
    Neurotransmitter,
    Normal,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    SerotoninRelease,
    ShortTermPlasticity,
    StimulusEncoder,
    TraceSTDP,
    TripletSTDP,
    Uniform,
    encode_number,
    encode_text,
)
from engram.morphology import NMDA, Branch, Morphology
from tests.regression.fingerprint_models import Hebb, Oja, Quadratic

S, A, R = RegionType.SENSORY, RegionType.ASSOCIATION, RegionType.REWARD
M, MOTOR = RegionType.MEMORY, RegionType.MOTOR


class Life:
    """Runs a brain and keeps a hash of all its spikes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.spikes = 0

    def run(self, brain: Brain, steps: int, drive: object = None, source: str = "in") -> None:
        """So many steps, of which two of three are stimulated with `drive`."""
        for _ in range(steps):
            if drive is not None and brain.step_count % 150 < 100:
                brain.stimulate(source, drive)
            self._note(fired := brain.step())
            self.spikes += sum(map(len, fired.values()))

    def present(self, brain: Brain, values: object, steps: int, rest: int = 0) -> None:
        """The same in one compiled call."""
        self._note(counts := brain.present("in", values, steps, rest))
        self.spikes += sum(int(n.sum()) for n in counts.values())

    def _note(self, spikes: dict[str, np.ndarray]) -> None:
        for name, neurons in spikes.items():
            self._hash.update(f"{name} {neurons.tolist()}".encode())

    def digest(self, brain: Brain) -> str:
        """SHA-256 of all spikes, and of the structure and weights at the end."""
        whole = self._hash.copy()
        for p in brain.projections:
            whole.update(p.label.encode())
            for values in (p.pre, p.post, p.weight):
                whole.update(np.ascontiguousarray(values).tobytes())
        return whole.hexdigest()


def pair(model: object = None, *, dt: float = 1.0, seed: int = 1, **path: object) -> Brain:
    """Two regions, the second of a model, and a path between them."""
    brain = Brain(dt=dt, seed=seed)
    brain.add_region("in", S, 20, max_neurons=24)
    brain.add_region("out", A, 20, 0.2, model=model, max_neurons=24)
    brain.connect_regions("in", "out", **{"density": 0.4, **path})
    return brain


# -- neuron models


def izhikevich(life: Life) -> Brain:
    brain = Brain(seed=11)
    for k, kind in enumerate(RegionType):
        name = "in" if k == 0 else f"r{k}"
        brain.add_region(name, kind, 12, 0.2, max_neurons=16)
    for k, pattern in enumerate(FiringPattern):
        brain.add_region(
            f"p{k}", A, 6, 0.3, patterns=(pattern, pattern), background=8.0, max_neurons=8
        )
        brain.connect_regions("in", f"p{k}", 0.3)
    life.run(brain, 300, [0.9, 0.2])
    return brain


def lif(life: Life) -> Brain:
    brain = pair(LIF(tau_m=15.0, t_ref=3.0))
    life.run(brain, 300, [0.9, 0.4])
    return brain


def current_lif(life: Life) -> Brain:
    brain = pair(CurrentLIF(tau_exc=0.0), dt=0.5)
    brain.regions["out"].background, brain.regions["out"].noise = 14.0, 2.0
    life.run(brain, 400, [0.9, 0.4])
    return brain


def adex(life: Life) -> Brain:
    brain = pair(AdEx(b=60.0), dt=0.1)
    life.run(brain, 600, [0.9, 0.9])
    return brain


def sources(life: Life) -> Brain:
    brain = Brain(seed=4)
    brain.add_region("in", S, 30, 0.0, model=PoissonSource, background=20.0, max_neurons=32)
    brain.add_region("relay", S, 10, 0.0, model=Relay, max_neurons=10)
    brain.add_region("out", A, 20, model=LIF, max_neurons=24)
    brain.connect_regions("in", "out", 0.5, delays=Uniform(1.0, 30.0))
    brain.connect_regions("relay", "out", 0.5)
    for _ in range(3):
        life.run(brain, 70, [0.9, 0.4])
        brain.inject_current("relay", [1, 3, 5], 1.0)
        life.present(brain, [0.5], 30, 10)
    return brain


def own_model(life: Life) -> Brain:
    brain = Brain(dt=0.5, seed=5)
    brain.add_region("in", S, 15, max_neurons=16)
    brain.add_region("own", A, 15, 0.2, model=Quadratic(tau=8.0), background=0.2, max_neurons=16)
    brain.connect_regions("in", "own", 0.3, weights=0.4, bidirectional=True)
    life.run(brain, 400, [0.9, 0.3])
    return brain


# -- rules


def stdp(life: Life) -> Brain:
    brain = pair(rule=STDP(A_plus=0.03), w_min=0.1)
    nearest = STDP(pairing="nearest", bounds="multiplicative")
    brain.add_region("more", MOTOR, 15, 0.3, rule=nearest, max_neurons=16)
    brain.connect_regions("in", "more", 0.5, rule=STDP(bounds="multiplicative", A_minus=0.02))
    brain.connect_regions("out", "more", 0.3, rule="stdp")
    brain.stdp.tau_plus = 13.0
    life.run(brain, 400, [0.9, 0.4])
    return brain


def reward_stdp(life: Life) -> Brain:
    brain = pair(bidirectional=True)
    brain.add_region("free", A, 10, rule=RewardSTDP(tau_eligibility=77.0), max_neurons=10)
    brain.connect_regions("out", "free", 0.5, rule=RewardSTDP(baseline_dopamine=0.1))
    brain.reward_stdp.dopamine_decay = 150.0
    for k in range(4):
        life.run(brain, 100, [0.9, 0.4])
        brain.reward(2.0 + k, "proj:in->out")
        brain.punish(1.0, "region:out")
        brain.punish(0.5, brain.projection_target("out", "free"))
    brain.disable_neuromodulation()
    life.run(brain, 50, [0.9])
    return brain


def trace_rules(life: Life) -> Brain:
    brain = pair(rule=TraceSTDP(eta=0.05))
    brain.add_region("more", A, 15, 0.3, rule=TripletSTDP(A3_plus=0.02), max_neurons=16)
    brain.connect_regions("in", "more", 0.5, rule=TraceSTDP(bounds="both", mu=0.5))
    brain.connect_regions(
        "more", "out", 0.3, rule=TripletSTDP(pairing="nearest", A2_minus=0.01, A3_minus=0.005)
    )
    life.run(brain, 400, [0.9, 0.4])
    return brain


def own_rules(life: Life) -> Brain:
    brain = pair(rule=Oja(eta=0.05))
    brain.add_region("more", A, 15, 0.3, rule=Hebb(A_plus=0.2), max_neurons=16)
    brain.connect_regions("in", "more", 0.5, rule=Hebb(tau_eligibility=300.0))
    brain.connect_regions("more", "in", 0.3, rule="triplet_stdp")
    for _ in range(3):
        life.run(brain, 100, [0.9, 0.4])
        brain.reward(3.0, "proj:in->more")
    return brain


def static(life: Life) -> Brain:
    brain = pair(rule=None, nt=Neurotransmitter.ACETYLCHOLINE)
    back = brain.connect_regions("out", "in", 0.2, rule=None, delays=Normal(8.0, 3.0))
    for kind in Neurotransmitter:
        back.add_synapses([0, 1], [2, 3], 1.0, [4.0, 9.0], kind)
    brain.get_projection("in", "in").rule = None
    life.run(brain, 300, [0.9, 0.4])
    return brain


# -- wiring and synapses


def wiring(life: Life) -> Brain:
    brain = Brain(seed=12)
    brain.add_region("in", S, 16, wiring="in_degree", in_degree=2, max_neurons=16)
    ways = [
        {"wiring": "random", "density": 0.3, "weights": LogNormal(2.0, 1.0)},
        {"wiring": "in_degree", "in_degree": 5, "source_type": None},
        {"wiring": "all_to_all", "weights": 1.0, "rule": "trace_stdp"},
        {"wiring": "one_to_one", "source_type": None, "weights": 15.0, "delays": 3.0},
        {"wiring": "all_but_one", "source_type": None, "nt": Neurotransmitter.GABA},
    ]
    for k, way in enumerate(ways):
        brain.add_region(f"r{k}", A, 16, 0.2, autapses=k == 0, background=4.0, max_neurons=16)
        brain.connect_regions("in", f"r{k}", **way)
    brain.regions["r2"].add_lateral_inhibition(2.0)
    brain.regions["r1"].add_one_synapse(3, 4)
    brain.get_projection("in", "r0").normalize(20.0)
    life.run(brain, 300, [0.9, 0.4, 0.7])
    return brain


def short_term(life: Life) -> Brain:
    brain = pair(stp=ShortTermPlasticity(U=0.5), dt=0.5)
    brain.add_region(
        "more", A, 15, 0.4, stp=ShortTermPlasticity(U=0.1, tau_facil=300.0), max_neurons=16
    )
    brain.connect_regions("in", "more", 0.5, stp=ShortTermPlasticity(U=0.3, tau_facil=120.0))
    life.run(brain, 400, [0.9, 0.4])
    return brain


def dendrites(life: Life) -> Brain:
    brain = pair(LIF, dt=0.5)
    brain.regions["out"].enable_morphology("pyramidal")
    brain.get_projection("in", "out").placement = {"tuft": 1, "basal": 2}
    brain.add_region("deep", A, 10, 0.2, model=LIF, max_neurons=12)
    brain.connect_regions("in", "deep", 0.6)
    brain.regions["deep"].enable_morphology("pyramidal", dynamics="compartments", nmda=NMDA())
    brain.add_region("tree", A, 10, 0.2, max_neurons=12)
    brain.connect_regions("in", "tree", 0.6)
    tree = Morphology((Branch("a", 200.0, 2.0), Branch("b", 150.0, 1.0, 0)))
    brain.regions["tree"].enable_morphology(tree, dynamics="compartments")
    brain.add_region("cells", A, 10, 0.2, model=CurrentLIF, max_neurons=12)
    brain.connect_regions("in", "cells", 0.6, weights=30.0)
    brain.regions["cells"].enable_morphology("interneuron", dynamics="compartments")
    life.run(brain, 300, [0.9, 0.4])
    return brain


# -- rhythms and modulation


def rhythms(life: Life) -> Brain:
    brain = pair()
    brain.oscillators.set("out", "gamma", 3.0, frequency=33.0)
    brain.oscillators.set("in", "theta", 2.0, phase=1.0)
    brain.oscillators.use_defaults("out")
    brain.oscillators.nest("out", "gamma", within="theta", depth=0.7)
    brain.oscillators.couple("in", "out", "theta", 5.0, lag=0.3, bidirectional=True)
    brain.oscillators.gate_learning("in", "out", depth=0.5)
    life.run(brain, 300, [0.9, 0.4])
    brain.disable_oscillations()
    life.run(brain, 60, [0.9, 0.4])
    return brain


def transmitters(life: Life) -> Brain:
    brain = pair(LIF)
    brain.add_region("vta", R, 10, max_neurons=10)
    brain.connect_regions("in", "vta", 0.5)
    release = DopamineRelease(release=2.0, tonic_rate=4.0)
    brain.connect_regions("vta", "out", 0.0, nt=Neurotransmitter.DOPAMINE, modulation=release)
    brain.add_region("basal", A, 10, background=8.0, max_neurons=10)
    brain.connect_regions(
        "basal",
        "out",
        0.1,
        nt=Neurotransmitter.ACETYLCHOLINE,
        modulation=AcetylcholineRelease(floor=0.4),
    )
    brain.add_region("raphe", A, 10, background=8.0, max_neurons=10)
    brain.connect_regions(
        "raphe", "out", 0.1, nt=Neurotransmitter.SEROTONIN, modulation=SerotoninRelease(tau=200.0)
    )
    critic = brain.add_critic("vta", ["region:out", "proj:in->vta"], tau_value=90.0)
    for _ in range(3):
        life.run(brain, 100, [0.9, 0.4])
        critic.reward(1.0)
        brain.punish(0.5, "region:out")
    return brain


# -- structure


def _growing(brain: Brain) -> None:
    growth = brain.growth
    growth.growth_interval = 40.0
    growth.neurogenesis_rate = 1.0
    growth.births_per_cycle = 2
    growth.correlation_window = 300.0
    growth.min_correlation = 0.2
    growth.min_spikes = 3
    growth.pruning_age = 50.0
    growth.pruning_unused = 30.0
    growth.pruning_weight = 0.4
    growth.apoptosis_age = 90.0
    brain.homeostasis.check_interval = 35.0
    brain.homeostasis.theta_plus = 0.05


def growth(life: Life) -> Brain:
    brain = pair(seed=6)
    brain.add_region("still", A, 6, 0.0, noise=0.0, max_neurons=10)
    brain.connect_regions("out", "still", 0.3, weights=0.01)
    _growing(brain)
    life.run(brain, 500, [0.9, 0.4])
    _check_growth(brain)
    return brain


def kinship(life: Life) -> Brain:
    brain = pair(seed=6, delays=Uniform(1.0, 9.0))
    _growing(brain)
    brain.growth.kinship = True
    brain.growth.kinship_spread = 0.3
    brain.regions["in"].kill_neurons([3, 4])
    life.run(brain, 400, [0.9, 0.4])
    _check_growth(brain)
    return brain


def _check_growth(brain: Brain) -> None:
    assert all(brain.growth.totals.values()), brain.growth.totals


def metaplasticity(life: Life) -> Brain:
    brain = pair(rule="stdp")
    brain.metaplasticity.enabled = True
    brain.metaplasticity.tau_threshold = 500.0
    brain.regions["out"].theta_plus = 0.1
    brain.regions["out"].tau_theta = 400.0
    brain.homeostasis.check_interval = 50.0
    brain.homeostasis.theta_rate = 6.0
    life.run(brain, 400, [0.9, 0.4])
    return brain


# -- memory and sleep


def _remembering(seed: int) -> Brain:
    brain = Brain(seed=seed)
    brain.add_region("in", S, 20, max_neurons=20)
    brain.add_region(
        "out", M, 30, 0.3, model=CurrentLIF, background=13.0, noise=2.0, max_neurons=32
    )
    brain.add_region("drip", S, 5, 0.0, model=PoissonSource, background=30.0, max_neurons=5)
    brain.connect_regions("in", "out", 0.4)
    brain.connect_regions("drip", "out", 0.3)
    brain.memory.capture_window = 100.0
    brain.memory.consolidation_interval = 60.0
    brain.memory.trace_threshold = 1.2
    return brain


def memory(life: Life) -> Brain:
    brain = _remembering(7)
    life.run(brain, 200, [0.9, 0.0, 0.4])
    brain.memory.imprint("out", [range(5), range(10, 16)], duration=40.0, gap=10.0)
    brain.memory.capture("out")
    assert brain.memory.traces
    life.run(brain, 250)
    brain.memory.replay(brain.memory.traces[0])
    life.run(brain, 3)
    assert brain.memory.busy
    return brain


def sleep(life: Life) -> Brain:
    brain = _remembering(8)
    brain.memory.slow_frequency = 4.0
    brain.memory.downscaling = 0.05
    brain.oscillators.set("in", "alpha", 1.0)
    life.run(brain, 200, [0.9, 0.0, 0.4])
    brain.sleep(300.0)
    life.run(brain, 50, [0.5])
    brain.fall_asleep(400.0)
    life.run(brain, 230)
    assert brain.asleep
    assert brain.memory.last_sleep.replays
    return brain


# -- input


def encodings(life: Life) -> Brain:
    brain = pair(seed=9)
    region = brain.regions["in"]
    brain.encoder = StimulusEncoder(EncodingStrategy.TEMPORAL, 30.0, 0.1, cycle=20.0)
    life.run(brain, 100, [0.9, 0.4])
    life.present(brain, [0.9, 0.4, 0.1], 60, 20)
    brain.encoder = StimulusEncoder(EncodingStrategy.POPULATION, 25.0, width=0.2)
    life.run(brain, 100, [0.6, 0.3])
    brain.encoder = StimulusEncoder(noise_level=0.2)
    for k in range(60):
        brain.inject_current("in", range(20), encode_text("engram", region, brain.encoder))
        brain.inject_current("in", range(20), encode_number(k / 60, region, brain.encoder))
        life.run(brain, 1)
    return brain


def hold(life: Life) -> Brain:
    brain = pair(seed=10)
    brain.encoder.strategy = EncodingStrategy.TEMPORAL
    brain.hold("in", [0.9, 0.4])
    life.run(brain, 150)
    brain.release("in")
    life.run(brain, 30)
    brain.reset_state()
    brain.hold("in", [0.7])
    life.run(brain, 100)
    assert brain.regions["out"].total_spikes.any()
    return brain


def frozen(life: Life) -> Brain:
    brain = pair(seed=13, bidirectional=True)
    _growing(brain)
    brain.get_projection("in", "out").frozen = True
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    life.run(brain, 150, [0.9, 0.4])
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    life.run(brain, 100, [0.9, 0.4])
    brain.freeze_plasticity()
    life.run(brain, 100, [0.9, 0.4])
    brain.enable_projection_plasticity("in", "out", A_plus=0.2)
    brain.unfreeze_plasticity()
    brain.reset_traces()
    life.run(brain, 50, [0.9, 0.4])
    return brain


def everything(life: Life) -> Brain:
    """All at once, as a user's brain has it, saved half-way by `copy`."""
    brain = Brain(dt=0.5, seed=14)
    brain.add_region("in", S, 20, max_neurons=30)
    brain.add_region("out", A, 30, model=Izhikevich(d=7.0), variation=0.1, max_neurons=40)
    brain.add_region("hand", MOTOR, 10, max_neurons=12)
    brain.connect_regions("in", "out", 0.3, bidirectional=True, stp=ShortTermPlasticity())
    brain.connect_regions("out", "hand", 0.3, rule="stdp")
    brain.regions["out"].enable_morphology()
    brain.oscillators.use_defaults()
    brain.metaplasticity.enabled = True
    _growing(brain)
    life.run(brain, 250, [0.8, 0.3, 0.5])
    brain = brain.copy()
    brain.reward(2.0, "proj:in->out")
    life.run(brain, 250, [0.8, 0.3, 0.5])
    return brain


BRAINS: dict[str, Callable[[Life], Brain]] = {
    life.__name__: life
    for life in (
        izhikevich,
        lif,
        current_lif,
        adex,
        sources,
        own_model,
        stdp,
        reward_stdp,
        trace_rules,
        own_rules,
        static,
        wiring,
        short_term,
        dendrites,
        rhythms,
        transmitters,
        growth,
        kinship,
        metaplasticity,
        memory,
        sleep,
        encodings,
        hold,
        frozen,
        everything,
    )
}
