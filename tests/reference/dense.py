"""The slow, obvious simulation of a whole brain that the engine is tested against.

Dense in space and time: every trace, resource and eligibility of every synapse is advanced at
every step, and every spike ever fired is kept. Nothing is shared with the kernels but the step of a
single neuron (tested by itself in ``tests/analytic``); all else is in double precision.
"""

from __future__ import annotations

import functools
import inspect
import math
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from engram import STDP, Brain, Neurotransmitter, Relay, RewardSTDP, TraceSTDP, TripletSTDP


@functools.cache
def parameters_of(function: Any) -> list[str]:
    """Names of a function's parameters, compiled or not."""
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


SIGN = np.array([t.sign for t in Neurotransmitter], float)
GAIN = np.array([t.strength * t.modulation for t in Neurotransmitter], float)
GABA = int(Neurotransmitter.GABA)
BUILT = -(10**9)
"""Birth of the synapses that were there from the start."""

Fired = dict[str, np.ndarray]
f32 = np.float32


def mean_and_kept(tau: float, dt: float) -> tuple[float, float]:
    """Mean of exp(-t / tau) over a step, and its value after it; tau = 0: 1 ms worth of charge."""
    if tau == 0:
        return 1.0 / dt, 0.0
    return tau / dt * (1.0 - math.exp(-dt / tau)), math.exp(-dt / tau)


def jump(trace: np.ndarray, who: np.ndarray, tau: float, dt: float, pairing: str) -> None:
    """A step passes for a trace of spikes, and those of `who` add their mean over it."""
    mean, kept = mean_and_kept(tau, dt)
    trace *= kept
    trace[who] = mean if pairing == "nearest" else trace[who] + mean


class Population:
    """The neurons of a region."""

    def __init__(self, brain: Brain, name: str) -> None:
        region = brain.regions[name]
        self.dt, self.model, self.n = brain.dt, region.model, region.n_neurons
        self.v = region.v.copy()
        self.x = {s: region.state(s).copy() for s in type(self.model).states if s != "v"}
        self.q = {p: region.state(p).copy() for p in type(self.model).per_neuron()}
        if not isinstance(self.model, Relay):
            self.update, self.reset = type(self.model).functions()
        self.constants = {p: f32(getattr(self.model, p)) for p in self.model.model_parameters()}
        self.exc, self.inh = np.zeros(self.n), np.zeros(self.n)
        self.theta = region.theta.astype(float)
        self.theta_plus, self.tau_theta = region.theta_plus, region.tau_theta
        self.theta_rate = brain.homeostasis.theta_rate
        self.background = region.background
        self.alive = region.neuron_alive.copy()
        self.last_spike = np.full(self.n, -(10**8))

    def _advance(self, inputs: dict[str, Any]) -> np.ndarray:
        """Update, and reset those that fire; each function gets what it asks for by name."""
        if isinstance(self.model, Relay):
            return inputs["I"] >= 1
        states = {s: self.v if s == "v" else self.x[s] for s in type(self.model).states}
        known = {**self.constants, **self.q, **inputs, **states, "dt": f32(self.dt)}

        def rows(function: Any) -> Any:
            columns = [known[p] for p in parameters_of(function)]
            return zip(
                *[repeat(c, self.n) if np.ndim(c) == 0 else list(c) for c in columns], strict=True
            )

        results = [self.update(*row) for row in rows(self.update)]
        new = [np.array([r[k] for r in results], f32) for k in range(len(states))]
        fired = np.array([r[-1] for r in results], bool) & self.alive
        if self.reset is not None:
            for k, row in enumerate(rows(self.reset)):
                if fired[k]:
                    for column, value in zip(new, np.atleast_1d(self.reset(*row)), strict=True):
                        column[k] = value
        for old, column in zip(states.values(), new, strict=True):
            old[:] = column
        return fired

    def step(self, drive: np.ndarray, step: int) -> np.ndarray:
        """Integrate and fire; bool, shape (n,)."""
        mean_exc, kept_exc = mean_and_kept(self.model.tau_exc, self.dt)
        mean_inh, kept_inh = mean_and_kept(self.model.tau_inh, self.dt)
        g_exc, g_inh = (self.exc * mean_exc).astype(f32), (self.inh * mean_inh).astype(f32)
        self.exc *= kept_exc
        self.inh *= kept_inh
        current = f32(self.background) + drive.astype(f32)
        if not type(self.model).conductance:
            current = current + (g_exc + g_inh)
        theta = self.theta.astype(f32)
        self.theta *= math.exp(-self.dt / self.tau_theta)
        self.theta -= self.theta_plus * 1e-3 * self.theta_rate * self.dt
        since = (step - 1 - self.last_spike).astype(f32) * f32(self.dt)
        fired = self._advance(
            {"I": current, "g_exc": g_exc, "g_inh": -g_inh, "theta": theta, "since_spike": since}
        )
        fired &= self.alive
        self.theta[fired] += self.theta_plus
        self.last_spike[fired] = step
        return fired


