"""Brain: regions, projections, time: the face of a network and its usual mechanisms."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.anatomy import Anatomy
from engram.checkpoint import files, state
from engram.checkpoint.classes import Finder, among
from engram.checkpoint.every import Checkpointer, checkpoint_every
from engram.checkpoint.fingerprint import fingerprint
from engram.drives import Drives
from engram.errors import InvalidTypeError, InvalidValueError, brief, integer, number
from engram.life import Life
from engram.mechanisms.growth import Growth
from engram.mechanisms.homeostasis import Homeostasis
from engram.mechanisms.inputs import Inputs
from engram.mechanisms.memory import Consolidation, Memory
from engram.mechanisms.metaplasticity import Metaplasticity
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.mechanisms.rhythms import Oscillators
from engram.network import present
from engram.network.device import device_name
from engram.network.finite import not_finite
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.restriction import restricted
from engram.network.turns import alone
from engram.network.workers import thread_count
from engram.parameters import Mechanism
from engram.paths import as_path
from engram.plasticity import STDP, RewardSTDP
from engram.projection import Projection
from engram.recording.of_brain import Recording
from engram.recording.statistics import BrainStats, Statistics, collect, describe, describe_html
from engram.state.invariants import check
from engram.stimulus import StimulusEncoder
from engram.switches import Switches, switch_on_only


class Brain(Anatomy, Drives, Life, Recording, Switches):
    """A brain of spiking regions that learns while it lives.

    Parameters
    ----------
    dt : float
        Time step, ms, in [0.01, 10].
    seed : int, optional
        Of every random number; None draws one, kept in `Brain.seed`.
    device : str
        "cpu", "cuda" or "auto"; the environment variable BRAIN_DEVICE overrides the default.
    mechanisms : str or collection of str
        "all", "none", or names among "plasticity", "homeostasis", "metaplasticity", "growth",
        "memory", "oscillations", "neuromodulation". The others are switched off, as by the methods
        of `Switches`; without plasticity, `rule` of new regions and projections is None unless
        given. With "none" membranes, delays and transmission remain: a plain network.
    threads : int, optional
        Worker threads, see `Brain.threads`.

    Examples
    --------
    >>> from engram import Brain, RegionType
    >>> brain = Brain(dt=1.0, seed=42)
    >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=100)
    >>> brain.inject_current("cortex", [0, 1], 20.0)
    >>> spikes = brain.step()
    """

    stdp = Mechanism(STDP)
    reward_stdp = Mechanism(RewardSTDP)
    homeostasis = Mechanism(Homeostasis)
    metaplasticity = Mechanism(Metaplasticity)
    growth = Mechanism(Growth)
    memory = Mechanism(Memory)
    oscillators = Mechanism(Oscillators)

    def __init__(
        self,
        dt: float = 1.0,
        seed: int | None = None,
        device: str = "cpu",
        *,
        mechanisms: str | Collection[str] = "all",
        threads: int | None = None,
    ) -> None:
        if seed is None:
            seed = int.from_bytes(os.urandom(8), "little") >> 1
        super().__init__(
            Network(number("Brain: dt", dt, 0.01, 10.0), integer("Brain: seed", seed, 0, 2**64 - 1))
        )
        self.network.device = device_name(device)
        self.threads = threads
        self.reward_stdp.restrict_with(functools.partial(restricted, self.network))
        memory, self._statistics = Memory(), Statistics()
        for process in (
            memory,
            Inputs(),
            Oscillators(),
            Homeostasis(),
            Metaplasticity(),
            Neuromodulation(),
            Growth(),
            Consolidation(memory),
            self._statistics,
        ):
            self.network.add_process(process)
        switch_on_only(self.network, mechanisms)

    # -- what it is

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self.network.dt

    @property
    def seed(self) -> int:
        """Seed of every random number."""
        return self.network.seed

    @property
    def device(self) -> str:
        """Where the brain runs."""
        return self.network.device

    @property
    def threads(self) -> int | None:
        """Worker threads that `run` uses at most; None: as many as pay. Can be assigned.

        The results are the same to the last bit for any number. Neurons are shared out in blocks
        of 1,024 of a region, so a small brain has work for one thread only; by default a brain
        has one unless a step takes each some 20 microseconds, and more of them are faster by the
        clock. Not saved. The environment variable
        ENGRAM_THREADS sets the default.
        """
        return self.network.threads

    @threads.setter
    def threads(self, threads: int | None) -> None:
        self.network.threads = thread_count(threads)
        self.network.crew = None

    @property
    def encoder(self) -> StimulusEncoder:
        """How `stimulate` and `present` turn values into input. Can be assigned."""
        return self.network.encoder

    @encoder.setter
    def encoder(self, encoder: StimulusEncoder) -> None:
        if not isinstance(encoder, StimulusEncoder):
            raise InvalidTypeError(f"Brain.encoder must be a StimulusEncoder, not {brief(encoder)}")
        self.network.encoder = encoder

    @property
    def step_count(self) -> int:
        """Steps done."""
        return self.network.step_count

    @property
    def time(self) -> float:
        """Simulated time, ms."""
        return self.network.time

    @property
    def asleep(self) -> bool:
        """Whether the brain sleeps."""
        return self.network.asleep_until is not None

    @property
    def stats_history(self) -> deque[BrainStats]:
        """`stats` of the latest seconds, 10,000 at most."""
        return self._statistics.history

    @alone
    def _repr_html_(self) -> str:
        return describe_html(self.network)

    def __repr__(self) -> str:
        n = sum(r.n_alive_neurons for r in self.regions.values())
        return f"<Brain, {len(self.regions)} regions, {n} neurons, at {self.time:g} ms>"

    # -- looking

    @alone
    def summary(self) -> str:
        """Totals and figures by region, as text."""
        return describe(self.network)

    @alone
    def stats(self) -> BrainStats:
        """Totals and figures by region."""
        return collect(self.network)

    @alone
    def check(self) -> None:
        """Check that the brain is sound: its state is finite, and its parts fit each other.

        Indices are in range, rows of synapses sorted, weights within their bounds, the dead without
        synapses, spikes in flight in agreement with the neurons. Takes time proportional to the
        size of the brain and changes nothing. Whether the neurons' states are finite is looked at
        whenever a process acts, once a second at least.

        Raises
        ------
        InvariantError
            What is wrong.
        """
        problem = not_finite(self.network)
        if problem is not None:
            raise problem
        check(self.network.tables)

    # -- resetting

    @whole
    def reset_traces(self) -> None:
        """Clear eligibility, phasic dopamine, and what other transmitters were released."""
        for projection in self.projections:
            projection.reset_traces()
        self.network.tables["transmitter_level"][:] = 0.0

    @whole
    def reset_state(self) -> None:
        """Membranes, currents, spikes in flight, short-term plasticity and traces back to rest.

        Weights, thresholds, structure, time and counts stay. Eligibility, dopamine and other
        transmitters released stay too; see `reset_traces`. Critics are reset.
        """
        present.reset_state(self.network)

    @whole
    def enable_projection_plasticity(
        self,
        source: str,
        target: str,
        A_plus: float | None = None,
        A_minus: float | None = None,
        *,
        name: str | None = None,
    ) -> Projection:
        """Plasticity on for one projection; a static one gets reward-modulated STDP.

        Parameters
        ----------
        source, target : str
            Names of the regions it connects.
        A_plus, A_minus : float, optional
            Of the rule. None: as they are.
        name : str, optional
            As of `get_projection`.

        Returns
        -------
        Projection
            This one.

        Raises
        ------
        UnknownNameError
            There is no such projection.
        InvalidTypeError, InvalidValueError
            A value is not valid, or the rule has no such parameter; before anything has changed.
        """
        projection = self.get_projection(source, target, name)
        rule = projection.rule
        valid = (RewardSTDP() if rule is None else rule).parameters()
        values: dict[str, Any] = {}
        for key, given in (("A_plus", A_plus), ("A_minus", A_minus)):
            if given is None:
                continue
            if key not in valid:
                raise InvalidValueError(
                    f"{projection.label}: rule {rule!r} has no {key}; assign Projection.rule first"
                )
            values[key] = valid[key].checked(f"{projection.label}: {key}", given)
        if rule is None:
            projection.rule = RewardSTDP(**values)
        else:
            for key, value in values.items():
                rule.assign(key, value)
        projection.frozen = False
        return projection

    # -- copies

    @alone
    def respond(
        self,
        region: str,
        inputs: ArrayLike,
        steps: int,
        *,
        read: str,
        keys: Sequence[int] | NDArray[Any] | None = None,
    ) -> NDArray[np.int32]:
        """What the brain would answer to each of many inputs; it stays bit for bit as it is.

        Each input is held for `steps` steps from rest, from the present time, with plasticity and
        thresholds frozen. An answer depends on the brain, the input and the key alone, whatever is
        asked before.

        Parameters
        ----------
        region, inputs, steps, read : str, array_like, int, str
            As of `present_many`.
        keys : sequence of int, optional
            Presentation k draws its random numbers from the seed and keys[k], from 0 on. None: k.

        Returns
        -------
        array of shape (n, n_neurons of `read`), int32
            Spikes, as of `present_many`.

        Examples
        --------
        >>> import numpy as np
        >>> from engram import Brain, Relay
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=3, model=Relay)
        >>> brain.respond("eye", np.eye(3), steps=5, read="eye").sum(axis=1).tolist()
        [5, 5, 5]
        >>> brain.step_count  # it was only asked
        0
        """
        shown, own = present.checked_question(self.network, region, inputs, steps, read, keys)
        return present.answers(self.copy().network, region, shown, steps, read, own)

    @alone
    def copy(self) -> Brain:
        """An independent twin: the same future if given the same input. Recorders stay behind.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=20)
        >>> twin = brain.copy()
        >>> brain.run(50)
        >>> twin.run(50)
        >>> twin.fingerprint() == brain.fingerprint()
        True
        """
        twin = Brain.restored(state.taken(self.network), among(state.classes(self.network)))
        twin.threads = self.threads
        return twin

    @classmethod
    def restored(cls, saved: state.State, find: Finder[Any], *, check: bool = False) -> Brain:
        """The brain of a state.

        Parameters
        ----------
        saved : State
            Plain values and arrays.
        find : callable
            Classes by path.
        check : bool
            Whether to trust nothing.

        Returns
        -------
        Brain
            A new one.
        """
        brain = cls(saved[0]["dt"], saved[0]["seed"])
        state.restore(brain.network, saved, find, check=check)
        brain.look()
        return brain

    def __reduce__(self) -> tuple[Callable[..., Brain], tuple[Any, ...]]:
        """Pickled and deep-copied through the format of checkpoints."""
        return unpickled, (files.packed(state.taken(self.network)), state.classes(self.network))

    @alone
    def checkpoint_every(
        self,
        folder: str | Path,
        *,
        steps: int | None = None,
        ms: float | None = None,
        keep: int = 3,
        compress: bool = True,
        background: bool = True,
    ) -> Checkpointer:
        """Save the brain into a folder every so often while it runs; `detach` what it returns.

        A checkpoint that is due within `present` is taken at its end. `resume_brain` loads the
        latest. Recorders, checkpoints and what your program knows are not saved.

        Parameters
        ----------
        folder : str or Path
            Where to.
        steps, ms : int, float
            Between checkpoints, counted from time 0; one of the two.
        keep : int
            How many files stay, the latest (``step-<step>.engram``).
        compress, background : bool
            Compress; write from a copy, in a thread, while the run goes on.

        Returns
        -------
        Checkpointer
            Attached.

        Examples
        --------
        >>> import tempfile
        >>> from engram import Brain, RegionType, resume_brain
        >>> brain = Brain(seed=1)
        >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=20)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with brain.checkpoint_every(folder, steps=50):
        ...         brain.run(120)
        ...     print(resume_brain(folder).step_count)
        100
        """
        return checkpoint_every(
            self.network,
            as_path("Brain.checkpoint_every: folder", folder),
            steps=steps,
            ms=ms,
            keep=keep,
            compress=compress,
            background=background,
        )

    @alone
    def fingerprint(self) -> str:
        """A hash of everything that determines the future: equal ones mean equal futures.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=20)
        >>> before = brain.fingerprint()
        >>> brain.run(1)
        >>> brain.fingerprint() == before
        False
        """
        return fingerprint(self.network)


def unpickled(kept: state.State, known: state.Classes) -> Brain:
    """The brain that was pickled.

    Parameters
    ----------
    kept : State
        What `packed` made of its state.
    known : list of type
        Classes of its parts, in the order in which they are asked for.

    Returns
    -------
    Brain
        A new one.

    Raises
    ------
    CheckpointError
        The data can't be used.
    """
    return Brain.restored(files.unpacked(kept), among(known), check=True)


def _name_after_brain() -> None:
    """Let Python's own errors say ``Brain.add_region()``, not the base the method stands in."""
    for base in Brain.__bases__:
        for name, method in vars(base).items():
            while isinstance(method, FunctionType):
                if method.__qualname__ == f"{base.__name__}.{name}":
                    method.__qualname__ = f"Brain.{name}"
                method = getattr(method, "__wrapped__", None)


_name_after_brain()
