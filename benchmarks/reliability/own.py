"""What a user would bring along: a model, rules, processes and functions that stimulate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from engram import Brain, CapacityError, ModulatedRule, NeuronModel, Parameter, PlasticityRule
from engram import Process as _Process
from engram.network import pathways
from engram.network.draws import FIRST_FREE_STREAM, uniform
from engram.network.network import Saved, next_multiple
from engram.network.population import n_alive

Stimulus = Callable[[Brain, int], None]


class Stop(Exception):
    """What a user's function raises in the middle of a run."""


class Quadratic(NeuronModel):
    """tau v' = v^2 + I; fires at the peak."""

    tau = Parameter(10.0, low=0.0, open_low=True, unit="ms")
    peak = Parameter(10.0)
    states = {"v": -1.0}

    @staticmethod
    def update(v: Any, I: Any, tau: Any, peak: Any, dt: Any) -> Any:  # noqa: E741
        v = v + dt / tau * (v * v + I)
        return v, v >= peak

    @staticmethod
    def reset(peak: Any) -> Any:
        return -peak


class Oja(PlasticityRule):
    """At firing: w <- w + eta (x - w)."""

    eta = Parameter(0.01, low=0.0)
    tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    pre_traces = {"x": "tau"}
    post_traces = {}

    @staticmethod
    def on_post(w: Any, x: Any, eta: Any) -> Any:
        return w + eta * (x - w)


class Hebb(ModulatedRule):
    """At firing the eligibility grows by eta x."""

    eta = Parameter(0.1, low=0.0)
    tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    pre_traces = {"x": "tau"}
    post_traces = {}

    @staticmethod
    def on_pre() -> Any:
        return 0.0

    @staticmethod
    def on_post(x: Any, eta: Any) -> Any:
        return eta * x


class Census(_Process):
    """Counts the living neurons every now and then."""

    name = "census"
    interval = Parameter(25.0, low=0.0, open_low=True, unit="ms")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._counts: list[int] = []

    def next_act(self, step: int) -> int | None:
        return next_multiple(step, self.network.steps(self.interval))

    def act(self, step: int) -> None:  # noqa: ARG002
        self._counts.append(sum(n_alive(self.network, r) for r in self.network.regions.values()))

    def save(self) -> Saved:
        return {"counts": list(self._counts)}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, Any]) -> None:  # noqa: ARG002
        self._counts.extend(values["counts"])


class Rewiring(_Process):
    """Gives synapses new targets, drawn at random."""

    name = "rewiring"
    interval = Parameter(30.0, low=0.0, open_low=True, unit="ms")
    share = Parameter(0.1, low=0.0, high=1.0)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._moved = 0

    def next_act(self, step: int) -> int | None:
        if self.network.frozen["structural_plasticity"]:
            return None
        return next_multiple(step, self.network.steps(self.interval))

    def act(self, step: int) -> None:
        network = self.network
        for pathway in network.pathways:
            total = pathways.n_synapses(network, pathway)
            stream = FIRST_FREE_STREAM + 2 * pathway.index
            which = np.flatnonzero(uniform(network, total, stream, step) < self.share)
            living = np.flatnonzero(network.alive(network.regions[pathway.target]))
            if len(which) and len(living):
                draws = uniform(network, len(which), stream + 1, step)
                post = living[(draws * len(living)).astype(np.int64)]
                pathways.retarget(network, pathway, which, post)
                self._moved += len(which)

    def save(self) -> Saved:
        return {"moved": self._moved}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, Any]) -> None:  # noqa: ARG002
        self._moved = int(values["moved"])


CLASSES = [kind.class_path() for kind in (Quadratic, Oja, Hebb, Census, Rewiring)]
"""What `load_brain` has to allow."""


def lively(brain: Brain) -> None:
    """Let everything that acts now and then act within a short run."""
    growth, memory = brain.growth, brain.memory
    growth.growth_interval = brain.homeostasis.check_interval = 40.0
    growth.neurogenesis_rate, growth.births_per_cycle = 2.0, 2
    growth.correlation_window, growth.min_correlation, growth.min_spikes = 300.0, 0.2, 3
    growth.pruning_age, growth.pruning_unused, growth.pruning_weight = 50.0, 30.0, 0.4
    growth.apoptosis_age = 90.0
    brain.homeostasis.theta_plus = 0.05
    memory.capture_window, memory.consolidation_interval = 60.0, 50.0
    memory.trace_threshold, memory.slow_frequency = 1.2, 8.0


def drive(region: str, current: float) -> Stimulus:
    """Drives one neuron after the other."""

    def stimulate(brain: Brain, i: int) -> None:
        n = brain.regions[region].n_neurons
        brain.inject_current(region, [i % n, (3 * i) % n], current)

    return stimulate


def show(region: str, value: float) -> Stimulus:
    """Encodes a value in two of three steps."""

    def stimulate(brain: Brain, i: int) -> None:
        if i % 3:
            brain.stimulate(region, [value])

    return stimulate


def changing(region: str) -> Stimulus:
    """Lets neurons and synapses come and go in the middle of a run."""

    def change(brain: Brain, i: int) -> None:
        target = brain.regions[region]
        if i % 5 == 2:
            with contextlib.suppress(CapacityError):
                target.add_neuron()
        if i % 7 == 3:
            target.kill_neurons([i % target.n_neurons])
        if i % 4 == 1 and target.n_alive_synapses:
            target.wiring.remove_synapses([0])

    return change


def stopping(region: str, at: int) -> Stimulus:
    """Raises in the middle of a run."""

    def stimulate(brain: Brain, i: int) -> None:
        if i == at:
            raise Stop
        brain.inject_current(region, [0], 20.0)

    return stimulate
