"""The dendrites of a region: a tree, how it acts, and what that means for synapses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engram.morphology import NMDA, Morphology

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dendrites:
    """The dendrites of a region's neurons: their shape, and how they are simulated.

    Parameters
    ----------
    tree : Morphology
        The shape, one for all neurons.
    dynamics : {"passive", "compartments"}
        Whether the tree attenuates and delays what comes in, or compartments have voltages of
        their own.
    nmda : NMDA, optional
        The slow current of excitatory synapses. None: there is none.
    """

    tree: Morphology
    dynamics: str = "passive"
    nmda: NMDA | None = None

    @property
    def compartmental(self) -> bool:
        """Whether compartments have voltages of their own."""
        return self.dynamics == "compartments" and len(self.tree.branches) > 0

    @property
    def n_dynamic(self) -> int:
        """Compartments with a potential of their own, besides the soma."""
        return len(self.tree.compartments) - 1 if self.compartmental else 0

    @cached_property
    def gain(self) -> NDArray[np.float32]:
        """Factor of a synapse's charge on each compartment."""
        nodes = self.tree.compartments
        if self.compartmental:
            return np.ones(len(nodes), np.float32)
        return self.tree.attenuation(nodes.branch, nodes.place).astype(np.float32)

    @cached_property
    def _delay(self) -> Floats:
        nodes = self.tree.compartments
        if self.compartmental:
            return np.zeros(len(nodes))
        return self.tree.delay(nodes.branch, nodes.place)

    def lag(self, dt: float) -> NDArray[np.int64]:
        """What the dendrite adds to the axonal delay.

        Parameters
        ----------
        dt : float
            Time step, ms.

        Returns
        -------
        array of shape (compartments,), int64
            Steps, by compartment.
        """
        return np.rint(self._delay / dt).astype(np.int64)
