"""How the circuit of `Competition` is built of regions and projections, and how it may grow."""

from __future__ import annotations

from engram.brain import Brain
from engram.distributions import Uniform
from engram.errors import InvalidTypeError, InvalidValueError, brief
from engram.neurons import FiringPattern, NeuronModel, PoissonSource, Relay
from engram.plasticity import PlasticityRule
from engram.region import RegionType
from engram.synapses import Neurotransmitter

INPUT, EXCITATORY, INHIBITORY = "input", "excitatory", "inhibitory"


def build(
    brain: Brain,
    n_inputs: int,
    n_neurons: int,
    max_neurons: int,
    growth_interval: float,
    model: NeuronModel,
    rule: PlasticityRule | str | None,
    weights: Uniform,
    w_max: float,
    inhibition: float,
) -> None:
    """Give a brain the regions and projections of the circuit.

    Parameters
    ----------
    brain : Brain
        An empty one.
    n_inputs : int
        Inputs.
    n_neurons : int
        Excitatory neurons, each with its inhibitory one.
    max_neurons : int
        To how many it may grow.
    growth_interval : float
        Between two growth cycles, if it may, ms.
    model : NeuronModel
        Excitatory neurons.
    rule : PlasticityRule or str or None
        Of the synapses that learn.
    weights : Uniform
        Of these.
    w_max : float
        Their greatest.
    inhibition : float
        Weight of an inhibitory synapse.
    """
    if max_neurons > n_neurons:
        let_grow(brain, growth_interval)
    else:
        brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    brain.metaplasticity.enabled = False
    relay = Relay(tau_exc=0.0, tau_inh=0.0)
    for name, kind, first, room, own in (
        (INPUT, RegionType.SENSORY, n_inputs, n_inputs, PoissonSource()),
        (EXCITATORY, RegionType.ASSOCIATION, n_neurons, max_neurons, model),
        (INHIBITORY, RegionType.ASSOCIATION, n_neurons, max_neurons, relay),
    ):
        brain.add_region(
            name,
            kind,
            first,
            connectivity=0.0,
            max_neurons=room,
            model=own,
            excitatory=1.0,
            patterns=FiringPattern.REGULAR_SPIKING,
            variation=0.0,
            noise=0.0,
            rule=None,
        )
    brain.connect_regions(
        INPUT,
        EXCITATORY,
        wiring="all_to_all",
        weights=weights,
        w_max=w_max,
        delays=brain.dt,
        rule=rule,
    )
    # A relay fires if a step brings it a current of 1.
    brain.connect_regions(
        EXCITATORY,
        INHIBITORY,
        wiring="one_to_one",
        weights=2.0 * brain.dt,
        delays=brain.dt,
        rule=None,
    )
    brain.connect_regions(
        INHIBITORY,
        EXCITATORY,
        wiring="all_but_one",
        nt=Neurotransmitter.GABA,
        weights=inhibition,
        w_max=max(1e6, inhibition),
        delays=brain.dt,
        rule=None,
    )


def let_grow(brain: Brain, interval: float) -> None:
    """Births only, of neurons like those there are, however little all of them fire.

    Parameters
    ----------
    brain : Brain
        That grows.
    interval : float
        Between two growth cycles, ms.
    """
    growth = brain.growth
    growth.synaptogenesis = growth.pruning = growth.apoptosis = False
    growth.kinship = True
    growth.neurogenesis_rate = growth.young_current = growth.survival = 0.0
    growth.most_growth = 1e9
    growth.growth_interval = interval


def check_adopted(where: str, brain: Brain, n_inputs: int, n_neurons: int) -> None:
    """Refuse a brain that is not a circuit of this size.

    Parameters
    ----------
    where : str
        Names the argument in errors.
    brain : Brain
        To be checked.
    n_inputs : int
        Inputs it should have.
    n_neurons : int
        Excitatory neurons it should have.

    Raises
    ------
    InvalidTypeError, InvalidValueError, UnknownNameError
        It is none, or has other regions or projections.
    """
    if not isinstance(brain, Brain):
        raise InvalidTypeError(f"{where} must be a Brain, not {brief(brain)}")
    wanted = {INPUT: n_inputs, EXCITATORY: n_neurons, INHIBITORY: n_neurons}
    found = {name: region.n_neurons for name, region in brain.regions.items()}
    if found != wanted:
        raise InvalidValueError(
            f"{where} must have the regions {wanted} of this circuit, not {found}"
        )
    for source, target in ((INPUT, EXCITATORY), (EXCITATORY, INHIBITORY)):
        brain.get_projection(source, target)
    brain.get_projection(INHIBITORY, EXCITATORY)
