"""Small brains that between them use what a checkpoint can hold, and their lives."""

from __future__ import annotations

from collections.abc import Callable

from engram import (
    LIF,
    STDP,
    AcetylcholineRelease,
    AdEx,
    Brain,
    CurrentLIF,
    EncodingStrategy,
    Izhikevich,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    ShortTermPlasticity,
    StimulusEncoder,
    Uniform,
)

S, A, M = RegionType.SENSORY, RegionType.ASSOCIATION, RegionType.MOTOR
Spikes = list[dict[str, list[int]]]


def growing() -> Brain:
    """Everything that changes structure and acts now and then."""
    brain = Brain(seed=6)
    brain.add_region("in", S, 20, max_neurons=40)
    brain.add_region("out", A, 20, max_neurons=26)
    brain.connect_regions("in", "out", 0.4, stp=ShortTermPlasticity(U=0.3, tau_facil=120.0))
    brain.growth.growth_interval = 30.0
    brain.growth.neurogenesis_rate = 3.0
    brain.growth.pruning_age = 40.0
    brain.growth.apoptosis_age = 70.0
    brain.homeostasis.check_interval = 35.0
    brain.homeostasis.theta_plus = 0.05
    brain.metaplasticity.enabled = True
    brain.memory.consolidation_interval = 60.0
    brain.memory.replay_duration = 45.0
    brain.oscillators.set("out", "gamma", 3.0, frequency=33.0)
    brain.oscillators.nest("out", "gamma", within="theta", depth=0.7)
    brain.oscillators.couple("in", "out", "theta", 5.0)
    brain.oscillators.gate_learning("in", "out", depth=0.5)
    brain.encoder = StimulusEncoder(EncodingStrategy.TEMPORAL, 30.0, 0.1, cycle=20.0)
    brain.regions["in"].kill_neurons([3])
    brain.regions["out"].enable_morphology()
    return brain


def models() -> Brain:
    """Every neuron model, long delays, a small time step, parts of it frozen."""
    brain = Brain(dt=0.5, seed=2**64 - 1)
    brain.add_region("in", S, 12, model=PoissonSource, background=40.0, max_neurons=16)
    chosen = [Izhikevich(d=7.0), LIF(tau_m=15.0), CurrentLIF, AdEx(b=60.0), Relay]
    for k, model in enumerate(chosen):
        name = f"m{k}"
        region = brain.add_region(
            name, A, 9, 0.2, model=model, noise=1.0, variation=0.1, max_neurons=12
        )
        region.theta_plus, region.tau_theta = 0.1, 500.0 + k
        brain.connect_regions("in", name, 0.5, delays=Uniform(0.5, 30.0), bidirectional=k == 0)
    brain.get_projection("in", "m1").frozen = True
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    return brain


def rules() -> Brain:
    """Every learning rule, inherited and own parameters, all transmitters."""
    brain = Brain(seed=3)
    brain.add_region(
        "in", S, 14, max_neurons=20, rule=STDP(pairing="nearest", bounds="multiplicative")
    )
    brain.add_region(
        "out", M, 14, max_neurons=20, rule=RewardSTDP(tau_eligibility=77.0, baseline_dopamine=0.1)
    )
    brain.connect_regions("in", "out", 0.5, rule=STDP(A_plus=0.05), w_min=0.1)
    back = brain.connect_regions("out", "in", 0.3, rule=None, nt=Neurotransmitter.SEROTONIN)
    for kind in Neurotransmitter:
        back.add_synapses([0, 1], [2, 3], 1.0, [4.0, 9.0], kind)
    brain.stdp.tau_plus = 13.0
    brain.add_region("vta", RegionType.REWARD, 8, max_neurons=10)
    brain.connect_regions("in", "vta", 0.5)
    brain.connect_regions("vta", "out", 0.0, nt=Neurotransmitter.DOPAMINE, rule=None)
    back.modulation = AcetylcholineRelease(floor=0.4, release=2.0)
    brain.connect_regions(
        "out", "vta", 0.2, nt=Neurotransmitter.SEROTONIN, modulation=True, rule=None
    )
    brain.add_critic("vta", ["region:out", "proj:in->vta"], tau_value=90.0)
    return brain


BUILDERS: dict[str, Callable[[], Brain]] = {"growing": growing, "models": models, "rules": rules}


def live(brain: Brain, steps: int) -> Spikes:
    """The spikes of a life with stimuli, rewards, quiet and replay."""
    spikes = []
    for _ in range(steps):
        k = brain.step_count
        if k % 400 < 170:
            brain.stimulate("in", [0.9, 0.4])
        if k % 90 == 50:
            rewarded = [p for p in brain.projections if p.rule is not None and p.rule.modulated]
            for p in rewarded:
                brain.reward(3.0, p.label)
        fired = brain.step()
        spikes.append({name: neurons.tolist() for name, neurons in fired.items()})
    return spikes
