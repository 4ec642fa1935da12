"""Dendrites: cable theory on branched trees, and where on them synapses sit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, brief, integer, number, unknown_name
from engram.morphology.receptors import NMDA

CM = 1e-4
"""One micrometre in centimetres."""

MAX_COMPARTMENTS = 4096

Floats = NDArray[np.float64]
Placement = str | Mapping[str, float] | None
"""Labels of branches and their shares of the synapses; None: by membrane area."""


def _check_numbers(thing: Any, *names: str) -> None:
    """Make attributes floats from 1e-6 to 1e12, or refuse them."""
    for name in names:
        where = f"{type(thing).__name__}: {name}"
        object.__setattr__(thing, name, number(where, getattr(thing, name), 1e-6, 1e12))


@dataclass(frozen=True)
class Branch:
    """A passive cylinder: an unbranched piece of dendrite.

    Parameters
    ----------
    label : str
        What `placement` calls it; need not be unique. Not "soma".
    length : float
        Length, um.
    diameter : float
        Diameter, um.
    parent : int
        Index of the branch at whose far end it begins; -1 for the soma.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It has no such label, or a size that is not from 1e-6 to 1e12.

    Examples
    --------
    >>> from engram.morphology import Branch, Morphology
    >>> trunk = Branch("trunk", length=200.0, diameter=2.0)
    >>> tuft = Branch("tuft", length=100.0, diameter=1.0, parent=0)  # at the end of the first
    >>> tree = Morphology((trunk, tuft))
    >>> tree.labels
    ['soma', 'trunk', 'trunk', 'trunk', 'tuft', 'tuft']
    """

    label: str
    length: float
    diameter: float
    parent: int = -1

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or self.label in ("", "soma"):
            raise InvalidValueError(
                f"Branch: label must be a name other than 'soma', not {brief(self.label)}"
            )
        _check_numbers(self, "length", "diameter")
        object.__setattr__(self, "parent", integer("Branch: parent", self.parent, -1))


@dataclass(frozen=True)
class Compartments:
    """The nodes of a tree: 0 is the soma, parents come before their children.

    Attributes
    ----------
    branch : array of shape (n,), int64
        Branch of each node; -1 for the soma.
    place : array of shape (n,), float64
        Where it stands along its branch, in (0, 1]; 0 for the soma.
    parent : array of shape (n,), int64
        Index of its parent; -1 for the soma.
    area : array of shape (n,), float64
        Membrane, cm^2; 0 for a branching point.
    axial : array of shape (n,), float64
        Conductance to the parent, S.

    Examples
    --------
    >>> from engram.morphology import Branch, Morphology
    >>> found = Morphology((Branch("trunk", 200.0, 2.0),)).compartments
    >>> len(found), found.parent.tolist()
    (4, [-1, 0, 1, 2])
    """

    branch: NDArray[np.int64]
    place: Floats
    parent: NDArray[np.int64]
    area: Floats
    axial: Floats

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True)
class Morphology:
    """A soma and a tree of passive branches with sealed ends.

    A branch of diameter d has

        lambda = sqrt(Rm d / (4 Ri)), L = length / lambda, G_inf = pi d^(3/2) / (2 sqrt(Rm Ri))

    and, with B the input conductance of its children over G_inf, the input conductance
    G_inf (B + tanh L) / (1 + B tanh L) (Rall 1959).

    Parameters
    ----------
    branches : tuple of Branch
        The dendrites, parents before children.
    soma : float
        Diameter and length of the soma, um.
    Rm : float
        Membrane resistance, ohm cm^2.
    Ri : float
        Axial resistivity, ohm cm.
    Cm : float
        Membrane capacitance, uF/cm^2.
    resolution : float
        A branch is cut into compartments of at most that many length constants.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is a tree that can't be, or one of too many compartments.

    References
    ----------
    .. [1] Rall 1959, doi:10.1016/0014-4886(59)90046-9

    Examples
    --------
    >>> from engram.morphology import Branch, Morphology
    >>> Morphology((Branch("trunk", 200.0, 2.0), Branch("tuft", 100.0, 1.0, parent=0))).length
    300.0
    """

    branches: tuple[Branch, ...] = ()
    soma: float = 20.0
    Rm: float = 20_000.0
    Ri: float = 150.0
    Cm: float = 1.0
    resolution: float = 0.1

    def __post_init__(self) -> None:
        _check_numbers(self, "soma", "Rm", "Ri", "Cm", "resolution")
        try:
            branches = tuple(self.branches)
        except TypeError as error:
            raise InvalidTypeError(
                f"Morphology: branches must be a list of Branch, not {brief(self.branches)}"
            ) from error
        object.__setattr__(self, "branches", branches)
        for k, branch in enumerate(self.branches):
            where = f"Morphology: branches[{k}]"
            if not isinstance(branch, Branch):
                raise InvalidTypeError(f"{where} must be a Branch, not {brief(branch)}")
            integer(f"{where}.parent", branch.parent, -1, k - 1)
        pieces = float(np.ceil(self._lengths / self.resolution).sum())
        if pieces > MAX_COMPARTMENTS // 2:
            raise InvalidValueError(
                f"Morphology: {pieces:.0f} compartments, more than {MAX_COMPARTMENTS // 2}; "
                f"raise resolution = {self.resolution:g} (length constants)"
            )

    # -- the cable equation

    @cached_property
    def _parents(self) -> NDArray[np.int64]:
        return np.array([b.parent for b in self.branches], np.int64)

    @cached_property
    def _diameters(self) -> Floats:
        return np.array([b.diameter for b in self.branches]) * CM

    @cached_property
    def _lengths(self) -> Floats:
        """Electrotonic lengths, shape (branches,)."""
        length = np.array([b.length for b in self.branches]) * CM
        return length / np.sqrt(self.Rm * self._diameters / (4.0 * self.Ri))

    @property
    def electrotonic_length(self) -> Floats:
        """L of each branch: its length in length constants, shape (branches,)."""
        return self._lengths.copy()

    @property
    def tau(self) -> float:
        """Membrane time constant Rm Cm, ms."""
        return self.Rm * self.Cm * 1e-3

    @property
    def length(self) -> float:
        """Length of all branches together, um."""
        return float(sum(b.length for b in self.branches))

    def _loads(self, q: complex) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """By branch: B, input conductance (S), and log attenuation from its start to the soma.

        q = sqrt(1 + i omega tau): at a frequency a cable is as long as L q and conducts G_inf q.
        """
        n = len(self.branches)
        far = np.zeros(n, np.complex128)
        into = np.zeros(n, np.complex128)
        g_inf = 0.5 * math.pi * self._diameters**1.5 / math.sqrt(self.Rm * self.Ri)
        for k in range(n - 1, -1, -1):
            far[k] /= g_inf[k] * q
            t = np.tanh(self._lengths[k] * q)
            into[k] = g_inf[k] * q * (far[k] + t) / (1.0 + far[k] * t)
            if self._parents[k] >= 0:
                far[self._parents[k]] += into[k]
        start = np.zeros(n, np.complex128)
        for k, parent in enumerate(self._parents):
            if parent >= 0:
                start[k] = start[parent] + self._along(far[parent], self._lengths[parent] * q, 1.0)
        return far, into, start

    @staticmethod
    def _along(B: Any, L: Any, x: Any) -> Any:
        """Log of V(x) / V(0) on a cable of length L whose end is loaded with B."""
        return (
            -L * x
            + np.log((1.0 + B) + (1.0 - B) * np.exp(-2.0 * L * (1.0 - x)))
            - np.log((1.0 + B) + (1.0 - B) * np.exp(-2.0 * L))
        )

    def _log_transfer(self, branch: ArrayLike, place: ArrayLike, q: complex) -> NDArray[Any]:
        b, x = np.broadcast_arrays(np.asarray(branch, np.int64), np.asarray(place, np.float64))
        if b.size and (b.min() < -1 or b.max() >= len(self.branches)):
            raise InvalidValueError(
                f"Morphology: branch must be in [-1, {len(self.branches) - 1}] (-1: the soma); "
                f"they run from {b.min()} to {b.max()}"
            )
        if x.size and not (x.min() >= 0.0 and x.max() <= 1.0):
            raise InvalidValueError("Morphology: place must be in [0, 1] along the branch")
        if not len(self.branches):
            return np.zeros(b.shape, np.complex128)
        far, _, start = self._loads(q)
        log = start[b] + self._along(far[b], self._lengths[b] * q, x)
        return np.asarray(np.where(b < 0, 0.0, log))

    def attenuation(self, branch: ArrayLike, place: ArrayLike, frequency: float = 0.0) -> Floats:
        """Share of a current into the dendrite that acts at the soma, in [0, 1].

        On the path from the soma each branch contributes
        [cosh(L - X) + B sinh(L - X)] / [cosh L + B sinh L], X = place x L. By reciprocity the
        voltage attenuation from the soma outwards equals that of current inwards, whatever the
        soma.

        Parameters
        ----------
        branch : array_like of int
            Indices of branches; -1 for the soma.
        place : array_like
            Where along them, 0 to 1. Broadcast with `branch`.
        frequency : float
            Of the current, Hz; 0 for a steady one.

        Returns
        -------
        array, float64
            Of the shape that `branch` and `place` have together.

        Raises
        ------
        InvalidValueError
            There is no such branch or place.

        References
        ----------
        .. [1] Koch 1999, Biophysics of Computation, chapter 3.
        """
        q = np.sqrt(1.0 + 2e-3j * math.pi * number("Morphology: frequency", frequency) * self.tau)
        return np.asarray(np.exp(self._log_transfer(branch, place, q).real), np.float64)

    def delay(self, branch: ArrayLike, place: ArrayLike) -> Floats:
        """How much later a current into the dendrite acts than the same current at the soma, ms.

        The delay of the centroid of the somatic response: -d/ds log A(s) at s = 0, with A the
        attenuation at complex frequency s. In an endless cable x tau / (2 lambda).

        Parameters
        ----------
        branch : array_like of int
            Indices of branches; -1 for the soma.
        place : array_like
            Where along them, 0 to 1. Broadcast with `branch`.

        Returns
        -------
        array, float64
            Delays, ms, of the shape that `branch` and `place` have together.

        Raises
        ------
        InvalidValueError
            There is no such branch or place.

        References
        ----------
        .. [1] Agmon-Snir & Segev 1993, doi:10.1152/jn.1993.70.5.2066
        """
        # A complex step: the derivative to machine precision.
        tiny = 1e-20
        q = complex(1.0, 0.5 * tiny)
        log = self._log_transfer(branch, place, q)
        return np.maximum(-np.asarray(log.imag, np.float64) * (self.tau / tiny), 0.0)

    @property
    def input_conductance(self) -> float:
        """Steady input conductance at the soma, nS: its own membrane and the tree's."""
        into = self._loads(1.0)[1][self._parents < 0].real.sum() if self.branches else 0.0
        return float(1e9 * (self._soma_area / self.Rm + into))

    @property
    def _soma_area(self) -> float:
        return math.pi * (self.soma * CM) ** 2

    # -- compartments

    @cached_property
    def compartments(self) -> Compartments:
        """The tree cut into compartments, and a node without membrane at each branching point."""
        children = np.bincount(self._parents[self._parents >= 0], minlength=len(self.branches))
        branch, place, parent, area, resistance = [-1], [0.0], [-1], [self._soma_area], [math.inf]
        ends: list[tuple[int, float]] = []
        for k, b in enumerate(self.branches):
            n = max(1, math.ceil(self._lengths[k] / self.resolution))
            d = b.diameter * CM
            piece = b.length * CM / n
            half = self.Ri * 0.5 * piece / (0.25 * math.pi * d * d)
            before, extra = (0, 0.0) if b.parent < 0 else ends[b.parent]
            for i in range(n):
                branch.append(k)
                place.append((i + 0.5) / n)
                parent.append(before)
                area.append(math.pi * d * piece)
                resistance.append(half + extra)
                before, extra = len(parent) - 1, half
            if children[k] > 1:
                branch.append(k)
                place.append(1.0)
                parent.append(before)
                area.append(0.0)
                resistance.append(half)
                before, extra = len(parent) - 1, 0.0
            ends.append((before, extra))
        return Compartments(
            np.array(branch),
            np.array(place),
            np.array(parent),
            np.array(area),
            1.0 / np.array(resistance),
        )

    @property
    def labels(self) -> list[str]:
        """Label of each compartment, "soma" first."""
        return ["soma", *(self.branches[k].label for k in self.compartments.branch[1:])]

    def shares(self, where: str, placement: Placement = None) -> Floats:
        """Probability of a synapse to sit on each compartment.

        Parameters
        ----------
        where : str
            Begins the message of an error.
        placement : str, mapping of str to float, or None
            None for shares of membrane area; a label ("soma" too), or a mapping of labels to
            weights, within which area decides.

        Returns
        -------
        array of shape (compartments,), float64
            Probabilities; their sum is 1.

        Raises
        ------
        InvalidTypeError
            `placement` is none of these.
        UnknownNameError
            No branch has such a label.
        InvalidValueError
            A weight is negative, or all are 0.
        """
        area = self.compartments.area
        weight = np.ones(len(area))
        if placement is not None:
            wanted = {placement: 1.0} if isinstance(placement, str) else placement
            if not isinstance(wanted, Mapping):
                raise InvalidTypeError(
                    f"{where}: placement must be None, a label or a mapping of labels to weights, "
                    f"not {brief(placement)}"
                )
            labels = np.array(self.labels)
            weight[:] = 0.0
            for label, share in wanted.items():
                if label not in labels:
                    raise unknown_name(where, "branch", label, dict.fromkeys(self.labels))
                here = labels == label
                size = number(f"{where}: placement[{label!r}]", share, 0.0)
                weight[here] = size / area[here].sum()
            if not weight.any():
                raise InvalidValueError(f"{where}: placement gives every branch the weight 0")
        chance = weight * area
        return np.asarray(chance / chance.sum(), np.float64)


