"""The four networks of the speed benchmark, wired as their peers are.

Wiring, parameters and initial states come from `peers/peer_common.py`, so that they stand in one
place. What differs from the peers is said with each network. Homeostasis, growth, memory and
rhythms are off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.euler import EulerIzhikevich
from benchmarks.speed.peers import peer_common as pc
from engram import Brain, Neurotransmitter, RegionType
from engram.distributions import Uniform
from engram.kernels.jit import inline_jit
from engram.kernels.models import izhikevich_reset, izhikevich_update
from engram.neurons import LIF, Izhikevich, NeuronModel, PoissonSource
from engram.plasticity import STDP, PlasticityRule, RewardSTDP

GABA = Neurotransmitter.GABA
_TYPE = RegionType.ASSOCIATION
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_RANGE = np.float32(pc.IZHI2007["noise_uniform"])


@inline_jit
def _noisy_update(v, u, a, b, I, theta, uniform, dt):  # type: ignore[no-untyped-def] # noqa: E741
    return izhikevich_update(v, u, a, b, I + _RANGE * (_TWO * uniform - _ONE), theta, dt)


@inline_jit
def _noisy_reset(v, u, a, b, c, d, I, theta, uniform, dt):  # type: ignore[no-untyped-def] # noqa: E741
    return izhikevich_reset(v, u, a, b, c, d, I + _RANGE * (_TWO * uniform - _ONE), theta, dt)


class UniformNoiseIzhikevich(Izhikevich):
    """Izhikevich's neuron with a current uniform in [-6.5, 6.5], drawn each step."""

    update: Any = staticmethod(_noisy_update)
    reset: Any = staticmethod(_noisy_reset)


@dataclass(frozen=True)
class Workload:
    """One network: how to build it, how to run it, what is expected of it.

    rate: of all neurons but the sources, Hz. seconds, warmup: simulated. target: CPU seconds per
    simulated second. method: of the peer that it is compared with; factor: how many times faster.
    """

    name: str
    title: str
    build: Callable[[int], Brain]
    rate: float
    seconds: float
    target: float
    method: str
    factor: float = 0.0
    warmup: float = 1.0
    step: Callable[[Brain, int], None] = Brain.run

    def run(self, brain: Brain, seconds: float) -> None:
        """Simulate so many seconds."""
        self.step(brain, round(seconds * 1000 / brain.dt))


def still(brain: Brain) -> Brain:
    """The brain with everything off that is not part of the networks."""
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    brain.disable_oscillations()
    return brain


def populations(brain: Brain) -> list[str]:
    """The regions that count: all but the sources."""
    return [n for n, r in brain.regions.items() if not isinstance(r.model, PoissonSource)]


def spikes(brain: Brain) -> int:
    """Spikes so far of all neurons but the sources."""
    return sum(int(brain.regions[n].total_spikes.sum()) for n in populations(brain))


def n_neurons(brain: Brain) -> int:
    """Neurons, sources left out."""
    return sum(brain.regions[n].n_neurons for n in populations(brain))


def _pair(
    brain: Brain,
    model: NeuronModel | type[NeuronModel],
    size: tuple[int, int],
    noise: tuple[float, float] = (0.0, 0.0),
    rule: PlasticityRule | None = None,
    w_max: float | None = None,
    **own: Any,
) -> None:
    """An excitatory region E and an inhibitory one I; by default without synapses."""
    options = {"connectivity": 0.0, "variation": 0.0, **own}
    brain.add_region(
        "E",
        _TYPE,
        size[0],
        model=model,
        excitatory=1.0,
        noise=noise[0],
        rule=rule,
        w_max=w_max,
        **options,
    )
    brain.add_region(
        "I", _TYPE, size[1], model=model, excitatory=0.0, noise=noise[1], rule=None, **options
    )


