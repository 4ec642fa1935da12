"""Transmitters that modulate: what a projection's spikes release into the whole target region.

Volume transmission: a transmitter that spills out of its synapses reaches a whole region. So the
level belongs to the target region and not to a synapse; it depends on how many neurons of the
source fire, not on weights. The direct current of synapses is apart from it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from engram.errors import InvalidTypeError, InvalidValueError, brief
from engram.kernels.constants import MOST_INPUT
from engram.neurons import RegionType
from engram.parameters import Parameter, Parameterized
from engram.synapses import Neurotransmitter

if TYPE_CHECKING:
    from engram.parameters.signatures import (
        AcetylcholineReleaseValues,
        DopamineReleaseValues,
        SerotoninReleaseValues,
    )


class Modulation(Parameterized):
    """Base of what the spikes of a projection release.

    Attributes
    ----------
    transmitter : Neurotransmitter
        Which it is.
    has_level : bool
        Whether what was released stays as a level of its own, `Projection.level`.
    gates_learning : bool
        Whether the level gates the rules of the target.
    is_current : bool
        Whether the effect is a current, in units of Izhikevich's neuron.

    Examples
    --------
    >>> from engram import AcetylcholineRelease, DopamineRelease, SerotoninRelease
    >>> for kind in (DopamineRelease, AcetylcholineRelease, SerotoninRelease):
    ...     print(kind.transmitter.name, kind().release)
    DOPAMINE 1.0
    ACETYLCHOLINE 1.0
    SEROTONIN 1.0
    """

    transmitter: ClassVar[Neurotransmitter]
    has_level: ClassVar[bool] = False
    gates_learning: ClassVar[bool] = False
    is_current: ClassVar[bool] = False

    def factors(self, dt: float, n: int) -> tuple[float, ...]:
        """What the compiled loop multiplies by, see `kernels.neuromodulation.release`.

        Parameters
        ----------
        dt : float
            Time step, ms.
        n : int
            Excitatory neurons of the source.

        Returns
        -------
        tuple of four floats
            Their meaning depends on the transmitter.
        """
        raise NotImplementedError


class DopamineRelease(Modulation, saved_as="engram.modulation:DopamineRelease"):
    """Dopamine: a spike teaches like a small reward.

    D of every reward-modulated projection that ends in the target region, its own wiring included,
    grows by release x (spikes / neurons - tonic_rate dt) in a step and decays with the
    `dopamine_decay` of its rule. So a region that fires as one is a `Brain.reward` of `release`,
    one that fires at tonic_rate changes nothing, and a pause is a punishment. Neurons are the
    excitatory ones of the source; a spike acts from the next step on. Projections that release
    something are not taught.

    References
    ----------
    .. [1] Schultz, Dayan & Montague 1997, doi:10.1126/science.275.5306.1593
    .. [2] Rice & Cragg 2008, doi:10.1016/j.brainresrev.2008.02.004

    Examples
    --------
    >>> from engram import DopamineRelease
    >>> DopamineRelease(release=2.0, tonic_rate=4.0)
    DopamineRelease(release=2.0, tonic_rate=4.0)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[DopamineReleaseValues]) -> None: ...

    transmitter = Neurotransmitter.DOPAMINE

    release = Parameter(1.0, low=0.0, high=1e6, doc="rise of dopamine when each neuron fires once")
    tonic_rate = Parameter(
        0.0, low=0.0, high=MOST_INPUT, unit="Hz", doc="rate of firing that changes nothing"
    )

    def factors(self, dt: float, n: int) -> tuple[float, ...]:
        tonic = 1e-3 * self.release * self.tonic_rate * dt
        return self.release / max(n, 1), tonic, 0.0, 0.0


class _LeakyRelease(Modulation):
    has_level = True

    release = Parameter(1.0, low=0.0, high=1e6, doc="rise of the level when each neuron fires once")
    tau = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="decay of the level")
    half = Parameter(1.0, low=0.0, open_low=True, doc="level of half the effect")

    @property
    def effect(self) -> float:
        """Learning without the transmitter, or current at full effect."""
        raise NotImplementedError

    def factors(self, dt: float, n: int) -> tuple[float, ...]:
        kept = math.exp(-dt / self.tau)
        return self.release / max(n, 1), kept, self.half, self.effect