COLUMNS = ("pre", "post", "delay", "nt", "w", "c", "R", "u", "x", "x2", "x_past", "heard", "birth")


@dataclass
class Pathway:
    """The synapses of a projection; magnitudes w, eligibility c, resources R, release u.

    x is the trace of the spikes that have arrived, y of those fired, both as means over steps.
    """

    brain: Brain
    label: str
    source: str
    target: str
    y: np.ndarray
    y2: np.ndarray
    dopamine: float = 0.0
    base: int = 0
    frozen: bool = False
    columns: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {name: np.zeros(0) for name in COLUMNS}

    @property
    def projection(self) -> Any:
        """The engine's projection, for its (constant) parameters."""
        return self.brain.get_projection(self.source, self.target)

    def add(self, pre, post, delay, nt, magnitude, birth: int, x_past: Any = 0.0) -> None:
        """Append synapses."""
        n = len(pre)
        new = {
            "pre": pre,
            "post": post,
            "delay": delay,
            "nt": nt,
            "w": magnitude,
            "c": 0.0,
            "R": 1.0,
            "u": 0.0,
            "x": 0.0,
            "x2": 0.0,
            "x_past": x_past,
            "heard": 0,
            "birth": birth,
        }
        for name, value in new.items():
            whole = name in ("pre", "post", "delay", "nt", "birth", "heard")
            column = np.broadcast_to(np.asarray(value, np.int64 if whole else float), n)
            old = self.columns[name]
            self.columns[name] = np.concatenate([old.astype(column.dtype), column])

    def drop(self, gone: np.ndarray) -> None:
        """Remove synapses."""
        self.columns = {name: column[~gone] for name, column in self.columns.items()}

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["columns"][name]
        except KeyError:
            raise AttributeError(name) from None


