"""The network of `RSTDPClassifier`: inputs, and motor neurons that inhibit other classes'."""

from __future__ import annotations

from engram.brain import Brain
from engram.circuits.groups import inhibit_other_groups
from engram.distributions import Uniform
from engram.neurons import CurrentLIF
from engram.plasticity import RewardSTDP
from engram.region import RegionType

INPUT, MOTOR = "input", "motor"
PATHWAY = Brain.projection_target(INPUT, MOTOR)

RESTING, THRESHOLD = 0.0, 15.0
"""Membrane potentials are counted from rest, mV."""


def build_network(
    n_inputs: int,
    n_features: int,
    n_classes: int,
    n_motor: int,
    *,
    seed: int,
    max_current: float,
    w_init: tuple[float, float],
    w_max: float,
    inhibition: float,
    rule: RewardSTDP,
) -> Brain:
    """Build the network, untrained and with learning frozen.

    Parameters
    ----------
    n_inputs : int
        Input neurons.
    n_features : int
        Features they stand for.
    n_classes : int
        Classes.
    n_motor : int
        Motor neurons of each class.
    seed : int
        Of the brain.
    max_current : float
        The largest that is ever given, mV.
    w_init : tuple of (float, float)
        Range of the initial weights times the number of features, mV.
    w_max : float
        Greatest weight times the number of features, mV.
    inhibition : float
        Jump of the inhibitory current when all motor neurons of other classes fire, mV.
    rule : RewardSTDP
        Of the synapses that learn.

    Returns
    -------
    Brain
        With regions "input" and "motor".
    """
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_plasticity()
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    brain.encoder.max_current = max_current

    def region(name: str, region_type: RegionType, n: int, tau_m: float) -> None:
        # Two silent steps after each spike.
        model = CurrentLIF(
            tau_m=tau_m,
            E_L=RESTING,
            v_reset=RESTING,
            v_th=THRESHOLD,
            t_ref=2.0,
            tau_exc=5.0,
            tau_inh=5.0,
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
        )

    region(INPUT, RegionType.SENSORY, n_inputs, tau_m=10.0)
    region(MOTOR, RegionType.MOTOR, n_classes * n_motor, tau_m=20.0)
    low, high = w_init
    brain.connect_regions(
        INPUT,
        MOTOR,
        wiring="all_to_all",
        delays=1.0,
        weights=Uniform(low / n_features, high / n_features),
        w_max=w_max / n_features,
        rule=rule,
    )
    if inhibition > 0:
        others = (n_classes - 1) * n_motor
        inhibit_other_groups(brain.regions[MOTOR], n_motor, inhibition / others)
    return brain
