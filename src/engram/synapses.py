"""Transmitters and short-term plasticity."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Unpack

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.parameters.signatures import ShortTermPlasticityValues


class Neurotransmitter(IntEnum):
    """The transmitter of a synapse.

    Effective transmission = weight x strength x resource x (1 + facilitation) x modulation x
    dendritic attenuation. Inhibitory weights are negative: `sign` says which a transmitter has.

    ============= ==== ======== ==========
    transmitter   sign strength modulation
    ============= ==== ======== ==========
    GLUTAMATE     +1   1        1
    GABA          -1   1        1
    DOPAMINE      +1   1        1.5
    SEROTONIN     +1   0.3      0.8
    ACETYLCHOLINE +1   0.5      1.2
    ============= ==== ======== ==========

    Examples
    --------
    >>> from engram import Neurotransmitter
    >>> Neurotransmitter.GABA.sign, Neurotransmitter.ACETYLCHOLINE.gain
    (-1, 0.6)
    """

    GLUTAMATE = 0
    GABA = 1
    DOPAMINE = 2
    SEROTONIN = 3
    ACETYLCHOLINE = 4

    @property
    def sign(self) -> int:
        """Sign of the weights: -1 for GABA, else +1."""
        return -1 if self is Neurotransmitter.GABA else 1

    @property
    def strength(self) -> float:
        """Strength of the direct current, without sign."""
        return (1.0, 1.0, 1.0, 0.3, 0.5)[self]

    @property
    def modulation(self) -> float:
        """Gain of the transmitter's receptors."""
        return (1.0, 1.0, 1.5, 0.8, 1.2)[self]

    @property
    def gain(self) -> float:
        """Product strength x modulation."""
        return self.strength * self.modulation


NeurotransmitterType = Neurotransmitter


class ShortTermPlasticity(Parameterized, saved_as="engram.synapses:ShortTermPlasticity"):
    """Depression and facilitation (Tsodyks, Pawelzik & Markram 1998).

    A spike releases the share u of the resources R: the charge is weight x R x u / U. Then
    R <- R (1 - u), u <- u + U (1 - u) at the next spike; between spikes dR/dt = (1 - R) / tau_rec
    and du/dt = -u / tau_facil, in closed form. Facilitation is u / U - 1, so that a rested synapse
    transmits its weight.

    References
    ----------
    .. [1] Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502

    Examples
    --------
    >>> from engram import ShortTermPlasticity
    >>> ShortTermPlasticity(U=0.5, tau_rec=800.0, tau_facil=0.0)  # depressing
    ShortTermPlasticity(U=0.5, tau_rec=800.0, tau_facil=0.0)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[ShortTermPlasticityValues]) -> None: ...

    U = Parameter(0.5, low=0.0, high=1.0, open_low=True, doc="share released by a first spike")
    tau_rec = Parameter(800.0, low=0.0, open_low=True, unit="ms", doc="recovery of resources")
    tau_facil = Parameter(0.0, low=0.0, unit="ms", doc="decay of facilitation; 0: none")


__all__ = ["Neurotransmitter", "NeurotransmitterType", "ShortTermPlasticity"]