def _pyramidal() -> tuple[Branch, ...]:
    trunk = [Branch("trunk", 150.0, 3.0), Branch("trunk", 350.0, 2.0, 0)]
    oblique = [Branch("oblique", 150.0, 0.8, 0)] * 2
    tuft = [Branch("tuft", 250.0, 0.8, 1)] * 2
    return (*trunk, *oblique, *tuft, *[Branch("basal", 180.0, 0.8)] * 4)


def _interneuron() -> tuple[Branch, ...]:
    proximal = [Branch("proximal", 60.0, 1.2)] * 4
    return (*proximal, *(Branch("distal", 100.0, 0.8, k // 2) for k in range(8)))


TEMPLATES: dict[str, Morphology] = {
    "point": Morphology(),
    "pyramidal": Morphology(_pyramidal(), soma=20.0),
    "interneuron": Morphology(_interneuron(), soma=12.0),
    "stellate": Morphology((Branch("dendrite", 120.0, 1.0),) * 5, soma=10.0),
}


def as_morphology(where: str, template: str | Morphology) -> Morphology:
    """A tree from itself or the name of a template.

    Parameters
    ----------
    where : str
        Begins the message of an error.
    template : str or Morphology
        A tree, or a name in `TEMPLATES`.

    Returns
    -------
    Morphology
        The tree.

    Raises
    ------
    UnknownNameError
        There is no template of that name.
    """
    if isinstance(template, Morphology):
        return template
    if not isinstance(template, str) or template not in TEMPLATES:
        raise unknown_name(where, "template", template, TEMPLATES)
    return TEMPLATES[template]


DYNAMICS = ("passive", "compartments")

__all__ = ["DYNAMICS", "NMDA", "TEMPLATES", "Branch", "Compartments", "Morphology"]