def build_coba(seed: int) -> Brain:
    """W1: conductance network (Brette et al. 2007); conductances relative to the leak."""
    p = pc.COBA
    brain = Brain(dt=p["dt"], seed=seed)
    model = LIF(
        tau_m=p["c_m"] / p["g_l"],
        E_L=p["e_l"],
        E_exc=p["e_e"],
        E_inh=p["e_i"],
        v_th=p["v_th"],
        v_reset=p["v_reset"],
        t_ref=p["t_ref"],
        tau_exc=p["tau_e"],
        tau_inh=p["tau_i"],
    )
    brain.add_region(
        "net",
        _TYPE,
        p["n_exc"] + p["n_inh"],
        connectivity=p["p"],
        model=model,
        variation=0.0,
        excitatory=p["n_exc"] / (p["n_exc"] + p["n_inh"]),
        autapses=True,
        rule=None,
        weights=p["w_e"] / p["g_l"],
        inhibitory_weights=p["w_i"] / p["g_l"],
        delays=p["dt"],
    )
    v, g_e, g_i = pc.coba_initial_state(np.random.default_rng(seed))
    region = brain.regions["net"]
    region.v[:] = v
    region.state("exc")[:] = g_e / p["g_l"]
    region.state("inh")[:] = -g_i / p["g_l"]
    return still(brain)


def build_izhi2003(seed: int, model: type[Izhikevich] = Izhikevich) -> Brain:
    """W2: all-to-all static network with thalamic noise (Izhikevich 2003)."""
    p = pc.IZHI2003
    n_e = p["n_exc"]
    brain = Brain(dt=1.0, seed=seed)
    exc, inh = Uniform(0.0, 0.5), Uniform(0.0, 1.0)
    _pair(
        brain,
        model(tau_exc=0.0, tau_inh=0.0),
        (n_e, p["n_inh"]),
        noise=(p["noise_exc"], p["noise_inh"]),
        wiring="all_to_all",
        autapses=True,
        weights=exc,
        inhibitory_weights=inh,
        delays=1.0,
    )
    common: dict[str, Any] = {"wiring": "all_to_all", "delays": 1.0, "rule": None}
    brain.connect_regions("E", "I", weights=exc, **common)
    brain.connect_regions("I", "E", nt=GABA, weights=inh, source_type=None, **common)
    parameters = pc.izhi2003_parameters(np.random.default_rng(seed))
    for name, part in (("E", slice(0, n_e)), ("I", slice(n_e, None))):
        region = brain.regions[name]
        region.a[:], region.b[:], region.c[:], region.d[:] = (x[part] for x in parameters)
        region.v[:] = -65.0
        region.u[:] = region.b * region.v
    return still(brain)


def _wire(
    brain: Brain, spec: dict[str, Any], rule: PlasticityRule | None, delays: NDArray[Any] | float
) -> None:
    """The synapses of W3 and W5: exactly 100 distinct targets, E onto all, I onto E.

    delays: of the excitatory synapses, ms, in the order of pre.
    """
    n_e = spec["n_exc"]
    pre, post = pc.fixed_outdegree(spec, np.random.default_rng(pc.NETWORK_SEED))
    from_e = pre < n_e
    onto_e = post < n_e
    brain.connect_regions("E", "I", 0.0, rule=rule, w_max=spec["w_max"])
    brain.connect_regions("I", "E", 0.0, rule=None, nt=GABA, source_type=None)
    delay = np.ones(len(pre))
    delay[from_e] = delays
    for chosen, source, target, shift in (
        (from_e & onto_e, "E", "E", (0, 0)),
        (from_e & ~onto_e, "E", "I", (0, n_e)),
        (~from_e, "I", "E", (n_e, 0)),
    ):
        excitatory = source == "E"
        brain.get_projection(source, target).add_synapses(
            pre[chosen] - shift[0],
            post[chosen] - shift[1],
            spec["w_exc"] if excitatory else abs(spec["w_inh"]),
            delay[chosen],
            Neurotransmitter.GLUTAMATE if excitatory else GABA,
        )