class AcetylcholineRelease(_LeakyRelease, saved_as="engram.modulation:AcetylcholineRelease"):
    """Acetylcholine: it gates learning in the target region.

    dL/dt = -L / tau, and L grows by release x spikes / neurons. What rules change, of weight or of
    eligibility, in all projections that end in the target region, its own wiring included, is
    multiplied by floor + (1 - floor) L / (L + half) at the time of the event. Of several such
    projections onto a region the most open one counts. Neurons: the excitatory ones of the source.

    References
    ----------
    .. [1] Doya 2002, doi:10.1016/S0893-6080(02)00044-8
    .. [2] Hasselmo 2006, doi:10.1016/j.conb.2006.09.002

    Examples
    --------
    >>> from engram import AcetylcholineRelease, Brain, Neurotransmitter
    >>> brain = Brain(seed=1)
    >>> basal, cortex = brain.add_region("basal"), brain.add_region("cortex")
    >>> path = brain.connect_regions(
    ...     "basal",
    ...     "cortex",
    ...     nt=Neurotransmitter.ACETYLCHOLINE,
    ...     modulation=AcetylcholineRelease(tau=500.0),
    ... )
    >>> _ = brain.present("basal", [1.0], steps=200)
    >>> path.level > 0  # synapses in the cortex learn while it is there
    True
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[AcetylcholineReleaseValues]) -> None: ...

    transmitter = Neurotransmitter.ACETYLCHOLINE
    gates_learning = True

    floor = Parameter(0.0, low=0.0, high=1.0, doc="learning without acetylcholine")

    @property
    def effect(self) -> float:
        """Learning without acetylcholine."""
        return self.floor


class SerotoninRelease(_LeakyRelease, saved_as="engram.modulation:SerotoninRelease"):
    """Serotonin: it changes the excitability of the target region.

    dL/dt = -L / tau, and L grows by release x spikes / neurons. Every neuron of the target gets the
    current `current` L / (L + half), in units of Izhikevich's neuron (60 pA for AdEx, 4 mV for LIF
    and CurrentLIF, nothing for Relay and PoissonSource). Positive as by 5-HT2A receptors, negative
    as by 5-HT1A receptors. Several such projections add up. Neurons: the excitatory ones of the
    source.

    References
    ----------
    .. [1] Andrade 2011, doi:10.1016/j.neuropharm.2011.01.015

    Examples
    --------
    >>> from engram import Brain, Neurotransmitter, SerotoninRelease
    >>> brain = Brain(seed=1)
    >>> raphe, cortex = brain.add_region("raphe"), brain.add_region("cortex")
    >>> calming = SerotoninRelease(current=-2.0)
    >>> path = brain.connect_regions(
    ...     "raphe", "cortex", nt=Neurotransmitter.SEROTONIN, modulation=calming
    ... )
    >>> _ = brain.present("raphe", [1.0], steps=200)
    >>> path.level > 0  # each neuron of the cortex is inhibited a little
    True
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[SerotoninReleaseValues]) -> None: ...

    transmitter = Neurotransmitter.SEROTONIN
    is_current = True

    current = Parameter(
        2.0, low=-MOST_INPUT, high=MOST_INPUT, unit="current", doc="current at full effect"
    )

    @property
    def effect(self) -> float:
        """Current at full effect, in units of Izhikevich's neuron."""
        return self.current


RELEASES: dict[Neurotransmitter, type[Modulation]] = {
    kind.transmitter: kind for kind in (DopamineRelease, AcetylcholineRelease, SerotoninRelease)
}


def as_modulation(where: str, value: Any) -> Modulation | None:
    """One of one's own from a modulation or None.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : Modulation or None
        What was given.

    Returns
    -------
    Modulation or None
        A copy that belongs to nobody yet.

    Raises
    ------
    InvalidTypeError
        It is something else.
    """
    if value is None:
        return None
    if not isinstance(value, Modulation):
        names = ", ".join(kind.__name__ for kind in RELEASES.values())
        raise InvalidTypeError(f"{where} must be None or one of {names}, not {brief(value)}")
    return value.replica()


def chosen_modulation(
    where: str, value: Modulation | bool | None, nt: Neurotransmitter, source: RegionType
) -> Modulation | None:
    """What a new projection releases: by default dopamine if it comes from a region of reward.

    Parameters
    ----------
    where : str
        What was asked: the beginning of an error's message.
    value : Modulation, bool or None
        None: the default. True: what goes with the transmitter. False: nothing.
    nt : Neurotransmitter
        The transmitter of the projection.
    source : RegionType
        Where it begins.

    Returns
    -------
    Modulation or None
        What it releases.

    Raises
    ------
    InvalidTypeError
        `value` is something else.
    InvalidValueError
        It does not go with the transmitter.
    """
    if value is None:
        value = nt is Neurotransmitter.DOPAMINE and source is RegionType.REWARD
    if value is False:
        return None
    if value is True:
        if nt not in RELEASES:
            raise InvalidValueError(
                f"{where}: modulation=True needs a transmitter that modulates, "
                f"{', '.join(t.name for t in RELEASES)}, not nt={nt.name}"
            )
        return RELEASES[nt]()
    found = as_modulation(f"{where}: modulation", value)
    if found is not None and found.transmitter is not nt:
        raise InvalidValueError(
            f"{where}: {type(found).__name__} goes with nt={found.transmitter.name}, not {nt.name}"
        )
    return found


__all__ = ["AcetylcholineRelease", "DopamineRelease", "Modulation", "SerotoninRelease"]
