"""What newcomers ran into: mistakes that are likely, and what is said of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engram import (
    Brain,
    CurrentLIF,
    InvalidValueError,
    NeuronModel,
    NeuronType,
    Neurotransmitter,
    Parameter,
    PlasticityRule,
    PoissonSource,
    Relay,
    SpikeTimes,
    plots,
)
from engram.errors import InvalidTypeError, InvariantError


class Swapped(NeuronModel):
    """Whether it fires comes first."""

    states = {"v": -1.0}

    @staticmethod
    def update(v, I):  # noqa: E741
        return v >= 1.0, v + I


class Twice(NeuronModel):
    """2 where it fires."""

    states = {"v": 0.0}

    @staticmethod
    def update(v, I):  # noqa: E741
        v = v + I
        return v, 2 if v >= 10.0 else 0

    @staticmethod
    def reset():
        return 0.0


class Shadowing(NeuronModel):
    """A parameter with the name of an input."""

    dt = Parameter(1.0)
    states = {"v": 0.0}

    @staticmethod
    def update(v, dt):
        return v + dt, v >= 10.0


class Undeclared(NeuronModel):
    """A number that is no parameter."""

    tau = 10.0
    states = {"v": 0.0}

    @staticmethod
    def update(v, tau):
        return v / tau, v >= 10.0


class WithSelf(NeuronModel):
    """A method that is not static."""

    states = {"v": 0.0}

    def update(self, v):
        return v, v >= 10.0


def lived(model):
    brain = Brain(seed=1, mechanisms="none")
    region = brain.add_region(
        "q", n_neurons=5, model=model, connectivity=0.0, background=1.0, noise=0.0
    )
    brain.run(100)
    return region.total_spikes.tolist()


def test_any_whole_number_says_that_a_neuron_fires():
    assert lived(Twice) == [10] * 5


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Swapped, "whether the neuron fires (a comparison such as v >= 30.0)"),
        (Shadowing, "no state or parameter can be called 'dt'"),
        (Undeclared, "declare it: tau = Parameter(10.0)"),
        (WithSelf, "put @staticmethod before it"),
    ],
)
def test_a_model_that_is_wrong_is_refused_with_the_fix(model, said):
    with pytest.raises(InvalidValueError) as error:
        lived(model)
    assert said in str(error.value)


def pair(**first):
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", n_neurons=10, connectivity=0.0, **first)
    brain.add_region("b", n_neurons=10, connectivity=0.0, model=CurrentLIF)
    return brain


class Covariance(PlasticityRule):
    """A rule."""

    w = Parameter(1.0)
    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_post(w):
        return w


def test_a_rule_that_is_wrong_is_refused_with_the_fix():
    with pytest.raises(InvalidTypeError, match=r"write Covariance\(\)"):
        pair().connect_regions("a", "b", 0.5, rule=Covariance)
    with pytest.raises(InvalidValueError, match="no parameter can be called 'w'"):
        pair().connect_regions("a", "b", 0.5, rule=Covariance())
    with pytest.raises(InvalidValueError, match="a rule needs 'on_post'"):

        class Half(PlasticityRule):
            pre_traces = {}
            post_traces = {}

            @staticmethod
            def on_pre():
                return 0.0


class Spoiled(PlasticityRule):
    """It makes weights that are not finite."""

    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_post(w):
        return w + math.nan


def test_a_rule_that_spoils_weights_is_named():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", n_neurons=10, background=10.0, rule=None)
    brain.add_region("b", n_neurons=10, background=10.0, rule=None)
    brain.connect_regions("a", "b", 0.5, rule=Spoiled())
    with pytest.raises(InvariantError, match="by the rule Spoiled of proj:a->b"):
        brain.run(2000)


@pytest.mark.parametrize("model", [PoissonSource, Relay, SpikeTimes([1.0], [0])])
def test_all_sources_project(model):
    brain = pair(model=model)
    assert brain.connect_regions("a", "b", wiring="all_to_all").n_synapses == 100
    assert brain.connect_regions("a", "b", wiring="one_to_one", name="1").n_synapses == 10


def test_a_projection_of_nobody_is_refused():
    brain = pair(excitatory=0.0)
    before = brain.fingerprint()
    for options in ({}, {"nt": Neurotransmitter.GABA}, {"wiring": "in_degree", "in_degree": 2}):
        with pytest.raises(InvalidValueError, match=r"has no excitatory neurons.*GABA"):
            brain.connect_regions("a", "b", **options)
    assert brain.fingerprint() == before
    kind = {"source_type": NeuronType.INHIBITORY}
    path = brain.connect_regions("a", "b", 0.5, nt=Neurotransmitter.GABA, name="i", **kind)
    assert (path.weight < 0).all()


def test_a_raster_shows_of_a_removed_region_the_neurons_that_fired():
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=20, background=8.0)
    spikes = brain.record("spikes")
    brain.run(200)
    brain.remove_region("a")
    brain.run(100)
    assert spikes.sizes["a"] <= 20
    labels = [t.get_text() for t in plots.raster(spikes).get_yticklabels()]
    assert labels[0] == f"a ({spikes.sizes['a']})"


def test_an_input_of_a_removed_region_is_not_changed():
    brain = pair()
    noise = brain.poisson_input("a", rate=5.0, weight=1.0)
    brain.remove_region("a")
    with pytest.raises(InvalidValueError, match="was removed"):
        noise.rate = 50.0
    assert noise.rate == 5.0


def test_messages_stay_short():
    brain = pair()
    with pytest.raises(InvalidTypeError) as error:
        brain.poisson_input("a", rate=np.ones(1000), weight=1.0)
    assert len(str(error.value)) < 250
    with pytest.raises(InvalidTypeError, match="only weights are recorded of a projection"):
        brain.record("eligibility", brain.connect_regions("a", "b"))


def test_python_s_own_errors_name_the_brain():
    """A wrong number of arguments is told of `Brain`, not of the base that has the method."""
    for call in (lambda: Brain().add_region(), lambda: Brain().run(1, 2, 3, 4)):
        with pytest.raises(TypeError, match=r"^Brain\.\w+\(\) "):
            call()
