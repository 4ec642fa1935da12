"""The network of `SpikingAgent`: place cells, motor neurons and a critic."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.circuits.groups import inhibit_other_groups
from engram.distributions import Uniform
from engram.learn.cells import Cells
from engram.neurons import CurrentLIF
from engram.plasticity import RewardSTDP
from engram.region import RegionType

PLACE, ACTOR, CRITIC = "place", "actor", "critic"

TAU_M, T_REF, THRESHOLD, TAU_SYN = 10.0, 2.0, 15.0, 5.0
"""Of all neurons: membrane time constant and refractory time (ms), threshold above rest (mV)."""

PLACE_CURRENT, PLACE_RATE = 60.0, 0.2
"""Largest input of a place cell, mV, and the rate it fires at then, 1/ms."""

ACTOR_BACKGROUND, ACTOR_INPUT = 13.0, 10.0
"""Of a motor neuron, mV: constant input, and what the place cells give it before learning."""

CRITIC_BACKGROUND, CRITIC_INPUT, CRITIC_NOISE, CRITIC_SPAN = 15.0, 10.0, 8.0, 0.8
"""The same of a critic neuron; the value 1 is `CRITIC_SPAN` of the input more."""

HEADROOM = 3.0
"""Greatest weight, in units of the weight before learning."""

DOPAMINE_DECAY, TAU_PLUS = 2.0, 10.0
WINNER_RATE = 0.05
"""Rate of a motor neuron whose action wins, 1/ms: what the step of the actor is counted for."""

PROBES, SETTLING = 20, 100


class Size(NamedTuple):
    """How many actions and neurons there are.

    Parameters
    ----------
    n_actions : int
        Actions.
    n_motor : int
        Motor neurons of each action.
    n_critic : int
        Critic neurons.
    """

    n_actions: int
    n_motor: int
    n_critic: int


class Times(NamedTuple):
    """Parts of a decision, and the decay of eligibility.

    Parameters
    ----------
    perceive : int
        While the critic's spikes are counted, ms.
    decide : int
        While motor spikes are counted, ms.
    pause : int
        Silence afterwards, ms.
    tau_eligibility : float
        Decay of eligibility, ms.
    """

    perceive: int
    decide: int
    pause: int
    tau_eligibility: float


class Calibration(NamedTuple):
    """What spikes of the critic mean, and what dopamine a step of learning takes.

    Parameters
    ----------
    rest : float
        Spikes of the value 0.
    per_spike : float
        Value of one more spike.
    dose_actor : float
        Dopamine for a step of 1 of the actor.
    dose_critic : float
        Dopamine for a step of 1 of the critic.
    """

    rest: float
    per_spike: float
    dose_actor: float
    dose_critic: float


def connect_taught(
    brain: Brain, source: str, target: str, weight: float, w_max: float, tau_eligibility: float
) -> None:
    """Connect all neurons of two regions by synapses that learn from dopamine when they are thawed.

    Parameters
    ----------
    brain : Brain
        Of an agent.
    source, target : str
        Names of the regions.
    weight : float
        Mean before learning, mV; it varies by a tenth.
    w_max : float
        The greatest, mV.
    tau_eligibility : float
        Time constant of the eligibility, ms.
    """
    projection = brain.connect_regions(
        source,
        target,
        wiring="all_to_all",
        delays=1.0,
        weights=Uniform(0.9 * weight, 1.1 * weight),
        w_max=w_max,
        rule=RewardSTDP(
            A_plus=1.0,
            A_minus=0.0,
            tau_plus=TAU_PLUS,
            dopamine_decay=DOPAMINE_DECAY,
            tau_eligibility=tau_eligibility,
            baseline_dopamine=0.0,
        ),
    )
    projection.frozen = True


def build_network(
    cells: Cells,
    size: Size,
    times: Times,
    *,
    seed: int | None,
    exploration: float,
    inhibition: float,
) -> Brain:
    """The untrained network, its pathways frozen.

    Parameters
    ----------
    cells : Cells
        The code of observations.
    size : Size
        How many neurons.
    times : Times
        Parts of a decision.
    seed : int or None
        Of the brain. None: another each time.
    exploration : float
        Noise of motor neurons, mV ms^1/2.
    inhibition : float
        Jump of the inhibitory current at a spike for another action, mV.

    Returns
    -------
    Brain
        With regions "place", "actor" and "critic".
    """
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    brain.encoder.max_current = PLACE_CURRENT

    def region(name: str, region_type: RegionType, n: int, background: float, noise: float) -> None:
        model = CurrentLIF(
            tau_m=TAU_M,
            E_L=0.0,
            v_reset=0.0,
            v_th=THRESHOLD,
            t_ref=T_REF,
            tau_exc=TAU_SYN,
            tau_inh=TAU_SYN,
        )
        brain.add_region(
            name,
            region_type,
            n,
            connectivity=0.0,
            max_neurons=n,
            model=model,
            excitatory=1.0,
            rule=None,
            background=background,
            noise=noise,
        )

    region(PLACE, RegionType.SENSORY, cells.n_cells, 0.0, 0.0)
    region(ACTOR, RegionType.MOTOR, size.n_actions * size.n_motor, ACTOR_BACKGROUND, exploration)
    region(CRITIC, RegionType.REWARD, size.n_critic, CRITIC_BACKGROUND, CRITIC_NOISE)
    for target, current in ((ACTOR, ACTOR_INPUT), (CRITIC, CRITIC_INPUT)):
        w = current / (cells.total * PLACE_RATE * TAU_SYN)
        connect_taught(brain, PLACE, target, w, HEADROOM * w, times.tau_eligibility)
    if inhibition > 0 and size.n_actions > 1:
        inhibit_other_groups(brain.regions[ACTOR], size.n_motor, inhibition)
    return brain


def calibrate(brain: Brain, cells: Cells, size: Size, times: Times, optimism: float) -> Calibration:
    """Find what the critic fires at the values 0 and 1, and how much dopamine a step takes.

    optimism: value before learning.

    Parameters
    ----------
    brain : Brain
        The untrained network.
    cells : Cells
        The code of observations.
    size : Size
        How many neurons.
    times : Times
        Parts of a decision.
    optimism : float
        Value before learning.

    Returns
    -------
    Calibration
        What was found.
    """
    pathway = brain.get_projection(PLACE, CRITIC)
    born = pathway.weight
    w = CRITIC_INPUT / (cells.total * PLACE_RATE * TAU_SYN)
    examples = cells.examples(PROBES)
    probes = [place_input(rates, times.perceive) for rates in examples]

    def fires(weight: float) -> float:
        pathway.weight = np.full(pathway.n_synapses, weight)
        counts = []
        brain.present(PLACE, probes[0], SETTLING)
        for probe in probes:
            brain.run(times.pause, progress=False)
            counts.append(brain.present(PLACE, probe, times.perceive)[CRITIC].sum())
        return float(np.mean(counts))

    rest = fires(w)
    per_spike = 1.0 / max(CRITIC_SPAN * (fires(2.0 * w) - rest), 1e-9)
    pathway.weight = born
    brain.run(times.pause, progress=False)
    # Eligibility that one decision leaves at the synapse of an active cell, per w_max.
    left = PLACE_RATE * TAU_PLUS * times.decide
    left *= math.exp(-(times.decide / 2 + times.pause + times.perceive) / times.tau_eligibility)
    # Cells that fire less learn less and count for less.
    power = float(np.mean([(rates**2).sum() for rates in examples]))
    charge = power * PLACE_RATE * TAU_SYN * DOPAMINE_DECAY * 1e-3
    rate = rest / (size.n_critic * times.perceive)
    dose_critic = CRITIC_SPAN * CRITIC_INPUT / (charge * HEADROOM * w * left * rate)
    w *= ACTOR_INPUT / CRITIC_INPUT
    return Calibration(
        rest - optimism / per_spike,
        per_spike,
        ACTOR_INPUT / (charge * HEADROOM * w * left * WINNER_RATE),
        dose_critic,
    )


def place_input(rates: NDArray[np.float64], perceive: int) -> NDArray[np.float64]:
    """Values for the encoder that make place cells fire at relative rates: the inverse f-I curve.

    Cells start from rest, the first spike comes after an interval without refractory time: n spikes
    are expected while the observation is perceived if (n + 1/2) intervals fit in.

    Parameters
    ----------
    rates : array of shape (n_cells,), float64
        Relative rates, in [0, 1].
    perceive : int
        How long the observation is perceived, ms.

    Returns
    -------
    array of shape (n_cells,), float64
        Values for the encoder.
    """
    values = np.zeros(len(rates))
    active = rates > 0
    n = rates[active] * PLACE_RATE * perceive
    # The first step past the threshold counts, so intervals are half a step longer than asked.
    gap = (perceive + T_REF) / (n + 0.5) - 0.5 - T_REF
    values[active] = THRESHOLD / (PLACE_CURRENT * -np.expm1(-gap / TAU_M))
    return np.minimum(values, 1.0)
