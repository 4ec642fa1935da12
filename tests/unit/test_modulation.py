"""Transmitters that act on a whole region: dopamine, acetylcholine, serotonin; their ablations."""

import math

import numpy as np
import pytest

from engram import (
    STDP,
    AcetylcholineRelease,
    Brain,
    CurrentLIF,
    DopamineRelease,
    InvalidTypeError,
    InvalidValueError,
    Neurotransmitter,
    Parameter,
    PlasticityRule,
    RegionType,
    Relay,
    RewardSTDP,
    SerotoninRelease,
    load_brain,
    save_brain,
)

DOPAMINE = Neurotransmitter.DOPAMINE
SEROTONIN = Neurotransmitter.SEROTONIN
ACETYLCHOLINE = Neurotransmitter.ACETYLCHOLINE


def still(seed=1, dt=1.0):
    brain = Brain(dt=dt, seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    return brain


def relay(brain, name, n=4, kind=RegionType.SENSORY, **options):
    return brain.add_region(
        name, kind, n, 0.0, model=Relay, rule=None, **{"excitatory": 1.0, **options}
    )


def fire(brain, name, neurons):
    brain.inject_current(name, neurons, 1.0)


# -- dopamine


def taught(seed=1, dt=1.0, rule=None, **options):
    """Two inputs onto a relay, and a region of reward that releases dopamine there."""
    brain = still(seed, dt)
    relay(brain, "vta", 5, RegionType.REWARD)
    for name in ("left", "right", "out"):
        relay(brain, name, 1)
    rule = RewardSTDP(baseline_dopamine=0.0) if rule is None else rule
    for name in ("left", "right"):
        brain.connect_regions(
            name, "out", wiring="all_to_all", weights=0.1, w_max=0.5, delays=dt, rule=rule
        )
    path = brain.connect_regions("vta", "out", 0.0, nt=DOPAMINE, rule=None, **options)
    return brain, path


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_spikes_raise_dopamine_at_the_target_by_their_share(dt):
    brain, _ = taught(dt=dt, modulation=DopamineRelease(release=3.0, tonic_rate=7.0))
    rng = np.random.default_rng(0)
    level = before = 0.0
    for _ in range(200):
        neurons = np.flatnonzero(rng.random(5) < 0.1)
        fire(brain, "vta", neurons)
        level += 3.0 * (before / 5 - 7.0 * dt * 1e-3) if brain.step_count else -3 * 7e-3 * dt
        level *= math.exp(-dt / 200.0)
        brain.run(1)
        before = len(neurons)
        assert brain.dopamine("proj:left->out") == pytest.approx(level, rel=1e-9)
        assert brain.dopamine("proj:right->out") == pytest.approx(level, rel=1e-9)


def lesson(**options):
    """Both inputs drive the output in turn; the region of reward fires after the left one only."""
    brain, path = taught(**options)
    for _ in range(20):
        for name in ("left", "right"):
            fire(brain, name, [0])
            brain.run(1)
            fire(brain, "out", [0])
            brain.run(100)
            if name == "left":
                fire(brain, "vta", range(5))
            brain.run(3000)
    weights = [brain.get_projection(name, "out").weight[0] for name in ("left", "right")]
    return brain, path, weights


def test_a_region_of_reward_teaches_by_firing():
    _, path, (left, right) = lesson()
    assert path.modulation is not None, "the default of a region of reward"
    assert left > 0.2
    assert left > 10 * (right - 0.1) + 0.1


def test_without_release_it_teaches_nothing():
    for options in ({"modulation": False}, {"modulation": DopamineRelease(release=0.0)}):
        _, _, weights = lesson(**options)
        np.testing.assert_array_equal(weights, np.float32(0.1))


def test_what_it_teaches_is_what_a_reward_would():
    first, _ = taught()
    second, _ = taught(modulation=False)
    for brain in (first, second):
        fire(brain, "left", [0])
        brain.run(1)
        fire(brain, "out", [0])
        brain.run(50)
    fire(first, "vta", range(5))
    first.run(1)
    second.run(1)
    for name in ("left", "right"):
        second.reward(1.0, f"proj:{name}->out")
    for brain in (first, second):
        brain.run(500)
    for name in ("left", "right"):
        np.testing.assert_array_equal(
            first.get_projection(name, "out").weight, second.get_projection(name, "out").weight
        )


def test_a_pause_is_a_punishment():
    brain, _ = taught(modulation=DopamineRelease(tonic_rate=10.0))
    for _ in range(50):
        fire(brain, "vta", [brain.step_count // 20 % 5])
        brain.run(20)
    tonic = brain.dopamine("proj:left->out")
    assert abs(tonic) < 0.35, "at the tonic rate it stays near 0"
    brain.run(300)
    assert brain.dopamine("proj:left->out") < tonic - 1.0


def test_only_excitatory_neurons_release_and_each_has_its_share():
    brain = still()
    relay(brain, "vta", 10, RegionType.REWARD, excitatory=0.5)
    relay(brain, "out", 1)
    brain.connect_regions("vta", "out", 0.0, nt=DOPAMINE, rule=None)
    brain.connect_regions("out", "vta", wiring="all_to_all", rule="reward_stdp")
    other = relay(brain, "in", 1)
    path = brain.connect_regions("in", "out", wiring="all_to_all", rule=RewardSTDP())
    path.rule.baseline_dopamine = 0.0
    fire(brain, "vta", range(5, 10))
    brain.run(2)
    assert brain.dopamine("proj:in->out") == 0.0
    brain.regions["vta"].kill_neurons([0])
    fire(brain, "vta", [1])
    brain.run(2)
    assert brain.dopamine("proj:in->out") == pytest.approx(0.25 * math.exp(-1 / 200))
    assert brain.dopamine("proj:out->vta") == pytest.approx(0.005), "not its target"
    assert other.n_alive_neurons == 1


def test_the_direct_current_stays():
    charges = []
    for modulation in (True, False):
        brain = still()
        relay(brain, "a", 1, RegionType.REWARD)
        relay(brain, "b", 1)
        brain.connect_regions(
            "a",
            "b",
            nt=DOPAMINE,
            wiring="all_to_all",
            weights=0.2,
            delays=1.0,
            rule=None,
            modulation=modulation,
        )
        fire(brain, "a", [0])
        brain.run(2)
        charges.append(float(brain.regions["b"].state("exc")[0]))
    assert charges[0] == charges[1] > 0


def test_release_is_the_default_of_dopamine_from_a_region_of_reward_only():
    brain = still()
    for name, kind in (("r", RegionType.REWARD), ("s", RegionType.SENSORY)):
        relay(brain, name, 2, kind)
    for k, nt in enumerate(Neurotransmitter):
        for source in ("r", "s"):
            relay(brain, f"{source}{k}", 2)
            path = brain.connect_regions(source, f"{source}{k}", 0.5, nt=nt, rule=None)
            expected = source == "r" and nt is DOPAMINE
            assert (path.modulation is not None) == expected


# -- acetylcholine


def gated(modulation, rule=None, dt=1.0):
    brain = still(dt=dt)
    for name in ("basal", "in", "out"):
        relay(brain, name, 2)
    rule = STDP(A_plus=0.1, A_minus=0.0) if rule is None else rule
    path = brain.connect_regions(
        "in", "out", wiring="one_to_one", weights=0.1, w_max=0.9, delays=dt, rule=rule
    )
    gate = brain.connect_regions(
        "basal", "out", 0.0, nt=ACETYLCHOLINE, modulation=modulation, rule=None
    )
    return brain, path, gate


def learned(brain, path, after=100):
    """What a pair adds to the weight, so long after acetylcholine was released."""
    fire(brain, "basal", [0, 1])
    brain.run(after)
    fire(brain, "in", [0])
    brain.run(1)
    fire(brain, "out", [0])
    brain.run(1)
    return float(path.weight[0] - np.float32(0.1))


def test_acetylcholine_gates_learning():
    full = learned(*gated(False)[:2])
    assert full > 0.05
    for floor, half in ((0.0, 1.0), (0.3, 0.5)):
        given = AcetylcholineRelease(release=2.0, tau=150.0, half=half, floor=floor)
        brain, path, gate = gated(given)
        change = learned(brain, path)
        # The pair meets 101 steps after the spikes: the level has decayed for 100 of them.
        level = 2.0 * math.exp(-100 / 150.0)
        assert gate.level == pytest.approx(level)
        assert change == pytest.approx(full * (floor + (1 - floor) * level / (level + half)), 1e-4)


def test_without_acetylcholine_nothing_is_learned():
    brain, path, _ = gated(True)
    fire(brain, "in", [0])
    brain.run(1)
    fire(brain, "out", [0])
    brain.run(5)
    np.testing.assert_array_equal(path.weight, np.float32(0.1))
    for switch_off in (brain.disable_neuromodulation, lambda: None):
        brain, path, gate = gated(True)
        if switch_off.__name__ == "disable_neuromodulation":
            brain.disable_neuromodulation()
        else:
            gate.modulation = None
        assert learned(brain, path) == pytest.approx(learned(*gated(False)[:2]))


def test_acetylcholine_and_theta_gate_together():
    release = AcetylcholineRelease(release=1.0, tau=1e6, half=1.0)
    brain, path, _ = gated(release)
    brain.oscillators.gate_learning("in", "out", band="theta", depth=0.8)
    both = learned(brain, path)
    brain, path, _ = gated(False)
    brain.oscillators.gate_learning("in", "out", band="theta", depth=0.8)
    theta = learned(brain, path)
    assert both == pytest.approx(0.5 * theta, rel=1e-3)
    # A rhythm that is off leaves acetylcholine alone.
    brain, path, _ = gated(release)
    brain.oscillators.gate_learning("in", "out", band="theta", depth=0.8)
    brain.disable_oscillations()
    assert learned(brain, path) == pytest.approx(0.5 * learned(*gated(False)[:2]), rel=1e-3)


class Long(PlasticityRule):
    """A rule that leaves no room for a gate."""

    p1, p2, p3, p4 = (Parameter(0.0) for _ in range(4))
    p5, p6, p7, p8 = (Parameter(0.0) for _ in range(4))
    tau = Parameter(20.0)
    pre_traces = {"x": "tau"}
    post_traces = {}

    @staticmethod
    def on_pre(w):
        return w

    @staticmethod
    def on_post(w, p1, p2, p3, p4, p5, p6, p7, p8):
        return w + p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8


def test_a_rule_without_room_for_a_gate_is_refused():
    brain, path, gate = gated(True)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="gated"):
        path.rule = Long()
    assert brain.fingerprint() == before
    gate.modulation = None
    path.rule = Long()
    with pytest.raises(InvalidValueError, match="Long"):
        gate.modulation = AcetylcholineRelease()


# -- serotonin


def excited(modulation, model=CurrentLIF):
    brain = still()
    relay(brain, "raphe", 3)
    brain.add_region("out", RegionType.MOTOR, 6, 0.0, model=model, rule=None)
    path = brain.connect_regions(
        "raphe", "out", 0.0, nt=SEROTONIN, modulation=modulation, rule=None
    )
    return brain, path


def test_serotonin_is_a_current_into_every_neuron_of_the_target():
    given = SerotoninRelease(release=2.0, tau=300.0, half=0.7, current=-1.5)
    brain, path = excited(given)
    twin, _ = excited(False)
    rng = np.random.default_rng(3)
    level = before = 0.0
    for _ in range(120):
        neurons = np.flatnonzero(rng.random(3) < 0.05)
        level = level * math.exp(-1 / 300.0) + 2.0 * before / 3
        before = len(neurons)
        fire(brain, "raphe", neurons)
        twin.inject_current("out", range(6), np.float32(4.0 * -1.5 * level / (level + 0.7)))
        brain.run(1)
        twin.run(1)
        assert path.level == pytest.approx(level)
    np.testing.assert_allclose(brain.regions["out"].v, twin.regions["out"].v, atol=1e-4)
    assert brain.regions["out"].v.max() < CurrentLIF().E_L


@pytest.mark.parametrize(("current", "more"), [(2.0, 1), (-2.0, -1), (0.0, 0)])
def test_serotonin_changes_excitability(current, more):
    def spikes(modulation):
        brain, _ = excited(modulation, model=None)
        for _ in range(100):
            fire(brain, "raphe", range(3))
            brain.inject_current("out", range(6), 6.0)
            brain.run(1)
        return int(brain.regions["out"].total_spikes.sum())

    difference = spikes(SerotoninRelease(current=current)) - spikes(False)
    assert np.sign(difference) == more


# -- all of them


def everything(seed=1):
    brain = Brain(seed=seed)
    brain.add_region("in", RegionType.SENSORY, 30)
    brain.add_region("out", RegionType.ASSOCIATION, 40)
    brain.add_region("reward", RegionType.REWARD, 10)
    brain.add_region("basal", RegionType.MEMORY, 10)
    brain.connect_regions("in", "out", 0.3)
    brain.connect_regions("in", "reward", 0.5)
    brain.connect_regions("in", "basal", 0.5, rule="stdp")
    brain.connect_regions("reward", "out", 0.3, nt=DOPAMINE)
    brain.connect_regions("basal", "out", 0.2, nt=ACETYLCHOLINE, modulation=True)
    brain.connect_regions("basal", "reward", 0.2, nt=SEROTONIN, modulation=True)
    brain.oscillators.set("out", "theta", 1.0)
    brain.oscillators.gate_learning("in", "out")
    brain.add_critic("reward", ["proj:in->out", "region:out"], tau_value=150.0)
    return brain


def live(brain, chunks):
    for n in chunks:
        for _ in range(n):
            brain.stimulate("in", [1.0, 0.6])
            if brain.step_count % 40 == 0:
                brain.critics["reward"].reward(0.5)
            brain.run(1)


def test_the_future_does_not_depend_on_saving(tmp_path):
    straight = everything()
    live(straight, [400])
    assert straight.get_projection("basal", "out").level > 0
    assert straight.critics["reward"].value > 0
    halves = everything()
    live(halves, [170])
    save_brain(halves, tmp_path / "half")
    halves = load_brain(tmp_path / "half")
    live(halves, [230])
    assert halves.fingerprint() == straight.fingerprint()
    assert halves.critics["reward"].tau_value == 150.0
    assert halves.critics["reward"].targets == ("proj:in->out", "region:out")


def test_the_future_does_not_depend_on_chunks():
    brains = [everything() for _ in range(3)]
    for brain, chunks in zip(brains, ([300], [1] * 300, [7] * 42 + [6]), strict=True):
        brain.hold("in", [1.0, 0.5])
        brain.critics["reward"].reward(1.0)
        for n in chunks:
            brain.run(n)
    assert len({brain.fingerprint() for brain in brains}) == 1
    assert brains[0].copy().fingerprint() == brains[0].fingerprint()


def test_parameters_and_levels_are_part_of_the_fingerprint():
    prints = {everything().fingerprint()}
    for change in (
        lambda b: b.get_projection("reward", "out").modulation.assign("release", 2.0),
        lambda b: b.get_projection("basal", "out").modulation.assign("tau", 2.0),
        lambda b: setattr(b.get_projection("basal", "out"), "modulation", None),
        lambda b: b.critics["reward"].assign("gain", 2.0),
        lambda b: b.critics["reward"].reward(1.0),
        Brain.disable_neuromodulation,
    ):
        brain = everything()
        change(brain)
        prints.add(brain.fingerprint())
    assert len(prints) == 7


def test_what_is_off_is_not_run():
    brain = everything()
    brain.run(1)
    assert brain.network.tables["modulator_entry"][0] != 0
    brain.disable_neuromodulation()
    brain.run(1)
    assert brain.network.tables["modulator_entry"][0] == 0
    brain.enable_neuromodulation()
    brain.run(1)
    assert brain.network.tables["modulator_entry"][0] != 0
    plain = still()
    relay(plain, "a")
    plain.run(1)
    assert plain.network.tables["modulator_entry"][0] == 0


def test_disabled_it_changes_nothing_and_leaves_nothing():
    brain, twin = everything(), everything()
    live(brain, [50])
    brain.disable_neuromodulation()
    assert brain.get_projection("basal", "reward").level == 0.0
    assert brain.critics["reward"].value == 0.0
    twin.disable_neuromodulation()
    brain.run(2)
    assert brain.network.tables["rhythm_current"][brain.regions["reward"].record.index] == 0.0


def test_reset_traces_clears_levels():
    brain, path = excited(True)
    fire(brain, "raphe", range(3))
    brain.run(3)
    assert path.level > 0
    brain.reset_state()
    assert path.level > 0
    brain.reset_traces()
    assert path.level == 0


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda b: b.connect_regions("out", "raphe", modulation=True), InvalidValueError, "GLUT"),
        (
            lambda b: b.connect_regions("out", "raphe", nt=DOPAMINE, modulation=SerotoninRelease()),
            InvalidValueError,
            "SEROTONIN",
        ),
        (
            lambda b: b.connect_regions("out", "raphe", nt=DOPAMINE, modulation="yes"),
            InvalidTypeError,
            "yes",
        ),
        (lambda b: setattr(b.projections[-1], "modulation", 3), InvalidTypeError, "3"),
        (lambda b: b.projections[-1].modulation.assign("tau", 0.0), InvalidValueError, "tau"),
        (lambda b: b.projections[-1].modulation.assign("half", -1.0), InvalidValueError, "half"),
        (lambda b: b.projections[0].level, InvalidValueError, "modulation"),
    ],
)
def test_bad_input(act, error, words):
    brain, _ = excited(True)
    before = brain.fingerprint()
    with pytest.raises(error, match=words):
        act(brain)
    assert brain.fingerprint() == before
