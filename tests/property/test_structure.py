"""Random lives: whatever happens to a brain, its tables stay consistent."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engram import (
    LIF,
    STDP,
    Brain,
    CapacityError,
    EngramError,
    InvariantError,
    NeuronType,
    Neurotransmitter,
    RegionType,
    Relay,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

seeds = st.integers(0, 2**32 - 1)
FREEZES = (
    "freeze_plasticity",
    "unfreeze_plasticity",
    "freeze_structural_plasticity",
    "unfreeze_structural_plasticity",
    "freeze_homeostatic_scaling",
    "unfreeze_homeostatic_scaling",
    "freeze_adaptive_thresholds",
    "unfreeze_adaptive_thresholds",
    "disable_memory",
    "enable_memory",
    "disable_oscillations",
    "enable_oscillations",
    "reset_state",
    "reset_traces",
)


def build(seed, dt=1.0):
    brain = Brain(dt=dt, seed=seed)
    brain.add_region("a", RegionType.SENSORY, 12, 0.2, max_neurons=16, rule="stdp")
    brain.add_region("b", RegionType.MEMORY, 18, 0.2, max_neurons=21, w_max=60.0)
    brain.add_region(
        "c", RegionType.MOTOR, 9, 0.3, model=LIF, max_neurons=9, rule=None, autapses=True
    )
    brain.connect_regions("a", "b", 0.3, bidirectional=True, delays=Uniform(1.0, 12.0))
    brain.connect_regions("b", "c", 0.4, rule=STDP(pairing="nearest"), stp=ShortTermPlasticity())
    brain.connect_regions(
        "c", "a", 0.3, nt=Neurotransmitter.GABA, source_type=NeuronType.INHIBITORY
    )
    brain.growth.growth_interval = brain.homeostasis.check_interval = 20.0
    brain.memory.consolidation_interval = 30.0
    brain.growth.neurogenesis_rate, brain.growth.apoptosis_age = 8.0, 60.0
    brain.growth.pruning_age, brain.growth.pruning_weight = 30.0, 0.4
    brain.homeostasis.theta_plus = 0.02
    return brain


class Life(RuleBasedStateMachine):
    """One brain, and after every step the checker."""

    @initialize(seed=seeds, dt=st.sampled_from([0.25, 1.0]))
    def born(self, seed, dt):
        self.brain = build(seed, dt)

    def region(self, rng):
        return self.brain.regions[str(rng.choice(list(self.brain.regions)))]

    def projection(self, rng):
        return self.brain.projections[int(rng.integers(len(self.brain.projections)))]

    @rule(steps=st.integers(0, 70), values=st.lists(st.floats(0, 1), min_size=1, max_size=4))
    def run(self, steps, values):
        self.brain.run(steps, lambda b, _: b.stimulate("a", values))

    @rule(steps=st.integers(1, 60), rest=st.integers(0, 200))
    def present(self, steps, rest):
        counts = self.brain.present("b", [1.0, 0.4], steps, rest)
        assert all((n >= 0).all() for n in counts.values())

    @rule(seed=seeds)
    def add_neuron(self, seed):
        rng = np.random.default_rng(seed)
        region = self.region(rng)
        before = region.n_alive_neurons
        try:
            slot = region.add_neuron(NeuronType(int(rng.integers(2))))
        except CapacityError:
            assert before == region.max_neurons
        else:
            assert region.n_alive_neurons == before + 1
            assert region.total_spikes[slot] == 0

    @rule(seed=seeds, n=st.integers(0, 6))
    def kill(self, seed, n):
        rng = np.random.default_rng(seed)
        region = self.region(rng)
        region.kill_neurons(rng.integers(0, region.n_neurons, n))

    @rule(seed=seeds, n=st.integers(0, 30))
    def add_synapses(self, seed, n):
        rng = np.random.default_rng(seed)
        p = self.projection(rng)
        source, target = (self.brain.regions[r] for r in (p.source, p.target))
        if not (source.n_alive_neurons and target.n_alive_neurons):
            return
        before = p.n_synapses
        p.add_synapses(
            rng.choice(np.flatnonzero(source.neuron_alive), n),
            rng.choice(np.flatnonzero(target.neuron_alive), n),
            rng.uniform(p.w_min, p.w_max, n).clip(p.w_min, p.w_max),
            rng.uniform(0, 20, n),
            Neurotransmitter(int(rng.integers(5))),
        )
        assert p.n_synapses == before + n

    @rule(seed=seeds, share=st.floats(0, 1))
    def remove_synapses(self, seed, share):
        rng = np.random.default_rng(seed)
        p = self.projection(rng)
        mask = rng.random(p.n_synapses) < share
        kept = p.n_synapses - mask.sum()
        p.remove_synapses(mask)
        assert p.n_synapses == kept

    @rule(seed=seeds)
    def grow(self, seed):
        rng = np.random.default_rng(seed)
        growth = self.brain.growth
        for part in ("neurogenesis", "synaptogenesis", "pruning", "apoptosis"):
            setattr(growth, part, bool(rng.random() < 0.7))
        growth.min_correlation, growth.min_spikes = float(rng.uniform(0, 0.5)), 1
        growth.births_per_cycle, growth.kinship = int(rng.integers(4)), bool(rng.integers(2))
        growth.pruned_per_cycle = int(rng.integers(100))
        growth.correlation_window = float(rng.uniform(5.0, 200.0))
        before = sum(p.n_synapses for p in self.brain.projections)
        cycle = growth.grow()
        gained = cycle.synapses_born - cycle.synapses_pruned - cycle.synapses_lost
        assert sum(p.n_synapses for p in self.brain.projections) == before + gained

    @rule(seed=seeds, amount=st.floats(0, 20))
    def reward(self, seed, amount):
        rng = np.random.default_rng(seed)
        p = self.projection(rng)
        pulse = self.brain.reward if rng.random() < 0.5 else self.brain.punish
        if p.rule is None or not p.rule.modulated:
            with pytest.raises(EngramError):
                pulse(amount, p.label)
        else:
            pulse(amount, p.label)

    @rule(name=st.sampled_from(FREEZES))
    def switch(self, name):
        getattr(self.brain, name)()

    @rule(seed=seeds, which=st.sampled_from(["stdp", "reward_stdp", None]))
    def change_rule(self, seed, which):
        self.projection(np.random.default_rng(seed)).rule = which

    @rule(seed=seeds)
    def change_weights(self, seed):
        rng = np.random.default_rng(seed)
        p = self.projection(rng)
        p.weight = np.where(p.nt == Neurotransmitter.GABA, -1, 1) * rng.uniform(
            p.w_min, p.w_max, p.n_synapses
        ).astype(np.float32).clip(p.w_min, p.w_max)
        p.normalize(float(rng.uniform(0.1, 50.0)))

    @rule(seed=seeds, stp=st.booleans())
    def change_transmission(self, seed, stp):
        rng = np.random.default_rng(seed)
        self.projection(rng).stp = ShortTermPlasticity(tau_facil=50.0) if stp else None
        self.region(rng).enable_morphology(str(rng.choice(["point", "pyramidal"])))

    @precondition(lambda self: len(self.brain.regions) < 5)
    @rule(seed=seeds)
    def add_region(self, seed):
        name = f"r{seed}"
        if name in self.brain.regions:
            return
        self.brain.add_region(name, RegionType.REWARD, 1 + seed % 9, 0.3, max_neurons=11)
        self.brain.connect_regions("b", name, 0.3, delays=float(seed % 40))

    @rule(seed=seeds)
    def change_delays(self, seed):
        rng = np.random.default_rng(seed)
        p = self.projection(rng)
        which = np.flatnonzero(rng.random(p.n_synapses) < 0.5)
        ends = p.pre[which], p.post[which]
        delays = np.rint(rng.uniform(40, 80, len(which)))
        now = p.set(which, delay=delays)
        np.testing.assert_array_equal((p.pre[now], p.post[now]), ends)
        np.testing.assert_array_equal(p.delay[now], delays)

    @precondition(lambda self: len(self.brain.projections) < 14)
    @rule(seed=seeds)
    def add_pathway(self, seed):
        rng = np.random.default_rng(seed)
        ends = self.region(rng).name, self.region(rng).name
        name = f"n{seed}"
        path = self.brain.connect_regions(*ends, 0.2, name=name, delays=2.0)
        assert self.brain.get_projection(*ends, name) is path

    @rule(seed=seeds)
    def remove_pathway(self, seed):
        named = [p for p in self.brain.projections if p.name]
        if named:
            self.brain.remove_projection(named[seed % len(named)])

    @rule(seed=seeds)
    def remove_region(self, seed):
        extra = [name for name in self.brain.regions if name[0] == "r"]
        if extra:
            self.brain.remove_region(extra[seed % len(extra)])

    @rule(seed=seeds)
    def rename_region(self, seed):
        extra = [name for name in self.brain.regions if name[0] == "r"]
        if extra:
            self.brain.rename_region(extra[seed % len(extra)], f"r name {seed}")

    @rule(fail=st.sampled_from(["region", "pathway", "synapse"]))
    def fail(self, fail):
        before = self.brain.fingerprint()
        call = {
            "region": lambda b: b.add_region(
                "x", RegionType.MOTOR, 20, 0.5, model=Relay, delays=-1.0
            ),
            "pathway": lambda b: b.connect_regions("a", "c", bidirectional=True, stp=0.5),
            "synapse": lambda b: b.projections[1].add_synapses([0], [10**6]),
        }[fail]
        with pytest.raises(EngramError):
            call(self.brain)
        assert self.brain.fingerprint() == before

    @rule(steps=st.integers(0, 60))
    def copy(self, steps):
        twin = self.brain.copy()
        for b in (self.brain, twin):
            b.run(steps, lambda b, _: b.stimulate("a", [0.9]))
        assert twin.fingerprint() == self.brain.fingerprint()
        check(twin.network.tables)
        self.brain = twin

    @rule(steps=st.integers(0, 40))
    def save_and_load(self, steps):
        with tempfile.TemporaryDirectory() as folder:
            loaded = load_brain(save_brain(self.brain, Path(folder) / "x"))
        assert loaded.fingerprint() == self.brain.fingerprint()
        for b in (self.brain, loaded):
            b.run(steps)
        assert loaded.fingerprint() == self.brain.fingerprint()
        self.brain = loaded

    @invariant()
    def tables_are_consistent(self):
        if hasattr(self, "brain"):
            check(self.brain.network.tables)

    @invariant()
    def views_agree(self):
        if not hasattr(self, "brain"):
            return
        for p in self.brain.projections:
            magnitude = np.abs(p.weight)
            assert p.n_synapses == len(p.pre) == len(p.weight)
            assert ((magnitude >= p.w_min) & (magnitude <= p.w_max)).all()
            assert p.n_synapses == 0 or p.delay.min() >= self.brain.dt


def test_random_lives_keep_the_tables_consistent():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            derandomize=True,
            # Lives are long; shrinking one would take minutes.
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(scope="module")
def lived():
    brain = build(3)
    brain.run(80, lambda b, _: b.stimulate("a", [1.0, 0.5]))
    brain.regions["a"].kill_neurons([2])
    check(brain.network.tables)
    return brain


def spoil_row(t):
    k = int(np.argmax(np.diff(t.blocks[0]["segment"])))
    s = t.blocks[0]["segment"][k]
    t.blocks[0]["post"][s] += 8
    t.blocks[0]["post"][s + 1] -= t.blocks[0]["post"][s + 1]


def swap(array, a, b):
    array[[a, b]] = array[[b, a]]


SPOILS = {
    "v is finite": lambda t: t["v"].__setitem__(0, np.nan),
    "weight of projection 1 is finite": lambda t: t.blocks[1]["weight"].__setitem__(0, np.inf),
    "do not overlap": lambda t: t["region_first"].__setitem__(1, 0),
    "more than its capacity": lambda t: t["region_count"].__setitem__(0, 900),
    "alive is at least 0 and at most 1": lambda t: t["alive"].__setitem__(0, 2),
    "only slots in use are alive": lambda t: t["alive"].__setitem__(15, 1),
    "the dead do not fire": lambda t: t["fired"].__setitem__(2, 1),
    "of free slots": lambda t: t["theta"].__setitem__(15, 1.0),
    "in the future": lambda t: t["last_spike"].__setitem__(0, 10**6),
    "ranges of the spike ring": lambda t: t["event_end"].__setitem__((0, 0), 10**6),
    "are of its neurons": lambda t: t["event_neuron"].__setitem__(slice(None), 10**6),
    "last_spike is the last": lambda t: t["last_spike"].__setitem__(slice(None), -(2**30)),
    "cover the synapses": lambda t: t.blocks[0]["segment"].__setitem__(-1, 0),
    "segments of projection 0 are monotone": lambda t: swap(t.blocks[0]["segment"], 3, -4),
    "post of projection 0 in range": lambda t: t.blocks[0]["post"].__setitem__(0, 900),
    "sorted by post": lambda t: t.blocks[2]["post"].__setitem__(
        slice(None), t.blocks[2]["post"][::-1].copy()
    ),
    "within their bounds": lambda t: t.blocks[0]["weight"].__setitem__(0, 1e3),
    "bounds of weights": lambda t: t["w_min"].__setitem__(0, 1e3),
    "presynaptic neurons of projection 0 are alive": lambda t: t["alive"].__setitem__(
        slice(0, 8), 0
    ),
    "youngest": lambda t: t["youngest"].__setitem__(0, 5),
    "common_sign": lambda t: t["common_sign"].__setitem__(0, -1),
    "regular": lambda t: t["regular"].__setitem__(0, 1 - t["regular"][0]),
    "complete or absent": lambda t: t.blocks[0].__setitem__("in_tap", t.blocks[0]["in_tap"][1:]),
    "counts each neuron's": lambda t: t.blocks[0]["in_first"].__setitem__(1, 10**6),
    "lists each synapse once": lambda t: t.blocks[0]["in_synapse"].__setitem__(0, 1),
    "inverse of rows": lambda t: swap(t.blocks[0]["in_synapse"], 0, -1),
    "in_tap": lambda t: t.blocks[0]["in_tap"].__setitem__(0, 11),
    "pre_trace": lambda t: t.blocks[0].__setitem__("pre_trace", t.blocks[0]["pre_trace"][:, 1:]),
    "resource of projection 5": lambda t: t.blocks[5]["resource"].__setitem__(0, 2.0),
}


@pytest.mark.parametrize("what", SPOILS)
def test_the_checker_finds_what_is_wrong(lived, what):
    tables = lived.network.tables.copy()
    check(tables)
    SPOILS[what](tables)
    with pytest.raises(InvariantError, match=what):
        check(tables)


def test_longer_delays_do_not_keep_the_spikes_of_a_whole_life():
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    for name in ("a", "b"):
        brain.add_region(name, RegionType.SENSORY, 50)
    brain.run(1000, lambda b, _: b.stimulate("a", [1.0]))
    assert brain.stats().spikes > 3 * brain.network.tables.sizes["E"]
    size = brain.network.tables.sizes["E"]
    brain.connect_regions("a", "b", delays=30.0)
    brain.run(10)
    assert brain.network.tables.sizes["E"] == size
    check(brain.network.tables)
