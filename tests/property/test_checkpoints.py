"""Random lives, saved and loaded at any moment, beside a twin that never was."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from engram import (
    LIF,
    STDP,
    Brain,
    CapacityError,
    EncodingStrategy,
    NeuronType,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    StimulusEncoder,
    Uniform,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

seeds = st.integers(0, 2**32 - 1)
SWITCHES = (
    "freeze_plasticity",
    "unfreeze_plasticity",
    "freeze_structural_plasticity",
    "unfreeze_structural_plasticity",
    "freeze_homeostatic_scaling",
    "freeze_adaptive_thresholds",
    "disable_memory",
    "enable_memory",
    "disable_oscillations",
    "enable_oscillations",
    "reset_state",
    "reset_traces",
)
MODELS = (None, LIF, PoissonSource)
RULES = (
    None,
    "stdp",
    "reward_stdp",
    "reward_stdp",
    STDP(pairing="nearest"),
    STDP(tau_plus=1.0, tau_minus=2.0),
)


def build(seed):
    rng = np.random.default_rng(seed)
    brain = Brain(dt=float(rng.choice([0.5, 1.0])), seed=seed)
    for k in range(rng.integers(1, 4)):
        brain.add_region(
            f"r{k}",
            rng.choice(list(RegionType)),
            int(rng.integers(2, 14)),
            0.3,
            max_neurons=int(rng.integers(14, 20)),
            model=MODELS[rng.integers(3)],
            rule=RULES[rng.integers(len(RULES))],
            background=float(rng.uniform(0, 12)),
        )
    names = list(brain.regions)
    for source in names:
        for target in names:
            if source != target and rng.random() < 0.5:
                brain.connect_regions(
                    source,
                    target,
                    0.4,
                    rule=RULES[rng.integers(len(RULES))],
                    delays=Uniform(1.0, float(rng.integers(1, 30))),
                    stp=ShortTermPlasticity(tau_facil=50.0) if rng.random() < 0.3 else None,
                )
    brain.growth.growth_interval = brain.homeostasis.check_interval = 20.0
    brain.growth.neurogenesis_rate, brain.growth.apoptosis_age = 8.0, 60.0
    brain.growth.pruning_age, brain.growth.pruning_weight = 30.0, 0.4
    brain.memory.consolidation_interval = 30.0
    brain.metaplasticity.enabled = bool(rng.integers(2))
    brain.encoder = StimulusEncoder(rng.choice(list(EncodingStrategy)), 25.0, 0.1)
    return brain


class Twins(RuleBasedStateMachine):
    """The one is saved and loaded; the other lives on. Everything is done to both."""

    @initialize(seed=seeds)
    def born(self, seed):
        self.mine, self.theirs = build(seed), build(seed)
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)

    def both(self, action):
        results = [action(brain) for brain in (self.mine, self.theirs)]
        assert repr(results[0]) == repr(results[1])

    @rule(steps=st.integers(0, 60), values=st.lists(st.floats(0, 1), min_size=1, max_size=2))
    def run(self, steps, values):
        self.both(lambda b: b.run(steps, lambda brain, _: brain.stimulate("r0", values)))

    @rule(steps=st.integers(1, 40), rest=st.integers(0, 150))
    def present(self, steps, rest):
        self.both(lambda b: {k: v.tolist() for k, v in b.present("r0", [0.9], steps, rest).items()})

    @rule(name=st.sampled_from(SWITCHES))
    def switch(self, name):
        self.both(lambda b: getattr(b, name)())

    @rule(amount=st.floats(0.1, 5))
    def reward(self, amount):
        def act(brain):
            for p in brain.projections:
                if p.rule is not None and p.rule.modulated:
                    brain.reward(amount, p.label)

        self.both(act)

    @rule(seed=seeds)
    def change_structure(self, seed):
        def act(brain):
            rng = np.random.default_rng(seed)
            region = brain.regions[str(rng.choice(list(brain.regions)))]
            region.kill_neurons(rng.integers(0, region.n_neurons, 1))
            with contextlib.suppress(CapacityError):
                region.add_neuron(NeuronType(int(rng.integers(2))))
            p = brain.projections[int(rng.integers(len(brain.projections)))]
            ends = [np.flatnonzero(brain.regions[r].neuron_alive) for r in (p.source, p.target)]
            if all(len(e) for e in ends):
                p.add_synapses(
                    *(rng.choice(e, 3) for e in ends),
                    0.5 * (p.w_min + p.w_max),
                    rng.uniform(1, 60, 3),
                    Neurotransmitter(int(rng.integers(5))),
                )
            p.remove_synapses(rng.random(p.n_synapses) < 0.1)

        self.both(act)

    @rule(seed=seeds)
    def change_parameters(self, seed):
        def act(brain):
            rng = np.random.default_rng(seed)
            brain.stdp.tau_plus = float(rng.uniform(1, 30))
            brain.homeostasis.theta_plus = float(rng.uniform(0, 0.2))
            brain.reward_stdp.dopamine_decay = float(rng.uniform(50, 300))
            brain.oscillators.set("r0", "theta", float(rng.uniform(0, 5)))
            p = brain.projections[int(rng.integers(len(brain.projections)))]
            p.rule = [None, STDP(), RewardSTDP(tau_eligibility=90.0)][rng.integers(3)]
            brain.regions["r0"].enable_morphology()

        self.both(act)

    @rule()
    def hold(self):
        self.both(lambda b: b.hold("r0", [0.6]))

    @rule()
    def release(self):
        self.both(lambda b: b.release("r0"))

    @rule(compress=st.booleans(), pending=st.booleans())
    def save_and_load(self, compress, pending):
        if pending:
            self.both(lambda b: b.stimulate("r0", [0.8]))
        path = save_brain(self.mine, self.folder / "b", compress=compress)
        self.mine = load_brain(path)
        check(self.mine.network.tables)
        assert self.mine.fingerprint() == self.theirs.fingerprint()
        assert [p.name for p in self.folder.iterdir()] == ["b.engram"]

    def teardown(self):
        if hasattr(self, "mine"):
            self.both(lambda b: b.run(40))
            assert self.mine.fingerprint() == self.theirs.fingerprint()
            assert self.mine.stats() == self.theirs.stats()
            assert self.mine.growth.history == self.theirs.growth.history
            assert self.mine.stats_history == self.theirs.stats_history
            check(self.mine.network.tables)
            self.place.cleanup()


def test_a_life_with_checkpoints_is_the_same_life():
    run_state_machine_as_test(
        Twins,
        settings=settings(
            max_examples=30,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
