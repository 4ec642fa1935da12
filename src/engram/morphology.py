"""Dendrites: how much of a synaptic current reaches the soma (cable theory)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import unknown_name


@dataclass(frozen=True)
class Dendrite:
    """A passive cylinder with a sealed end, joined to the soma.

    length, diameter in um; Rm: membrane resistance, ohm cm^2; Ri: axial resistivity, ohm cm.
    Length constant lambda = sqrt(Rm d / (4 Ri)), electrotonic length L = length / lambda.
    """

    length: float
    diameter: float
    Rm: float = 20_000.0
    Ri: float = 150.0

    @property
    def electrotonic_length(self) -> float:
        """L = length / lambda; 0 for a point neuron."""
        if self.length == 0.0:
            return 0.0
        length_constant = math.sqrt(self.Rm * (self.diameter * 1e-4) / (4.0 * self.Ri))
        return self.length * 1e-4 / length_constant

    def attenuation(self, where: ArrayLike) -> NDArray[np.float64]:
        """Share of a steady current injected at `where` (0: soma, 1: tip) that reaches the soma.

        cosh(L (1 - where)) / cosh(L): the current into a soma held at rest from a finite cable with
        a sealed end (Rall 1959, doi:10.1016/0014-4886(59)90046-9).
        """
        L = self.electrotonic_length
        return np.cosh(L * (1.0 - np.asarray(where, np.float64))) / math.cosh(L)


TEMPLATES: dict[str, Dendrite] = {
    "point": Dendrite(length=0.0, diameter=1.0),
    "pyramidal": Dendrite(length=600.0, diameter=2.0),
    "interneuron": Dendrite(length=200.0, diameter=1.0),
    "stellate": Dendrite(length=150.0, diameter=1.0),
}


def template(where: str, name: str) -> Dendrite:
    """The template of that name; `UnknownNameError`, which names `where`, if there is none."""
    if name not in tuple(TEMPLATES):
        raise unknown_name(where, "template", name, TEMPLATES)
    return TEMPLATES[name]