class DenseBrain:
    """A twin of a brain that has not run yet (without noise, rhythms, growth, memory, scaling).

    steps: the most that will be run. newborn_past: whether the trace of a synapse born later
    counts, from its first arrival on, also the spikes its neuron fired before the birth.
    """

    def __init__(self, brain: Brain, steps: int, newborn_past: bool = False) -> None:
        assert brain.step_count == 0
        self.brain, self.dt, self.t = brain, brain.dt, 0
        self.newborn_past = newborn_past
        self.populations = {name: Population(brain, name) for name in brain.regions}
        self.history = {name: np.zeros((steps, p.n), bool) for name, p in self.populations.items()}
        self.pathways: list[Pathway] = []
        for p in brain.projections:
            n_post = self.populations[p.target].n
            pathway = Pathway(
                brain, p.label, p.source, p.target, np.zeros(n_post), np.zeros(n_post)
            )
            delay = np.rint(p.delay / self.dt).astype(int)
            pathway.add(p.pre, p.post, delay, p.nt, np.abs(p.weight.astype(float)), BUILT)
            self.pathways.append(pathway)

    def pathway(self, label: str) -> Pathway:
        """By the label of the projection."""
        return next(p for p in self.pathways if p.label == label)

    # -- what users do between steps

    def reward(self, amount: float, label: str) -> None:
        """A pulse of dopamine (negative: a punishment)."""
        self.pathway(label).dopamine += amount

    def freeze(self, frozen: bool) -> None:
        """All plasticity; eligibility gets a new base, which touches every synapse."""
        for pathway in self.pathways:
            if pathway.frozen != frozen:
                self._rebase(pathway)
            pathway.frozen = frozen

    def _rebase(self, pathway: Pathway) -> None:
        p = pathway.projection
        np.clip(pathway.w, p.w_min, p.w_max, out=pathway.w)
        pathway.base = self.t

    def add_synapses(self, label, pre, post, magnitude, delay_ms, nt) -> None:
        """Synapses born now."""
        pathway = self.pathway(label)
        delay = np.maximum(np.rint(np.asarray(delay_ms, float) / self.dt), 1).astype(int)
        delay = np.broadcast_to(delay, len(pre))
        past = np.zeros(len(pre))
        rule = pathway.projection.rule
        if rule is not None:
            for k, (i, d) in enumerate(zip(pre, delay, strict=True)):
                fired = np.flatnonzero(self.history[pathway.source][: self.t, i])
                arrived = fired[fired + d < self.t] + d
                mean, _ = mean_and_kept(rule.tau_plus, self.dt)
                ago = (self.t - 1 - arrived) * self.dt
                past[k] = mean * np.exp(-ago / rule.tau_plus).sum()
        pathway.add(pre, post, delay, int(nt), magnitude, self.t, past)

    def kill(self, region: str, which: Any) -> None:
        """Neurons die with their synapses."""
        population = self.populations[region]
        population.alive[which] = False
        population.exc[which] = population.inh[which] = 0.0
        for p in self.pathways:
            gone = np.zeros(len(p.pre), bool)
            if p.source == region:
                gone |= np.isin(p.pre, which)
            if p.target == region:
                gone |= np.isin(p.post, which)
                p.y[which] = 0
            p.drop(gone)

    # -- one step

    def step(self, drive: dict[str, np.ndarray]) -> Fired:
        """One step in the order of the design: arrivals, integrate, fire, post, neuromodulation."""
        for pathway in self.pathways:
            self._arrivals(pathway)
        fired = {}
        for name, population in self.populations.items():
            fired[name] = population.step(drive[name], self.t)
            self.history[name][self.t] = fired[name]
        for pathway in self.pathways:
            self._post(pathway, fired[pathway.target])
            self._pass_time(pathway)
        self.t += 1
        return fired

    def _arrivals(self, s: Pathway) -> None:
        p, rule = s.projection, s.projection.rule
        target = self.populations[s.target]
        sent = self.t - s.delay
        under_way = (sent >= 0) & self.history[s.source][np.maximum(sent, 0), s.pre]
        arriving = under_way & (sent >= s.birth)
        a = np.flatnonzero(arriving)
        x2 = s.x2[a]
        if rule is not None:
            self._hear(s, arriving, under_way)
        if not arriving.any():
            return
        if isinstance(rule, RewardSTDP):
            s.w[a] = np.clip(s.w[a], p.w_min, p.w_max)
        charge = s.w[a] * SIGN[s.nt[a]] * GAIN[s.nt[a]]
        if p.stp is not None:
            U = p.stp.U
            s.u[a] += U * (1.0 - s.u[a])
            charge = charge * s.R[a] * s.u[a] / U
            s.R[a] -= s.u[a] * s.R[a]
        inhibitory = s.nt[a] == GABA
        np.add.at(target.exc, s.post[a][~inhibitory], charge[~inhibitory])
        np.add.at(target.inh, s.post[a][inhibitory], charge[inhibitory])
        if rule is None:
            return
        y = s.y[s.post[a]]
        if s.frozen:
            pass
        elif isinstance(rule, STDP):
            size = s.w[a] - p.w_min if rule.bounds == "multiplicative" else p.w_max
            s.w[a] = np.clip(s.w[a] - rule.A_minus * y * size, p.w_min, p.w_max)
        elif isinstance(rule, TripletSTDP):
            size = s.w[a] - p.w_min if rule.bounds == "multiplicative" else p.w_max
            change = y * (rule.A2_minus + rule.A3_minus * x2) * size
            s.w[a] = np.clip(s.w[a] - change, p.w_min, p.w_max)
        elif isinstance(rule, RewardSTDP):
            self._teach(s, a, -rule.A_minus * y * p.w_max)

    def _teach(self, s: Pathway, a: np.ndarray, dc: np.ndarray) -> None:
        """Eligibility changes by dc, and weight by what tonic dopamine makes of dc in its life."""
        p, rule = s.projection, s.projection.rule
        s.c[a] += dc
        s.w[a] += 1e-3 * rule.baseline_dopamine * rule.tau_eligibility * dc
        s.w[a] = np.clip(s.w[a], p.w_min, p.w_max)

    def _hear(self, s: Pathway, arriving: np.ndarray, under_way: np.ndarray) -> None:
        """Presynaptic traces decay, and spikes that arrive add their mean over this step."""
        rule = s.projection.rule
        traces = [(s.x, rule.tau_plus, arriving), (s.x_past, rule.tau_plus, under_way)]
        if isinstance(rule, TripletSTDP):
            traces.append((s.x2, rule.tau_x, arriving))
        for trace, tau, which in traces:
            jump(trace, which, tau, self.dt, rule.pairing)
        s.heard[arriving] = 1

    def _post(self, s: Pathway, fired: np.ndarray) -> None:
        p, rule = s.projection, s.projection.rule
        if rule is None:
            return
        a = np.flatnonzero(fired[s.post])
        x = s.x[a]
        if self.newborn_past and rule.pairing == "all":
            x = s.x_past[a] * s.heard[a]
        if s.frozen:
            pass
        elif isinstance(rule, STDP):
            size = p.w_max - s.w[a] if rule.bounds == "multiplicative" else p.w_max
            s.w[a] = np.clip(s.w[a] + rule.A_plus * x * size, p.w_min, p.w_max)
        elif isinstance(rule, TripletSTDP):
            size = p.w_max - s.w[a] if rule.bounds == "multiplicative" else p.w_max
            change = x * (rule.A2_plus + rule.A3_plus * s.y2[s.post[a]]) * size
            s.w[a] = np.clip(s.w[a] + change, p.w_min, p.w_max)
        elif isinstance(rule, TraceSTDP):
            above = x - rule.x_tar
            room = p.w_max - s.w[a]
            if rule.bounds == "both":
                room = np.where(above < 0, s.w[a] - p.w_min, room)
            s.w[a] = np.clip(s.w[a] + rule.eta * above * room**rule.mu, p.w_min, p.w_max)
        else:
            s.w[a] = np.clip(s.w[a], p.w_min, p.w_max)
            self._teach(s, a, rule.A_plus * x * p.w_max)
        if not isinstance(rule, TraceSTDP):
            jump(s.y, fired, rule.tau_minus, self.dt, rule.pairing)
        if isinstance(rule, TripletSTDP):
            jump(s.y2, fired, rule.tau_y, self.dt, rule.pairing)

    def _pass_time(self, s: Pathway) -> None:
        """Everything that decays or recovers does so over dt."""
        dt, p, rule = self.dt, s.projection, s.projection.rule
        if p.stp is not None:
            s.R[:] = 1.0 - (1.0 - s.R) * math.exp(-dt / p.stp.tau_rec)
            s.u[:] *= math.exp(-dt / p.stp.tau_facil) if p.stp.tau_facil > 0 else 0.0
        if not isinstance(rule, RewardSTDP):
            return
        tau_c, tau_d = rule.tau_eligibility, rule.dopamine_decay
        if not s.frozen:
            # dw/dt = c D with time in seconds, c and D exponentials: exact over dt.
            both = 1.0 / tau_c + 1.0 / tau_d
            s.w[:] += 1e-3 * s.c * s.dopamine * (1.0 - math.exp(-dt * both)) / both
        s.c[:] *= math.exp(-dt / tau_c)
        s.dopamine *= math.exp(-dt / tau_d)
        if not s.frozen and (self.t + 1 - s.base) * dt >= 2.0 * tau_c:
            np.clip(s.w, p.w_min, p.w_max, out=s.w)
            s.base = self.t + 1

    # -- looking

    def synapses(self, label: str) -> dict[str, np.ndarray]:
        """Arrays as `Projection` gives them, sorted by `order`."""
        s = self.pathway(label)
        p = s.projection
        U = 1.0 if p.stp is None else p.stp.U
        found = {
            "pre": s.pre,
            "post": s.post,
            "delay": s.delay,
            "nt": s.nt,
            "weight": SIGN[s.nt] * np.clip(s.w, p.w_min, p.w_max),
            "eligibility": s.c,
            "resource": s.R,
            "facilitation": (1.0 - U) * s.u / U,
        }
        return ordered(found)


def engine_synapses(brain: Brain, source: str, target: str) -> dict[str, np.ndarray]:
    """The same of the engine."""
    p = brain.get_projection(source, target)
    return ordered(
        {
            "pre": p.pre,
            "post": p.post,
            "delay": np.rint(p.delay / brain.dt).astype(int),
            "nt": p.nt,
            "weight": p.weight,
            "eligibility": p.eligibility,
            "resource": p.resource,
            "facilitation": p.facilitation,
        }
    )


def ordered(synapses: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Sorted by presynaptic neuron, delay, postsynaptic neuron; twins stay in order of birth."""
    order = np.lexsort([synapses["post"], synapses["delay"], synapses["pre"]])
    return {name: column[order] for name, column in synapses.items()}
