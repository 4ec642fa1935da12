# ruff: noqa: ARG005, E501
"""What can't be used is refused, says why, and leaves the brain as it was."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engram import (
    LIF,
    STDP,
    Brain,
    EncodingStrategy,
    EngramError,
    FiringPattern,
    Izhikevich,
    LogNormal,
    NeuronModel,
    Neurotransmitter,
    Normal,
    Parameter,
    PlasticityRule,
    Region,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    StimulusEncoder,
    Uniform,
    encode_number,
    encode_text,
)

S = RegionType.SENSORY
NAN, INF = float("nan"), float("inf")
fixed = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def build():
    """A brain that is in the midst of things: spikes under way, eligibility, dopamine."""
    brain = Brain(dt=0.5, seed=8)
    brain.add_region("input", S, 12, 0.3, max_neurons=14)
    brain.add_region("cortex", RegionType.ASSOCIATION, 20, 0.3)
    brain.connect_regions("input", "cortex", density=0.4, w_max=30.0, stp=ShortTermPlasticity())
    brain.regions["input"].kill_neurons([3])
    brain.run(60, lambda b, i: b.stimulate("input", [1.0, 0.7]))
    brain.reward(1.0, "proj:input->cortex")
    return brain


def future(brain):
    for i in range(40):
        brain.stimulate("input", [0.9, 0.2])
        brain.step()
        if i == 20:
            brain.add_region(f"new{i}", S, 3)
            brain.connect_regions("input", f"new{i}", 0.5)
            brain.regions["input"].add_neuron()
    return brain.fingerprint()


@pytest.fixture(scope="module")
def known():
    """A brain, its fingerprint, and the fingerprint of its future."""
    brain = build()
    return brain.copy(), brain.fingerprint(), future(brain)


def input_(brain):
    return brain.regions["input"]


def pathway(brain):
    return brain.get_projection("input", "cortex")


def own(brain):
    return brain.get_projection("input", "input")


class NoUpdate(NeuronModel):
    states = {"v": 0.0}


class AsksForMore(NeuronModel):
    states = {"v": 0.0}

    @staticmethod
    def update(v, I, voltage):  # noqa: E741
        return v + I + voltage, v > 1


class TooManyStates(NeuronModel):
    states = {"v": 0.0, **{f"x{k}": 0.0 for k in range(20)}}

    @staticmethod
    def update(v, I):  # noqa: E741
        return v, I > v


class UnknownArgument(PlasticityRule):
    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_pre(w, learning_rate):
        return w + learning_rate

    @staticmethod
    def on_post(w):
        return w


class TooManyParameters(PlasticityRule):
    pre_traces = {}
    post_traces = {}
    for _name in "abcdefghi":
        locals()[_name] = Parameter(1.0)

    @staticmethod
    def on_pre(w, a, b, c, d, e, f, g, h, i):
        return w + a + b + c + d + e + f + g + h + i

    @staticmethod
    def on_post(w):
        return w


# What is called, the kind of error, and words its message has: the object, the value, what is valid.
CASES = {
    # -- Brain
    "dt text": (lambda b: Brain(dt="1"), TypeError, ["Brain: dt", "'1'"]),
    "dt zero": (lambda b: Brain(dt=0.0), ValueError, ["Brain: dt", "0.01", "10"]),
    "dt nan": (lambda b: Brain(dt=NAN), ValueError, ["Brain: dt", "nan"]),
    "dt bool": (lambda b: Brain(dt=True), TypeError, ["Brain: dt", "True"]),
    "seed float": (lambda b: Brain(seed=1.5), TypeError, ["Brain: seed", "1.5"]),
    "seed negative": (lambda b: Brain(seed=-1), ValueError, ["Brain: seed", "-1", "at least 0"]),
    "seed huge": (lambda b: Brain(seed=2**64), ValueError, ["Brain: seed"]),
    "device": (lambda b: Brain(device="tpu"), ValueError, ["device", "'tpu'", "'cpu'"]),
    "device list": (lambda b: Brain(device=["cpu"]), ValueError, ["device", "['cpu']"]),
    # -- add_region
    "region twice": (lambda b: b.add_region("input", S), ValueError, ["add_region", "'input'"]),
    "region no name": (lambda b: b.add_region("", S), ValueError, ["add_region: name", "''"]),
    "region arrow": (lambda b: b.add_region("a->b", S), ValueError, ["name", "'a->b'"]),
    "region number": (lambda b: b.add_region(3, S), ValueError, ["name", "3"]),
    "region type": (
        lambda b: b.add_region("x", "sensori"),
        KeyError,
        ["region type", "'sensori'", "did you mean 'sensory'"],
    ),
    "no region type": (lambda b: b.add_region("x", 3), TypeError, ["region_type", "3"]),
    "zero neurons": (lambda b: b.add_region("x", S, 0), ValueError, ["n_neurons", "at least 1"]),
    "negative neurons": (lambda b: b.add_region("x", S, -5), ValueError, ["n_neurons", "-5"]),
    "half a neuron": (lambda b: b.add_region("x", S, 2.5), TypeError, ["n_neurons", "2.5"]),
    "bool neurons": (lambda b: b.add_region("x", S, True), TypeError, ["n_neurons", "True"]),
    "over max": (
        lambda b: b.add_region("x", S, 20, max_neurons=10),
        ValueError,
        ["20", "max_neurons = 10"],
    ),
    "max negative": (lambda b: b.add_region("x", S, max_neurons=-1), ValueError, ["max_neurons"]),
    "connectivity": (lambda b: b.add_region("x", S, 5, 1.5), ValueError, ["connectivity", "1.5"]),
    "connectivity nan": (lambda b: b.add_region("x", S, 5, NAN), ValueError, ["connectivity"]),
    "excitatory": (lambda b: b.add_region("x", S, excitatory=-0.1), ValueError, ["excitatory"]),
    "model": (lambda b: b.add_region("x", S, model="lif"), TypeError, ["model", "'lif'"]),
    "model class": (lambda b: b.add_region("x", S, model=Brain), TypeError, ["model"]),
    "model without update": (
        lambda b: b.add_region("x", S, model=NoUpdate),
        ValueError,
        ["NoUpdate", "update"],
    ),
    "model argument": (
        lambda b: b.add_region("x", S, model=AsksForMore),
        ValueError,
        ["AsksForMore", "'voltage'"],
    ),
    "model states": (
        lambda b: b.add_region("x", S, model=TooManyStates),
        ValueError,
        ["TooManyStates", "21"],
    ),
    "model parameter": (lambda b: LIF(tau_mm=3.0), KeyError, ["LIF", "'tau_mm'", "'tau_m'"]),
    "model value": (lambda b: LIF(tau_m=0.0), ValueError, ["LIF.tau_m", "0.0"]),
    "patterns": (
        lambda b: b.add_region("x", S, patterns=(FiringPattern.RESONATOR,)),
        TypeError,
        ["patterns"],
    ),
    "variation": (lambda b: b.add_region("x", S, variation=2.0), ValueError, ["variation", "2"]),
    "background": (lambda b: b.add_region("x", S, background=INF), ValueError, ["background"]),
    "noise": (lambda b: b.add_region("x", S, noise=-1.0), ValueError, ["noise", "-1.0"]),
    "wiring": (lambda b: b.add_region("x", S, wiring="ring"), ValueError, ["'ring'", "'random'"]),
    "wiring list": (lambda b: b.add_region("x", S, wiring=[1]), ValueError, ["wiring", "[1]"]),
    "autapses": (lambda b: b.add_region("x", S, autapses="no"), TypeError, ["autapses", "'no'"]),
    "own in_degree": (
        lambda b: b.add_region("x", S, 10, wiring="in_degree", in_degree=50),
        ValueError,
        ["in_degree", "50", "at most 9"],
    ),
    "own in_degree unused": (
        lambda b: b.add_region("x", S, in_degree=3),
        ValueError,
        ["in_degree = 3", "'random'"],
    ),
    "own matrix": (
        lambda b: b.add_region("x", S, 10, weights=np.ones((10, 8))),
        ValueError,
        ["(10, 10)", "(10, 8)"],
    ),
    "remove region": (lambda b: b.remove_region("x"), KeyError, ["'x'"]),
    "rename region": (lambda b: b.rename_region("input", "cortex"), ValueError, ["'cortex'"]),
    "remove own wiring": (
        lambda b: b.remove_projection(b.regions["input"].wiring),
        ValueError,
        ["region:input", "remove_synapses"],
    ),
    "own weights": (lambda b: b.add_region("x", S, weights=NAN), ValueError, ["weights", "nan"]),
    "own weights above": (
        lambda b: b.add_region("x", S, 20, weights=3.0, w_max=1.0),
        ValueError,
        ["3", "w_max = 1"],
    ),
    "own negative": (
        lambda b: b.add_region("x", S, 20, weights=-1.0),
        ValueError,
        ["weights", "-1", "GABA"],
    ),
    "own delays": (lambda b: b.add_region("x", S, 20, delays=-1.0), ValueError, ["delays", "-1"]),
    "own w_max": (lambda b: b.add_region("x", S, w_max=-1.0), ValueError, ["w_max", "-1.0"]),
    "own rule": (lambda b: b.add_region("x", S, rule="hebb"), TypeError, ["'hebb'", "'stdp'"]),
    "own stp": (lambda b: b.add_region("x", S, stp=0.5), TypeError, ["stp", "0.5"]),
    "keyword": (lambda b: STDP(A_pluss=1.0), KeyError, ["'A_plus'"]),
    # -- connect_regions
    "unknown source": (
        lambda b: b.connect_regions("imput", "cortex"),
        KeyError,
        ["connect_regions", "'imput'", "did you mean 'input'"],
    ),
    "unknown target": (
        lambda b: b.connect_regions("cortex", "cortx"),
        KeyError,
        ["'cortx'", "mean 'cortex'"],
    ),
    "unhashable": (lambda b: b.connect_regions(["input"], "cortex"), KeyError, ["['input']"]),
    "to itself both ways": (
        lambda b: b.connect_regions("cortex", "cortex", bidirectional=True),
        ValueError,
        ["bidirectional", "'cortex'"],
    ),
    "name": (lambda b: b.connect_regions("cortex", "input", name=3), ValueError, ["name", "3"]),
    "twice": (lambda b: b.connect_regions("input", "cortex"), ValueError, ["'input'", "already"]),
    "back twice": (
        lambda b: b.connect_regions("cortex", "input", bidirectional=True),
        ValueError,
        ["already"],
    ),
    "density": (
        lambda b: b.connect_regions("cortex", "input", 1.01),
        ValueError,
        ["density", "1.01"],
    ),
    "density negative": (
        lambda b: b.connect_regions("cortex", "input", -0.1),
        ValueError,
        ["density", "-0.1"],
    ),
    "density text": (
        lambda b: b.connect_regions("cortex", "input", "0.1"),
        TypeError,
        ["density", "'0.1'"],
    ),
    "bidirectional": (
        lambda b: b.connect_regions("cortex", "input", 0.1, "yes"),
        TypeError,
        ["bidirectional"],
    ),
    "transmitter": (
        lambda b: b.connect_regions("cortex", "input", nt="GABA"),
        TypeError,
        ["nt", "'GABA'"],
    ),
    "transmitter number": (
        lambda b: b.connect_regions("cortex", "input", nt=1),
        TypeError,
        ["nt", "1"],
    ),
    "source type": (
        lambda b: b.connect_regions("cortex", "input", source_type="all"),
        TypeError,
        ["'all'"],
    ),
    "target type": (
        lambda b: b.connect_regions("cortex", "input", target_type=1),
        TypeError,
        ["target_type"],
    ),
    "no wiring": (
        lambda b: b.connect_regions("cortex", "input", wiring="dense"),
        ValueError,
        ["'dense'"],
    ),
    "one to one": (
        lambda b: b.connect_regions("cortex", "input", wiring="one_to_one"),
        ValueError,
        ["one_to_one", "16 and 11"],
    ),
    "in_degree": (
        lambda b: b.connect_regions("cortex", "input", wiring="in_degree", in_degree=17),
        ValueError,
        ["in_degree", "17", "at most 16"],
    ),
    "in_degree none": (
        lambda b: b.connect_regions("cortex", "input", wiring="in_degree"),
        TypeError,
        ["in_degree"],
    ),
    "in_degree unused": (
        lambda b: b.connect_regions("cortex", "input", in_degree=3),
        ValueError,
        ["in_degree = 3"],
    ),
    "weights length": (
        lambda b: b.connect_regions("cortex", "input", wiring="all_to_all", weights=[1.0, 2.0]),
        ValueError,
        ["weights", "176", "(2,)"],
    ),
    "weights ragged": (
        lambda b: b.connect_regions("cortex", "input", 1.0, weights=[[1.0], [1.0, 2.0]]),
        TypeError,
        ["weights"],
    ),
    "weights text": (
        lambda b: b.connect_regions("cortex", "input", 1.0, weights="strong"),
        TypeError,
        ["weights", "'strong'"],
    ),
    "weights bool": (
        lambda b: b.connect_regions("cortex", "input", 1.0, weights=True),
        TypeError,
        ["weights"],
    ),
    "weights infinite": (
        lambda b: b.connect_regions("cortex", "input", 1.0, weights=1e300),
        ValueError,
        ["weights"],
    ),
    "weights below": (
        lambda b: b.connect_regions("cortex", "input", 1.0, weights=1.0, w_min=2.0, w_max=3.0),
        ValueError,
        ["weights", "1", "w_min = 2"],
    ),
    "bounds crossed": (
        lambda b: b.connect_regions("cortex", "input", 1.0, w_min=2.0, w_max=1.0),
        ValueError,
        ["w_max", "1.0"],
    ),
    "w_min negative": (
        lambda b: b.connect_regions("cortex", "input", 1.0, w_min=-1.0),
        ValueError,
        ["w_min"],
    ),
    "delays long": (
        lambda b: b.connect_regions("cortex", "input", 1.0, delays=40000.0),
        ValueError,
        ["delays", "40000", "32767"],
    ),
    "delays nan": (
        lambda b: b.connect_regions("cortex", "input", 1.0, delays=NAN),
        ValueError,
        ["delays"],
    ),
    "rule text": (
        lambda b: b.connect_regions("cortex", "input", rule="STDP"),
        TypeError,
        ["'STDP'"],
    ),
    "rule class": (lambda b: b.connect_regions("cortex", "input", rule=STDP), TypeError, ["rule"]),
    "rule argument": (
        lambda b: b.connect_regions("cortex", "input", rule=UnknownArgument()),
        ValueError,
        ["UnknownArgument", "'learning_rate'"],
    ),
    "rule parameters": (
        lambda b: b.connect_regions("cortex", "input", rule=TooManyParameters()),
        ValueError,
        ["TooManyParameters", "at most 8", "9"],
    ),
    # -- stimulus
    "stimulate nobody": (
        lambda b: b.stimulate("inptu", [1.0]),
        KeyError,
        ["Brain.stimulate", "'inptu'", "'input'"],
    ),
    "stimulate unhashable": (lambda b: b.stimulate({}, [1.0]), KeyError, ["{}"]),
    "stimulate nan": (lambda b: b.stimulate("input", [NAN]), ValueError, ["'input'", "nan"]),
    "stimulate inf": (lambda b: b.stimulate("input", [INF]), ValueError, ["'input'", "inf"]),
    "stimulate above": (
        lambda b: b.stimulate("input", [0.5, 1.5]),
        ValueError,
        ["'input'", "[0, 1]", "1.5"],
    ),
    "stimulate below": (lambda b: b.stimulate("input", [-0.1]), ValueError, ["-0.1"]),
    "stimulate none": (lambda b: b.stimulate("input", []), ValueError, ["'input'", "not 0"]),
    "stimulate too many": (
        lambda b: b.stimulate("input", [0.1] * 13),
        ValueError,
        ["1 and 12", "not 13"],
    ),
    "stimulate matrix": (
        lambda b: b.stimulate("input", [[0.1, 0.2]]),
        ValueError,
        ["shape (1, 2)"],
    ),
    "stimulate ragged": (
        lambda b: b.stimulate("input", [[0.1], [0.1, 0.2]]),
        TypeError,
        ["'input'"],
    ),
    "stimulate text": (lambda b: b.stimulate("input", "hello"), TypeError, ["'hello'"]),
    "stimulate digits": (lambda b: b.stimulate("input", ["0.5"]), TypeError, ["'0.5'"]),
    "stimulate nothing": (lambda b: b.stimulate("input", None), TypeError, ["None"]),
    "stimulate complex": (lambda b: b.stimulate("input", [1j]), TypeError, ["1.j"]),
    "stimulate huge": (lambda b: b.stimulate("input", [10**400]), (TypeError, ValueError), []),
    "present nobody": (lambda b: b.present("x", [1.0], 5), KeyError, ["Brain.present", "'x'"]),
    "present nan": (lambda b: b.present("input", [NAN], 5), ValueError, ["nan"]),
    "present negative": (
        lambda b: b.present("input", [1.0], -5),
        ValueError,
        ["Brain.present: steps", "-5"],
    ),
    "present rest": (
        lambda b: b.present("input", [1.0], 5, -1),
        ValueError,
        ["Brain.present: rest", "-1"],
    ),
    "present float": (lambda b: b.present("input", [1.0], 5.0), TypeError, ["steps", "5.0"]),
    "encoder": (lambda b: setattr(b, "encoder", "rate"), TypeError, ["Brain.encoder", "'rate'"]),
    "encoder strategy": (lambda b: StimulusEncoder("rate"), TypeError, ["strategy", "'rate'"]),
    "encoder current": (
        lambda b: StimulusEncoder(EncodingStrategy.RATE, -1.0),
        ValueError,
        ["max_current", "-1"],
    ),
    "encode_number": (
        lambda b: encode_number(1.5, input_(b), b.encoder),
        ValueError,
        ["encode_number", "1.5"],
    ),
    "encode_text": (lambda b: encode_text(5, input_(b), b.encoder), TypeError, ["text", "5"]),
    "encode_text empty": (lambda b: encode_text("", input_(b), b.encoder), ValueError, ["empty"]),
    # -- inject_current
    "inject nobody": (
        lambda b: b.inject_current("corteks", [0], 1.0),
        KeyError,
        ["'corteks'", "'cortex'"],
    ),
    "inject negative": (
        lambda b: b.inject_current("input", [-1], 1.0),
        ValueError,
        ["indices", "[0, 11]", "-1"],
    ),
    "inject beyond": (
        lambda b: b.inject_current("input", [12], 1.0),
        ValueError,
        ["[0, 11]", "12"],
    ),
    "inject float": (lambda b: b.inject_current("input", [0.5], 1.0), TypeError, ["indices"]),
    "inject mask": (
        lambda b: b.inject_current("input", [True, False], 1.0),
        ValueError,
        ["mask", "12"],
    ),
    "inject ragged": (
        lambda b: b.inject_current("input", [[0], [0, 1]], 1.0),
        TypeError,
        ["indices"],
    ),
    "inject nan": (lambda b: b.inject_current("input", [0], NAN), ValueError, ["current", "nan"]),
    "inject inf": (lambda b: b.inject_current("input", [0], [INF]), ValueError, ["current", "inf"]),
    "inject huge": (lambda b: b.inject_current("input", [0], 1e300), ValueError, ["1e+300"]),
    "inject huge array": (
        lambda b: b.inject_current("input", [0], [1e300]),
        ValueError,
        ["current"],
    ),
    "inject length": (
        lambda b: b.inject_current("input", [0, 1, 2], [1.0, 2.0]),
        ValueError,
        ["3 entries", "2"],
    ),
    "inject text": (lambda b: b.inject_current("input", [0], "much"), TypeError, ["'much'"]),
    "inject bool": (lambda b: b.inject_current("input", [0], True), TypeError, ["True"]),
    "inject current ragged": (
        lambda b: b.inject_current("input", [0, 1], [[1.0], [1.0, 2.0]]),
        TypeError,
        ["current"],
    ),
    # -- running
    "run negative": (lambda b: b.run(-1), ValueError, ["Brain.run: steps", "at least 0", "-1"]),
    "run float": (lambda b: b.run(10.0), TypeError, ["steps", "10.0"]),
    "run bool": (lambda b: b.run(True), TypeError, ["steps", "True"]),
    "run function": (lambda b: b.run(10, 5), TypeError, ["stimulus_fn", "5"]),
    "run progress": (lambda b: b.run(10, progress="yes"), TypeError, ["progress", "'yes'"]),
    "run too far": (lambda b: b.run(2**31), ValueError, ["steps"]),
    "run empty": (lambda b: Brain().run(1), ValueError, ["add_region"]),
    "step empty": (lambda b: Brain().step(), ValueError, ["add_region"]),
    # -- reward
    "reward region": (
        lambda b: b.reward(1.0, "region:cortx"),
        KeyError,
        ["Brain.reward", "'region:cortx'", "mean 'region:cortex'"],
    ),
    "reward name": (lambda b: b.reward(1.0, "cortex"), KeyError, ["'cortex'", "'region:cortex'"]),
    "reward back": (
        lambda b: b.reward(1.0, "proj:cortex->input"),
        KeyError,
        ["'proj:input->cortex'"],
    ),
    "reward nan": (lambda b: b.reward(NAN, "region:cortex"), ValueError, ["amount", "nan"]),
    "reward negative": (lambda b: b.reward(-1.0, "region:cortex"), ValueError, ["amount", "-1.0"]),
    "reward text": (lambda b: b.reward("1", "region:cortex"), TypeError, ["amount", "'1'"]),
    "punish": (lambda b: b.punish(1.0, "x"), KeyError, ["Brain.punish", "'x'"]),
    "punish inf": (lambda b: b.punish(INF, "region:cortex"), ValueError, ["amount", "inf"]),
    "dopamine": (lambda b: b.dopamine(None), KeyError, ["Brain.dopamine", "None"]),
    # -- structure
    "projection": (
        lambda b: b.get_projection("cortex", "input"),
        KeyError,
        ["'cortex->input'", "there are"],
    ),
    "projection name": (lambda b: b.get_projection("cortex", "x"), KeyError, ["'x'"]),
    "enable plasticity": (
        lambda b: b.enable_projection_plasticity("input", "cortex", -1.0),
        ValueError,
        ["A_plus"],
    ),
    "enable nobody": (
        lambda b: b.enable_projection_plasticity("input", "cortx"),
        KeyError,
        ["'cortex'"],
    ),
    "neuron type": (lambda b: input_(b).add_neuron("exc"), TypeError, ["'input'", "'exc'"]),
    "neuron pattern": (lambda b: input_(b).add_neuron(pattern=3), TypeError, ["pattern", "3"]),
    "kill beyond": (lambda b: input_(b).kill_neurons([0, 12]), ValueError, ["[0, 11]", "12"]),
    "kill negative": (lambda b: input_(b).kill_neurons([-2]), ValueError, ["[0, 11]", "-2"]),
    "kill float": (lambda b: input_(b).kill_neurons([1.0]), TypeError, ["indices"]),
    "synapse pre": (lambda b: input_(b).add_synapses([12], [0]), ValueError, ["pre", "12"]),
    "synapse post": (lambda b: input_(b).add_synapses([0], [-1]), ValueError, ["post", "-1"]),
    "synapse dead": (lambda b: input_(b).add_synapses([3], [0]), ValueError, ["pre", "dead"]),
    "synapse to dead": (lambda b: input_(b).add_synapses([0], [3]), ValueError, ["post", "dead"]),
    "synapse lengths": (lambda b: input_(b).add_synapses([0, 1], [0]), ValueError, ["2 and 1"]),
    "synapse nan": (
        lambda b: input_(b).add_synapses([0], [1], NAN),
        ValueError,
        ["weights", "nan"],
    ),
    "synapse above": (
        lambda b: pathway(b).add_synapses([0], [1], 31.0),
        ValueError,
        ["31", "w_max = 30"],
    ),
    "synapse negative": (
        lambda b: input_(b).add_synapses([0], [1], -0.5),
        ValueError,
        ["weights", "-0.5", "GABA"],
    ),
    "synapse array": (
        lambda b: input_(b).add_synapses([0, 1], [1, 2], [0.1]),
        ValueError,
        ["weights", "2", "(1,)"],
    ),
    "synapse delay": (
        lambda b: input_(b).add_synapses([0], [1], 0.1, -1.0),
        ValueError,
        ["delays", "-1"],
    ),
    "synapse long": (
        lambda b: input_(b).add_synapses([0], [1], 0.1, 1e6),
        ValueError,
        ["delays", "1e+06"],
    ),
    "synapse nt": (lambda b: input_(b).add_synapses([0], [1], nt=1), TypeError, ["nt", "1"]),
    "one synapse": (lambda b: input_(b).add_one_synapse(0, 99), ValueError, ["post", "99"]),
    "one synapse from": (lambda b: input_(b).add_one_synapse(-1, 0), ValueError, ["pre", "-1"]),
    "one synapse text": (lambda b: input_(b).add_one_synapse("a", 0), TypeError, ["pre"]),
    "inhibition": (lambda b: input_(b).add_lateral_inhibition(NAN), ValueError, ["weight", "nan"]),
    "morphology": (
        lambda b: input_(b).enable_morphology("pyramid"),
        KeyError,
        ["'pyramid'", "'pyramidal'"],
    ),
    "morphology list": (lambda b: input_(b).enable_morphology([]), KeyError, ["[]"]),
    "remove": (lambda b: pathway(b).remove_synapses([10**6]), ValueError, ["which", "1000000"]),
    "remove mask": (lambda b: pathway(b).remove_synapses([True]), ValueError, ["mask"]),
    "state": (lambda b: input_(b).state("w"), KeyError, ["'input'", "'w'", "'u'"]),
    "background text": (
        lambda b: setattr(input_(b), "background", "x"),
        TypeError,
        ["'input'", "background"],
    ),
    "noise negative": (lambda b: setattr(input_(b), "noise", -1.0), ValueError, ["noise", "-1.0"]),
    "tau_theta": (lambda b: setattr(input_(b), "tau_theta", 0.0), ValueError, ["tau_theta"]),
    "theta_plus": (lambda b: setattr(input_(b), "theta_plus", NAN), ValueError, ["theta_plus"]),
    # -- projections
    "weight length": (
        lambda b: setattr(pathway(b), "weight", [1.0]),
        ValueError,
        ["proj:input->cortex", "1"],
    ),
    "weight nan": (lambda b: setattr(pathway(b), "weight", NAN), ValueError, ["weight", "nan"]),
    "weight text": (lambda b: setattr(pathway(b), "weight", "x"), TypeError, ["weight", "'x'"]),
    "weight bool": (lambda b: setattr(pathway(b), "weight", True), TypeError, ["weight", "True"]),
    "normalize": (lambda b: pathway(b).normalize(0.0), ValueError, ["normalize", "0.0"]),
    "normalize nan": (lambda b: pathway(b).normalize(NAN), ValueError, ["normalize", "nan"]),
    "w_min above": (lambda b: setattr(pathway(b), "w_min", 31.0), ValueError, ["w_min", "30"]),
    "w_max below": (lambda b: setattr(own(b), "w_max", -1.0), ValueError, ["w_max", "-1.0"]),
    "A_plus": (lambda b: setattr(pathway(b), "A_plus", -1.0), ValueError, ["A_plus", "-1.0"]),
    "rule": (lambda b: setattr(pathway(b), "rule", 3), TypeError, ["rule", "3", "'stdp'"]),
    "rule bad": (
        lambda b: setattr(pathway(b), "rule", UnknownArgument()),
        ValueError,
        ["'learning_rate'"],
    ),
    "stp": (lambda b: setattr(pathway(b), "stp", True), TypeError, ["stp", "True"]),
    "stp value": (lambda b: setattr(pathway(b).stp, "U", 1.5), ValueError, ["U", "1.5"]),
    "frozen": (lambda b: setattr(pathway(b), "frozen", 1), TypeError, ["frozen", "1"]),
    # -- the rest
    "rhythm region": (
        lambda b: b.oscillators.set("cortx", "theta", 1.0),
        KeyError,
        ["'cortx'", "'cortex'"],
    ),
    "rhythm band": (
        lambda b: b.oscillators.set("cortex", "tetha", 1.0),
        KeyError,
        ["'tetha'", "'theta'"],
    ),
    "rhythm size": (
        lambda b: b.oscillators.set("cortex", "theta", -1.0),
        ValueError,
        ["amplitude", "-1.0"],
    ),
    "rhythm asked": (lambda b: b.oscillators.amplitude("cortx", "theta"), KeyError, ["'cortx'"]),
    "rhythm asked band": (lambda b: b.oscillators.amplitude("cortex", "x"), KeyError, ["'x'"]),
    "rhythm too fast": (
        lambda b: b.oscillators.set("cortex", "gamma", 1.0, 5001.0),
        ValueError,
        ["Hz", "5001"],
    ),
    "rhythm phase": (
        lambda b: b.oscillators.set("cortex", "gamma", 1.0, 40.0, NAN),
        ValueError,
        ["phase"],
    ),
    "nest order": (
        lambda b: b.oscillators.nest("cortex", "theta", within="gamma"),
        ValueError,
        ["'gamma' is not slower than 'theta'"],
    ),
    "nest depth": (
        lambda b: b.oscillators.nest("cortex", "gamma", depth=1.1),
        ValueError,
        ["depth", "1.1"],
    ),
    "couple itself": (
        lambda b: b.oscillators.couple("input", "input", "theta", 1.0),
        ValueError,
        ["both"],
    ),
    "couple strength": (
        lambda b: b.oscillators.couple("input", "cortex", "theta", -1.0),
        ValueError,
        ["-1.0"],
    ),
    "couple too strong": (
        lambda b: b.oscillators.couple("input", "cortex", "theta", 5e4),
        ValueError,
        ["rad/s"],
    ),
    "couple unknown": (
        lambda b: b.oscillators.couple("input", "cortx", "theta", 1.0),
        KeyError,
        ["'cortex'"],
    ),
    "gate depth": (
        lambda b: b.oscillators.gate_learning("input", "cortex", depth=2.0),
        ValueError,
        ["depth"],
    ),
    "gate pathway": (
        lambda b: b.oscillators.gate_learning("cortex", "cortx"),
        KeyError,
        ["'cortx'"],
    ),
    "gate region": (
        lambda b: b.oscillators.gate_learning("input", "cortex", region="x"),
        KeyError,
        ["'x'"],
    ),
    "uniform": (lambda b: Uniform(2.0, 1.0), ValueError, ["Uniform.high", "1.0"]),
    "normal": (lambda b: Normal(1.0, -1.0), ValueError, ["Normal.std", "-1.0"]),
    "lognormal": (lambda b: LogNormal(0.0, 1.0), ValueError, ["LogNormal.mean", "0.0"]),
    "rule value": (lambda b: RewardSTDP(tau_plus=0.0), ValueError, ["RewardSTDP.tau_plus"]),
    "izhikevich": (lambda b: Izhikevich(c=31.0), ValueError, ["Izhikevich.c", "29"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_and_changes_nothing(known, case):
    call, kind, words = CASES[case]
    original, before, _ = known
    brain = original.copy()
    with pytest.raises(EngramError) as info:
        call(brain)
    assert isinstance(info.value, kind)
    message = str(info.value)
    for word in words:
        assert word in message, message
    assert brain.fingerprint() == before
    assert len(brain.regions) == 2
    assert len(brain.projections) == 3


@pytest.mark.parametrize("part", range(4))
def test_after_all_refusals_the_future_is_that_of_an_untouched_copy(known, part):
    original, before, after = known
    brain = original.copy()
    for call, _, _ in list(CASES.values())[part::4]:
        with pytest.raises(EngramError):
            call(brain)
    assert brain.fingerprint() == before
    assert future(brain) == after


def test_a_bidirectional_connection_that_fails_halfway_is_taken_back():
    brain = build()
    brain.add_region("small", S, 16, excitatory=1.0)
    before = brain.fingerprint()
    count = 16 * 16
    assert (brain.regions["cortex"].neuron_type == 0).sum() == 16
    with pytest.raises(EngramError, match=re.escape("shape (256,)")):
        # Forward there are 16 x 16 synapses onto excitatory neurons, backward 16 x 20.
        brain.connect_regions(
            "cortex", "small", bidirectional=True, wiring="all_to_all", weights=np.ones(count)
        )
    assert brain.fingerprint() == before
    assert len(brain.projections) == 4
    brain.run(5)


def test_a_full_region_refuses_neurons():
    brain = build()
    region = input_(brain)
    assert region.add_neuron() == 3
    assert [region.add_neuron() for _ in range(2)] == [12, 13]
    before = brain.fingerprint()
    with pytest.raises(EngramError, match=r"'input'.*14 slots"):
        region.add_neuron()
    assert brain.fingerprint() == before


def test_dropping_neurons_that_are_dead_or_nobody_is_no_error():
    brain = build()
    before = brain.fingerprint()
    assert input_(brain).kill_neurons([]) == 0
    assert input_(brain).kill_neurons([3, 3]) == 0
    assert input_(brain).add_synapses([], []) == 0
    assert brain.fingerprint() == before


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 40),
    st.sampled_from([10**400, -(2**63), 2**64, 1e300, -1e300, NAN, INF, -INF]),
    st.floats(-2, 40),
    st.sampled_from(["input", "cortex", "x", "", "GABA", b"bytes"]),
    st.sampled_from([Neurotransmitter.GABA, Neurotransmitter.SEROTONIN, S, object, Brain]),
    st.sampled_from([Uniform(0, 3), Normal(1, 1), LogNormal(1, 2), Uniform(-5, -1)]),
    st.lists(st.one_of(st.integers(-2, 14), st.floats(-0.5, 1.5)), max_size=15),
    st.lists(st.integers(0, 11), max_size=4),
    st.lists(st.one_of(st.none(), st.text(max_size=2), st.booleans()), max_size=3),
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=3),
    st.sampled_from(
        [
            np.zeros((2, 2)),
            np.array(1.0),
            np.array(3),
            np.array([]),
            np.ones(3, bool),
            np.ones(12, bool),
            np.array(["a"]),
            np.array([1 + 1j]),
            np.array([2**63], np.uint64),
            np.array([None]),
            np.array([np.datetime64("2020-01-01")]),
            np.float32(0.5),
            np.int64(3),
            {},
            {"a": 1},
            {1, 2},
            range(3),
            (0.5, 0.5),
            slice(2),
            iter([1]),
            lambda x: x,
        ]
    ),
)


def mostly(good):
    return st.integers(0, 3).flatmap(lambda k: good if k else anything)


names = mostly(st.sampled_from(["input", "cortex"]))
unit = st.lists(st.floats(0, 1), min_size=1, max_size=12)
slots = st.lists(st.integers(0, 11).filter(lambda i: i != 3), min_size=3, max_size=3)
CALLS = {
    "stimulate": (Brain.stimulate, "brain", (names, mostly(unit))),
    "inject_current": (
        Brain.inject_current,
        "brain",
        (names, mostly(slots), mostly(st.floats(-50, 50))),
    ),
    "add_synapses": (
        Region.add_synapses,
        "region",
        (
            mostly(slots),
            mostly(slots),
            mostly(st.floats(0, 1)),
            mostly(st.floats(0, 50)),
            mostly(st.sampled_from(list(Neurotransmitter))),
        ),
    ),
    "connect_regions": (
        Brain.connect_regions,
        "brain",
        (
            mostly(st.just("cortex")),
            mostly(st.just("input")),
            mostly(st.floats(0, 1)),
            mostly(st.booleans()),
            mostly(st.sampled_from(list(Neurotransmitter))),
        ),
    ),
}
OPTIONS = {
    "wiring": mostly(st.sampled_from(["random", "in_degree", "all_to_all"])),
    "in_degree": mostly(st.integers(0, 11)),
    "weights": anything,
    "delays": anything,
    "source_type": anything,
    "target_type": anything,
    "w_min": anything,
    "w_max": anything,
    "rule": mostly(st.sampled_from(["stdp", None])),
    "stp": anything,
}


@pytest.mark.parametrize("name", CALLS)
def test_any_argument_works_or_is_refused(known, name):
    """Whatever is passed, there is either a change that lives on or an EngramError without one."""
    original, before, _ = known
    function, of, arguments = CALLS[name]
    outcomes = {True: 0, False: 0}
    keywords = st.just({})
    if name == "connect_regions":
        few = st.sets(st.sampled_from(sorted(OPTIONS)), max_size=2)
        keywords = few.flatmap(
            lambda chosen: st.fixed_dictionaries({k: OPTIONS[k] for k in chosen})
        )

    @settings(fixed, max_examples=250)
    @given(st.tuples(*arguments), keywords)
    def attempt(given_arguments, options):
        brain = original.copy()
        me = brain if of == "brain" else input_(brain)
        message = None
        try:
            function(me, *given_arguments, **options)
        except EngramError as error:
            message = str(error)
        outcomes[message is None] += 1
        if message is None:
            brain.run(3)
        else:
            assert len(message) > 20
            assert brain.fingerprint() == before

    attempt()
    assert min(outcomes.values()) > 2, outcomes
