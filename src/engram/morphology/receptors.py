"""Receptors on dendrites."""

from __future__ import annotations

from dataclasses import dataclass

from engram.errors import number


@dataclass(frozen=True)
class NMDA:
    """Slow synaptic current that opens with depolarisation (Jahr & Stevens 1990).

    g = ratio w B(V), B(V) = 1 / (1 + Mg / 3.57 exp(-0.062 V)), towards E.

    Parameters
    ----------
    ratio : float
        To the fast conductance of the same excitatory synapse (to its slope at rest, for
        current-based models).
    tau : float
        Decay, ms.
    Mg : float
        Extracellular magnesium, mM.
    E : float
        Reversal potential, mV, in [-50, 100].

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A parameter is no number, or out of range.

    References
    ----------
    .. [1] Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990

    Examples
    --------
    >>> from engram import LIF, Brain
    >>> from engram.morphology import NMDA
    >>> cortex = Brain(seed=1).add_region("cortex", n_neurons=10, model=LIF)
    >>> cortex.enable_morphology("pyramidal", dynamics="compartments", nmda=NMDA(ratio=0.8))
    >>> cortex.dendrite_v.shape  # compartments, neurons
    (42, 10)
    """

    ratio: float = 0.5
    tau: float = 50.0
    Mg: float = 1.0
    E: float = 0.0

    def __post_init__(self) -> None:
        for name in ("ratio", "Mg"):
            object.__setattr__(self, name, number(f"NMDA: {name}", getattr(self, name), 0.0, 1e6))
        object.__setattr__(self, "tau", number("NMDA: tau", self.tau, 0.0, open_low=True))
        object.__setattr__(self, "E", number("NMDA: E", self.E, -50.0, 100.0))
