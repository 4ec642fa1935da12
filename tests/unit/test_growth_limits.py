"""What keeps growth within limits: room, a ceiling, a trial, floors, and codes that stay."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engram import (
    LIF,
    Brain,
    CurrentLIF,
    NeuronType,
    PoissonSource,
    RegionType,
    Relay,
    load_brain,
    save_brain,
)

S, A = RegionType.SENSORY, RegionType.ASSOCIATION


def still(**growth):
    """Nothing but births and deaths."""
    brain = Brain(seed=1)
    brain.freeze_homeostatic_scaling()
    brain.freeze_plasticity()
    brain.disable_memory()
    usual = {"growth_interval": 50.0, "neurogenesis_window": 1e-3}
    usual |= {"synaptogenesis": False, "pruning": False}
    for name, value in {**usual, **growth}.items():
        setattr(brain.growth, name, value)
    return brain


def driven(current=15.0):
    return lambda b, _: b.inject_current("a", np.arange(b.regions["a"].n_neurons), current)


@pytest.mark.parametrize("most", [1.0, 1.5, 3.0])
def test_a_region_grows_to_a_multiple_of_its_founders(most, tmp_path):
    brain = still(most_growth=most, births_per_cycle=10, survival=0.0)
    region = brain.add_region("a", A, 20, excitatory=1.0)
    brain.run(1000, driven())
    assert region.n_alive_neurons == 20 * most
    # Also across a save.
    brain = load_brain(save_brain(brain, tmp_path / "grown"))
    brain.run(500, driven())
    assert brain.regions["a"].n_alive_neurons == 20 * most


def test_a_seizure_breeds_no_neurons():
    brain = still(neurogenesis_ceiling=30.0)
    region = brain.add_region("a", A, 20, model=CurrentLIF, excitatory=1.0)
    brain.run(1000, driven(200.0))
    assert region.mean_activity > 60.0
    born = region.n_alive_neurons - 20
    # While the estimate of the rate rises through the band.
    assert born < 6
    brain.growth.neurogenesis_ceiling = 1e4
    brain.run(500, driven(200.0))
    assert region.n_alive_neurons > 20 + born + 5


def test_a_passing_wave_breeds_no_neurons_a_lasting_demand_does():
    def born(window, turns):
        brain = still(neurogenesis_window=window, births_per_cycle=10, survival=0.0)
        region = brain.add_region("a", A, 20, model=CurrentLIF, excitatory=1.0)
        brain.homeostasis.tau_rate = 100.0
        brain.growth.neurogenesis_ceiling = 1e9
        for waves, current in turns:
            brain.run(waves, driven(current))
        return region.n_alive_neurons - 20

    wave = [(5000, 0.0), (500, 30.0), (5000, 0.0)]
    assert born(60_000.0, wave) == 0
    assert born(1e-3, wave) > 0
    assert born(60_000.0, [(500, 0.0), (5000, 30.0)]) == 20


def turned_over(**growth):
    """Synapses over time where all that may sprout does, and then all that may be pruned is."""
    brain = still(synaptogenesis=True, neurogenesis=False, apoptosis=False, min_spikes=1, **growth)
    brain.growth.min_correlation, brain.growth.max_rate = 0.0, 1000.0
    brain.growth.correlation_window, brain.growth.synapses_per_cycle = 100.0, 1000
    brain.add_region("a", A, 60, 0.2, background=20.0)
    projection = brain.get_projection("a", "a")
    sizes = [projection.n_synapses]
    brain.run(1000)
    sizes.append(projection.n_synapses)
    brain.growth.synaptogenesis, brain.growth.pruning = False, True
    brain.growth.pruning_age = brain.growth.pruning_unused = 0.0
    brain.growth.pruning_weight, brain.growth.pruned_per_cycle = 1.0, 1000
    projection.weight = projection.weight * 0.5
    brain.run(2000)
    sizes.append(projection.n_synapses)
    return brain, sizes


def test_synapses_are_turned_over_at_a_number_that_stays(tmp_path):
    brain, (first, grown, pruned) = turned_over(most_synapses=1.1, least_synapses=0.8)
    assert grown == math.floor(1.1 * first)
    assert pruned == math.ceil(0.8 * first)
    # Also across a save; and what users add is not counted.
    brain = load_brain(save_brain(brain, tmp_path / "turned"))
    projection = brain.get_projection("a", "a")
    brain.run(500)
    assert projection.n_synapses == pruned
    there = set(zip(projection.pre.tolist(), projection.post.tolist(), strict=True))
    sources = np.flatnonzero(brain.regions["a"].neuron_type == NeuronType.EXCITATORY)[:10]
    pairs = [(i, j) for i in sources for j in range(60) if i != j and (i, j) not in there][:50]
    projection.add_synapses(*np.array(pairs).T, 1.0)
    brain.run(500)
    assert projection.n_synapses == math.ceil(0.8 * (first + 50))


def test_without_those_bounds_synapses_grow_and_go_without_end():
    _, (first, grown, pruned) = turned_over(most_synapses=1e9, least_synapses=0.0)
    assert grown > 1.5 * first
    assert pruned < 0.5 * first


def selected(**growth):
    """Synapses within a region of which the cells with the fewest die, and others are born."""
    brain = still(neurogenesis_rate=0.0, births_per_cycle=5, survival=0.0, most_growth=1.0)
    for name, value in growth.items():
        setattr(brain.growth, name, value)
    region = brain.add_region("a", A, 60, 0.2, model=CurrentLIF, excitatory=1.0)
    projection = brain.get_projection("a", "a")
    brain.run(50)  # who founded it is noted
    sizes = [projection.n_synapses]
    for _ in range(60):
        degree = np.bincount(projection.pre, minlength=60) + np.bincount(
            projection.post, minlength=60
        )
        region.kill_neurons(np.argsort(degree)[:5])
        brain.run(50)
        assert region.n_alive_neurons == 60
        sizes.append(projection.n_synapses)
    brain.check()
    return sizes


def test_that_those_with_few_synapses_die_does_not_let_synapses_multiply():
    sizes = selected()
    assert 0.8 * sizes[0] < sizes[-1] < 1.3 * sizes[0]
    # Without the bound it does.
    assert selected(most_synapses=1e9)[-1] > 1.6 * sizes[0]


def test_a_newborn_that_is_not_used_dies_after_its_trial_one_that_is_used_lives():
    brain = still(critical_period=300.0, neurogenesis=False, apoptosis_rate=0.0)
    region = brain.add_region("a", A, 20, 0.0, model=CurrentLIF, excitatory=1.0)
    brain.growth.grow()
    brain.growth.neurogenesis_rate, brain.growth.births_per_cycle = 0.0, 2
    brain.growth.neurogenesis = True
    brain.growth.grow()
    brain.growth.neurogenesis = False
    assert region.n_alive_neurons == 22

    def drive(b, i):
        if i % 40 == 0:
            b.inject_current("a", range(21), 2000.0)

    brain.run(880, drive)
    assert region.n_alive_neurons == 22
    brain.run(100, drive)
    assert np.flatnonzero(~region.neuron_alive).tolist() == [21]
    brain.run(3000, drive)
    assert region.n_alive_neurons == 21


def test_nobody_dies_in_a_quiet_region_nor_below_the_floor():
    brain = still(apoptosis_age=200.0, neurogenesis=False, deaths_per_cycle=5)
    quiet = brain.add_region("q", A, 20, 0.0, model=LIF)
    busy = brain.add_region("a", A, 20, 0.0, model=CurrentLIF, excitatory=1.0)

    def drive(b, i):
        if i % 20 == 0:
            b.inject_current("a", range(10), 2000.0)

    brain.run(3000, drive)
    assert quiet.n_alive_neurons == 20
    assert busy.n_alive_neurons == 18
    assert busy.neuron_alive[:10].all()
    brain.growth.apoptosis_floor = 0.0
    brain.run(1000, drive)
    assert busy.n_alive_neurons == 10


@pytest.mark.parametrize("model", [PoissonSource, Relay])
def test_sources_and_relays_do_not_die(model):
    brain = still(apoptosis_age=100.0, neurogenesis=False, apoptosis_rate=0.0)
    region = brain.add_region("a", S, 20, 0.0, model=model)
    brain.run(1000)
    assert region.n_alive_neurons == 20


def test_neurons_that_stand_for_values_are_neither_born_nor_die():
    brain = still(apoptosis_age=100.0, neurogenesis_rate=0.0, apoptosis_rate=0.0)
    region = brain.add_region("a", S, 20, 0.0, model=CurrentLIF, excitatory=1.0)
    brain.stimulate("a", [1.0, 0.0])
    brain.run(1000)
    assert region.n_alive_neurons == region.n_neurons == 20


@pytest.mark.parametrize("kinship", [False, True])
def test_newborns_take_the_places_of_the_dead_where_neurons_stand_for_values(kinship):
    brain = still(apoptosis_age=100.0, kinship=kinship)
    region = brain.add_region("a", S, 20, 0.0, model=CurrentLIF, excitatory=1.0)
    brain.add_region("b", A, 10, 0.0, model=CurrentLIF)
    path = brain.connect_regions("a", "b", density=1.0)
    brain.present("a", [1.0, 0.0], 100)
    lost = np.arange(3, 9)
    region.kill_neurons(lost)
    assert region.n_alive_neurons == 14
    assert path.n_synapses == 140
    brain.present("a", [1.0, 0.0], 500)
    assert region.n_alive_neurons == region.n_neurons == 20
    assert path.n_synapses == 200
    before = region.total_spikes.copy()
    brain.present("a", [1.0, 0.0], 200)
    fired = region.total_spikes - before
    assert np.all(fired[:10] > 0)
    assert not fired[10:].any()


def test_in_a_quiet_region_nobody_replaces_the_dead_that_stood_for_values():
    brain = still()
    region = brain.add_region("a", S, 20, 0.0, model=CurrentLIF, excitatory=1.0)
    brain.stimulate("a", [0.0, 0.0])
    region.kill_neurons([3])
    brain.run(1000)
    assert region.n_alive_neurons == 19


def test_neurons_keep_their_values_when_others_are_added(tmp_path):
    brain = still(neurogenesis=False, apoptosis=False)
    region = brain.add_region("a", S, 12, 0.0, model=CurrentLIF, excitatory=1.0)

    def driven_by(values):
        twin = brain.copy()
        twin.present("a", values, 100)
        return set(np.flatnonzero(twin.regions["a"].total_spikes).tolist())

    brain.stimulate("a", [0.0])
    before = [driven_by(np.eye(3)[k]) for k in range(3)]
    assert before == [{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}]
    for _ in range(5):
        region.add_neuron()
    brain = load_brain(save_brain(brain, tmp_path / "added"))
    after = [driven_by(np.eye(3)[k]) for k in range(3)]
    assert after == [{0, 1, 2, 3, 12, 13, 14, 15}, {4, 5, 6, 7, 16}, {8, 9, 10, 11}]


def test_of_a_region_that_has_grown_silence_takes_a_tenth_at_most():
    brain = still(births_per_cycle=10, survival=0.0, apoptosis_age=200.0, apoptosis_rate=0.0)
    region = brain.add_region("a", A, 20, excitatory=1.0)
    brain.growth.apoptosis = False
    brain.run(600, driven())
    assert region.n_alive_neurons == 40
    brain.growth.neurogenesis, brain.growth.apoptosis = False, True
    region.noise = 0.0
    brain.run(3000)
    assert region.n_alive_neurons == 36
    brain.growth.apoptosis_floor = 0.0
    with pytest.warns(UserWarning, match="is dying out"):
        brain.run(2000)
    assert region.n_alive_neurons < 10


def test_a_region_that_loses_its_last_synapse_stays_tuned():
    brain = Brain(seed=1)
    brain.growth.neurogenesis = False
    region = brain.add_region("a", RegionType.MOTOR, 20, background=25.0)
    brain.run(10_000)
    assert (brain.network.slots(region.record, "excitability") < -5.0).all()
    own = brain.projections[0]
    own.remove_synapses(np.arange(own.n_synapses))
    brain.run(20_000)
    assert (brain.network.slots(region.record, "excitability") < -5.0).all()


def test_time_in_which_homeostasis_is_frozen_does_not_count_for_excitability():
    brain = Brain(seed=1)
    brain.growth.neurogenesis = False
    region = brain.add_region("a", A, 20, background=20.0)
    brain.freeze_homeostatic_scaling()
    brain.run(60_500)
    brain.unfreeze_homeostatic_scaling()
    brain.run(1000)
    excitability = brain.network.slots(region.record, "excitability")
    # One check: at most 80 Hz in a second.
    most = 80.0 * brain.homeostasis.excitability_rate
    assert -most - 0.01 < excitability.min() < 0
