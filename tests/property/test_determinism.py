"""The future depends on the brain and its input alone: not on how it is run, copied or watched."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    EncodingStrategy,
    Izhikevich,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)

fixed = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
seeds = st.integers(0, 2**32 - 1)


def lively(seed: int) -> Brain:
    """A random brain with every mechanism on, at intervals short enough to act in a short run."""
    rng = np.random.default_rng(seed)
    brain = Brain(dt=float(rng.choice([0.5, 1.0])), seed=seed)
    brain.growth.growth_interval = float(rng.integers(50, 120))
    brain.growth.pruning_age = 100.0
    brain.growth.neurogenesis_rate = 0.5
    brain.growth.apoptosis_age = 300.0
    brain.homeostasis.check_interval = float(rng.integers(30, 90))
    brain.homeostasis.theta_plus = float(rng.choice([0.0, 0.2]))
    brain.memory.consolidation_interval = float(rng.integers(60, 100))
    brain.metaplasticity.enabled = bool(rng.integers(2))
    brain.metaplasticity.tau_threshold = 300.0
    brain.encoder.noise_level = 0.1
    brain.encoder.strategy = rng.choice(list(EncodingStrategy))
    models = [Izhikevich, LIF, AdEx]
    brain.add_region("in", RegionType.SENSORY, int(rng.integers(8, 30)), max_neurons=40)
    brain.add_region(
        "mid",
        RegionType.ASSOCIATION,
        int(rng.integers(10, 40)),
        rule="stdp",
        max_neurons=50,
        model=models[int(rng.integers(3))],
        noise=2.0,
    )
    brain.add_region("out", RegionType.MOTOR, int(rng.integers(5, 12)), connectivity=0.3)
    brain.add_region("hiss", RegionType.REWARD, 6, connectivity=0.0, model=PoissonSource)
    brain.regions["hiss"].background = 60.0
    stp = ShortTermPlasticity(U=0.2, tau_rec=100.0, tau_facil=300.0)
    brain.connect_regions("in", "mid", density=0.3, stp=stp, rule=RewardSTDP(tau_eligibility=60.0))
    brain.connect_regions(
        "mid", "out", wiring="all_to_all", rule=STDP(pairing="nearest"), delays=Uniform(1.0, 40.0)
    )
    brain.connect_regions("out", "mid", density=0.3, nt=Neurotransmitter.DOPAMINE, rule=None)
    brain.connect_regions("hiss", "in", density=0.5, weights=3.0)
    brain.oscillators.set("mid", "gamma", 1.0)
    if rng.integers(2):
        brain.regions["mid"].enable_morphology()
    return brain


def stimulus(brain: Brain, i: int) -> None:
    """Input, reward and punishment as a function of the step."""
    if i % 300 < 200:
        brain.stimulate("in", [0.8, 0.3, 0.5])
    if i % 7 == 0:
        brain.inject_current("out", [0, 2], 15.0)
    if i == 60:
        brain.reward(2.0, "proj:in->mid")
    if i == 150:
        brain.punish(1.0, "proj:in->mid")


def live(brain: Brain, start: int, stop: int) -> Brain:
    """Run with the stimulus of steps [start, stop)."""
    brain.run(stop - start, lambda b, i: stimulus(b, start + i))
    return brain


@settings(fixed, max_examples=6)
@given(seeds)
def test_the_same_seed_gives_the_same_brain(seed):
    first, second = live(lively(seed), 0, 400), live(lively(seed), 0, 400)
    assert first.fingerprint() == second.fingerprint()
    assert sum(r.total_spikes.sum() for r in first.regions.values()) > 100
    assert first.growth.history


def test_different_seeds_give_different_brains():
    """Also with the same structure: the noise differs."""
    prints = set()
    spikes = set()
    for seed in range(4):
        brain = Brain(seed=seed)
        brain.add_region("r", RegionType.SENSORY, 20, connectivity=0.0, variation=0.0)
        prints.add(brain.fingerprint())
        brain.run(50)
        spikes.add(brain.regions["r"].v.tobytes())
    assert len(prints) == len(spikes) == 4


def test_the_fingerprint_sees_every_change():
    """A step, a weight, a parameter, a freeze and a dopamine pulse each change it."""
    brain = live(lively(3), 0, 50)

    def assign_weight(b):
        p = b.get_projection("mid", "out")
        w = p.weight.copy()
        w[0] *= 0.5
        p.weight = w

    changes = [
        lambda b: b.run(1),
        assign_weight,
        lambda b: setattr(b.homeostasis, "target_rate", 6.0),
        lambda b: b.freeze_plasticity(),
        lambda b: b.reward(0.1, "proj:in->mid"),
        lambda b: b.inject_current("in", [0], 1.0),
        lambda b: setattr(b.regions["in"], "background", 0.1),
        lambda b: b.regions["in"].theta.__setitem__(0, 1.0),
        lambda b: setattr(b.get_projection("in", "mid"), "A_plus", 0.3),
    ]
    prints = {brain.fingerprint()}
    for change in changes:
        twin = brain.copy()
        change(twin)
        prints.add(twin.fingerprint())
    assert len(prints) == len(changes) + 1


@settings(fixed, max_examples=6)
@given(seeds, st.lists(st.integers(1, 250), min_size=1, max_size=8))
def test_chunks_of_run_do_not_matter(seed, chunks):
    """run(n) == run in parts == n steps, with no stimulus from outside."""
    total = 500
    whole = lively(seed)
    whole.run(total)
    parts, left = lively(seed), total
    for chunk in chunks:
        parts.run(min(chunk, left))
        left -= min(chunk, left)
    parts.run(left)
    single = lively(seed)
    for _ in range(total):
        single.step()
    assert whole.fingerprint() == parts.fingerprint() == single.fingerprint()
    assert sum(r.total_spikes.sum() for r in whole.regions.values()) > 20


@settings(fixed, max_examples=4)
@given(seeds)
def test_run_with_a_stimulus_equals_stepping(seed):
    run, stepped = live(lively(seed), 0, 250), lively(seed)
    for i in range(250):
        stimulus(stepped, i)
        stepped.step()
    assert run.fingerprint() == stepped.fingerprint()


@pytest.mark.parametrize("strategy", list(EncodingStrategy))
def test_present_is_one_run_whatever_comes_before_it(strategy):
    """present(steps, rest) equals present(steps) then run(rest), and returns its own spikes."""
    brains = []
    for split in (False, True):
        brain = lively(5)
        brain.encoder.strategy = strategy
        brain.run(37)
        if split:
            counts = brain.present("in", [0.9, 0.4], 120)
            before = {name: r.total_spikes.copy() for name, r in brain.regions.items()}
            brain.run(60)
            for name, r in brain.regions.items():
                late = r.total_spikes.copy()
                late[: len(before[name])] -= before[name]
                late[: len(counts[name])] += counts[name]
                counts[name] = late
        else:
            counts = brain.present("in", [0.9, 0.4], 120, rest=60)
        brains.append((brain.fingerprint(), {n: c.tolist() for n, c in counts.items()}))
    assert brains[0] == brains[1]
    assert sum(brains[0][1]["in"]) > 0


def test_present_holds_what_stimulate_gives_at_every_step():
    """Rate coding without noise: one compiled call equals a stimulus at every step."""
    brains = []
    for held in (True, False):
        brain = Brain(seed=6)
        brain.disable_memory()
        brain.add_region("in", RegionType.SENSORY, 20, noise=0.0)
        brain.add_region("out", RegionType.MOTOR, 10, noise=0.0)
        brain.connect_regions("in", "out", density=0.5)
        if held:
            brain.present("in", [0.7, 0.2], 300)
        else:
            brain.run(300, lambda b, _i: b.stimulate("in", [0.7, 0.2]))
        brains.append(brain)
    for name, region in brains[0].regions.items():
        assert region.total_spikes.sum() > 0
        np.testing.assert_array_equal(region.total_spikes, brains[1].regions[name].total_spikes)
        np.testing.assert_array_equal(region.v, brains[1].regions[name].v)


def test_threads_do_not_matter():
    """Two brains running at once in two threads."""
    alone = [live(lively(seed), 0, 400).fingerprint() for seed in (1, 2)]
    brains = [lively(seed) for seed in (1, 2)]
    threads = [threading.Thread(target=live, args=(brain, 0, 400)) for brain in brains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [brain.fingerprint() for brain in brains] == alone
    assert alone[0] != alone[1]


@settings(fixed, max_examples=5)
@given(seeds, st.integers(1, 350))
def test_a_copy_has_the_same_future(seed, at):
    brain = live(lively(seed), 0, at)
    twin = brain.copy()
    assert twin.fingerprint() == brain.fingerprint()
    live(brain, at, at + 200)
    assert twin.step_count == at
    live(twin, at, at + 200)
    assert twin.fingerprint() == brain.fingerprint()


def test_a_copy_is_independent():
    brain = live(lively(8), 0, 60)
    twin, before = brain.copy(), brain.fingerprint()
    live(twin, 60, 120)
    assert brain.fingerprint() == before


@settings(fixed, max_examples=6)
@given(seeds, st.integers(1, 300))
def test_saving_and_loading_in_the_middle(tmp_path_factory, seed, half):
    """Run 2T == run T, save, load, run T: the same fingerprint and the same spikes."""
    path = tmp_path_factory.mktemp("brains") / "brain"
    whole = live(lively(seed), 0, half)
    written = save_brain(whole, path)
    part = load_brain(written)
    assert part.fingerprint() == whole.fingerprint()
    spikes = []
    for brain in (whole, part):
        spikes.append([])
        for i in range(half, 2 * half):
            stimulus(brain, i)
            spikes[-1].append({name: who.tolist() for name, who in brain.step().items()})
    assert spikes[0] == spikes[1]
    assert part.fingerprint() == whole.fingerprint()


def test_a_theta_written_before_saving_has_the_same_future(tmp_path):
    """What is written to the state acts alike in the brain and in its saved twin."""
    brain = Brain(seed=1)
    brain.add_region("r", RegionType.SENSORY, 5)
    brain.run(5)
    brain.regions["r"].theta[:] = 3.0
    twin = load_brain(save_brain(brain, tmp_path / "b"))
    for b in (brain, twin):
        b.run(20)
    assert twin.fingerprint() == brain.fingerprint()


@settings(fixed, max_examples=4)
@given(seeds)
def test_recorders_change_nothing(seed):
    plain, watched = live(lively(seed), 0, 300), lively(seed)
    recorders = [
        watched.record("spikes"),
        watched.record("rates", every=7.0),
        watched.record("v", "in", every=3.0),
        watched.record("weights", watched.get_projection("in", "mid"), every=11.0),
    ]
    live(watched, 0, 150)
    recorders[2].detach()
    live(watched, 150, 300)
    assert watched.fingerprint() == plain.fingerprint()
    assert all(len(r) > 0 for r in recorders)


def test_looking_changes_nothing():
    """Reading weights, eligibility, statistics and the fingerprint itself."""
    plain, looked = lively(4), lively(4)
    for i in range(200):
        stimulus(plain, i)
        plain.step()
        stimulus(looked, i)
        looked.step()
        if i % 10 == 0:
            for p in looked.projections:
                assert len(p.weight) == len(p.eligibility) == len(p.resource) == p.n_synapses
            looked.stats()
            looked.summary()
            looked.fingerprint()
    assert looked.fingerprint() == plain.fingerprint()