def build_izhi2006(
    seed: int,
    rule: bool = True,
    wired: bool = True,
    source: bool = True,
    model: type[Izhikevich] = Izhikevich,
) -> Brain:
    """W3: delayed plastic network (Izhikevich 2006, ten times larger).

    Thalamic input is 10,000 Poisson neurons of 1 Hz, each driving its own neuron, as in NEST;
    Brian2 gets ten distinct random neurons each ms.
    """
    p = pc.IZHI2006
    n_e, n_i = p["n_exc"], p["n_inh"]
    brain = Brain(dt=1.0, seed=seed)
    stdp = STDP(
        A_plus=p["a_plus"] / p["w_max"],
        A_minus=p["a_minus"] / p["w_max"],
        tau_plus=p["tau"],
        tau_minus=p["tau"],
    )
    chosen = stdp if rule else None
    _pair(brain, model(tau_exc=0.0, tau_inh=0.0), (n_e, n_i), rule=chosen, w_max=p["w_max"])
    if wired:
        rng = np.random.default_rng(seed)
        # 1 ms: the step after the spike.
        delays = rng.integers(1, p["max_delay"] + 1, n_e * p["n_syn"]).astype(float)
        _wire(brain, p, chosen, delays)
    if source:
        brain.add_region(
            "thalamus",
            RegionType.SENSORY,
            n_e + n_i,
            0.0,
            model=PoissonSource,
            excitatory=1.0,
            background=p["input_rate"],
            rule=None,
        )
        for name, pre in (("E", np.arange(n_e)), ("I", np.arange(n_e, n_e + n_i))):
            pathway = brain.connect_regions("thalamus", name, 0.0, rule=None)
            pathway.add_synapses(pre, pre - pre[0], p["input"], 1.0)
    return still(brain)


def build_izhi2007(seed: int, uniform: bool = False, rule: bool = True) -> Brain:
    """W5: dopamine-modulated STDP (Izhikevich 2007).

    Weights are exact at all times; in the peer they are brought up to date when visited.
    """
    p = pc.IZHI2007
    brain = Brain(dt=1.0, seed=seed)
    stdp = RewardSTDP(
        A_plus=p["a_plus"] / p["w_max"],
        A_minus=p["a_minus"] / p["w_max"],
        tau_plus=p["tau"],
        tau_minus=p["tau"],
        tau_eligibility=p["tau_c"],
        dopamine_decay=p["tau_d"],
        baseline_dopamine=0.0,
    )
    chosen = stdp if rule else None
    model = UniformNoiseIzhikevich if uniform else Izhikevich
    noise = 0.0 if uniform else p["noise"]
    _pair(
        brain,
        model(tau_exc=0.0, tau_inh=0.0),
        (p["n_exc"], p["n_inh"]),
        noise=(noise, noise),
        rule=chosen,
        w_max=p["w_max"],
    )
    _wire(brain, p, chosen, 1.0)
    return still(brain)


def build_izhi2007_uniform(seed: int) -> Brain:
    """W5 with the paper's uniform noise."""
    return build_izhi2007(seed, uniform=True)


_PULSES = pc.pulse_times(3_600_000, np.random.default_rng(pc.SEED)).astype(int)


def run_with_pulses(brain: Brain, steps: int) -> None:
    """Run W5, with a pulse of dopamine every 1 to 5 s."""
    start, end = brain.step_count, brain.step_count + steps
    for pulse in _PULSES[(start <= _PULSES) & (end > _PULSES)]:
        brain.run(int(pulse) - brain.step_count)
        for target in ("region:E", "proj:E->I"):
            brain.reward(pc.IZHI2007["pulse"], target)
    brain.run(end - brain.step_count)


WORKLOADS = (
    Workload("W1", "COBA, 4,000 LIF, dt 0.1", build_coba, 19.5, 5.0, 0.1, "euler"),
    Workload(
        "W2",
        "Izhikevich 2003, 10^6 static",
        build_izhi2003,
        7.0,
        20.0,
        1 / 150,
        "two half steps",
        4.0,
    ),
    Workload(
        "W2e",
        "the same, the published scheme",
        partial(build_izhi2003, model=EulerIzhikevich),
        7.0,
        20.0,
        1 / 150,
        "two half steps",
        4.0,
    ),
    Workload(
        "W3", "Izhikevich 2006, 10^6 STDP", build_izhi2006, 8.0, 5.0, 1 / 6, "synaptic traces", 4.0
    ),
    Workload(
        "W3e",
        "the same, the published scheme",
        partial(build_izhi2006, model=EulerIzhikevich),
        8.0,
        5.0,
        1 / 6,
        "synaptic traces",
        4.0,
    ),
    Workload(
        "W5",
        "Izhikevich 2007, R-STDP",
        build_izhi2007,
        1.9,
        10.0,
        0.01,
        "event-driven",
        3.0,
        step=run_with_pulses,
    ),
    Workload(
        "W5u",
        "the same, uniform noise",
        build_izhi2007_uniform,
        1.27,
        10.0,
        0.01,
        "event-driven, uniform noise",
        step=run_with_pulses,
    ),
)
