"""How a circuit answers samples: from several positions, on several threads, one by one."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from engram.circuits.competition import Competition
from engram.errors import InvalidValueError, brief

Counts = NDArray[np.int32]

POSITIONS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
"""Rows and columns by which an image is moved: the centre, next to it, diagonally."""

CHOICES = (1, 5, 9)
"""How many of them make a symmetric set."""

LEAST = 50
"""Samples that are worth a thread."""


def check_fixations(where: str, fixations: object, n_features: int) -> int:
    """Check a number of fixations: 1, 5 or 9; more than 1 only for square images.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    fixations : object
        What was given.
    n_features : int
        Pixels of an image.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InvalidValueError
        It is another number, or images are not square.
    """
    if fixations not in CHOICES or isinstance(fixations, bool):
        raise InvalidValueError(
            f"{where}: fixations must be one of {CHOICES}: the centre, with the four positions "
            f"next to it, or with the diagonal ones too; not {brief(fixations)}"
        )
    n = int(fixations)
    if n > 1 and isqrt(n_features) ** 2 != n_features:
        raise InvalidValueError(
            f"{where}: fixations={n} moves square images, but samples have {n_features} "
            f"features, which is no square number; use fixations=1, or pad the images"
        )
    return n


def looks(values: NDArray[np.float32], fixations: int) -> Iterator[NDArray[np.float32]]:
    """Square images, moved by a pixel at most; 0 comes in from beyond the edge.

    Parameters
    ----------
    values : array of shape (n, pixels), float32
        An image in each row.
    fixations : int
        How many positions.

    Yields
    ------
    array of shape (n, pixels), float32
        The images as seen from one position.
    """
    if fixations == 1:
        yield values
        return
    side = isqrt(values.shape[1])
    padded = np.pad(values.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    for down, right in POSITIONS[:fixations]:
        moved = padded[:, 1 - down : 1 - down + side, 1 - right : 1 - right + side]
        yield np.ascontiguousarray(moved.reshape(len(values), -1))


def sample_key(values: NDArray[np.float32]) -> int:
    """A number that a sample's input spikes are drawn by: a hash of the sample.

    Parameters
    ----------
    values : array of shape (n_features,), float32
        The sample.

    Returns
    -------
    int
        At least 0.
    """
    digest = hashlib.blake2b(values.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 33


def answers(
    circuit: Competition,
    values: NDArray[np.float32],
    *,
    fixations: int,
    inhibition: float,
    steps: int,
    n_jobs: int,
) -> Counts:
    """Spikes of each neuron at samples, added up over the fixations; nothing is learned.

    An answer depends on the circuit and the sample alone.

    Parameters
    ----------
    circuit : Competition
        That answers.
    values : array of shape (n, n_features), float32
        Samples in [0, 1].
    fixations : int
        Positions from which a sample is looked at.
    inhibition : float
        In answers.
    steps : int
        How long each look lasts, in steps.
    n_jobs : int
        Threads; -1: one for each core.

    Returns
    -------
    array of shape (n, n_neurons), int32
        Spikes of each neuron.
    """
    jobs = (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
    jobs = max(1, min(jobs, len(values) // LEAST))
    bounds = np.linspace(0, len(values), jobs + 1).astype(int).tolist()
    parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    circuits = [circuit, *(circuit.copy() for _ in range(jobs - 1))]

    def look(shown: NDArray[np.float32]) -> Counts:
        keys = np.array([sample_key(v) for v in shown], np.int64)

        def part_of(one: Competition, part: slice) -> Counts:
            return one.respond(shown[part], keys[part], inhibition=inhibition, steps=steps)

        if jobs == 1:
            return part_of(circuit, slice(None))
        with ThreadPoolExecutor(jobs) as pool:
            return np.concatenate(list(pool.map(part_of, circuits, parts)))

    shown = looks(values, fixations)
    counts = look(next(shown))
    for moved in shown:
        counts += look(moved)
    return counts
