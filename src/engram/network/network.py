"""Network: the tables of a brain, the settings of its parts, its clock; and `Process`, its base.

Both know each other, so they stand in one file: a network asks its processes when they want to act,
and they act on it.
"""

from __future__ import annotations

import bisect
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

import numpy as np

from engram.errors import InvalidTypeError, InvalidValueError, brief, label, unknown_name
from engram.kernels.constants import LAST_STEP, LOGGED, NEVER, STEP
from engram.network.hooks import Hooks, Saved
from engram.network.interrupts import whole
from engram.network.parts import SWITCHES, Parts
from engram.network.turns import alone
from engram.parameters import Parameterized
from engram.plasticity import STDP, PlasticityRule, RewardSTDP
from engram.stimulus import StimulusEncoder

__all__ = ["MAX_STEPS", "SWITCHES", "Network", "Process", "Saved", "next_multiple"]

MAX_STEPS = LAST_STEP

P = TypeVar("P", bound=Parameterized)


class Process(Hooks):
    """Base of what acts on a network between two steps.

    A process declares its parameters as `Parameter`, is registered once (`Brain.add_process`) and
    is then asked when it wants to act. Of those whose time comes at one step, the one with the
    smallest `order` acts first. Recorders, synaptic scaling, growth, memory, sleep, statistics and
    checkpointers are processes.

    Three class attributes: `name` is what it is called; in a network, names are unique unless they
    are empty. `order` is by default after statistics (50) and before checkpointers (100). `kept`
    says whether checkpoints, copies and fingerprints hold it (of a recorder they don't). They can
    be assigned until it is registered.

    Examples
    --------
    >>> from engram import Parameter, Process
    >>> from engram.network.network import next_multiple
    >>> class Metronome(Process):
    ...     name = "metronome"
    ...     period = Parameter(1000.0, low=1.0, unit="ms", doc="between two ticks")
    ...
    ...     def next_act(self, step):
    ...         return next_multiple(step, self.network.steps(self.period))
    ...
    ...     def act(self, step):
    ...         print(self.network.time)
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 60
    kept: ClassVar[bool] = True

    _network: Network | None = None

    @property
    def network(self) -> Network:
        """The network it acts on; `InvalidValueError` before it is registered."""
        if self._network is None:
            raise InvalidValueError(
                f"{type(self).__name__}: it belongs to no brain; use the brain's own, or "
                f"Brain.add_process"
            )
        return self._network

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("name", "order", "kept") and self.__dict__.get("_change") is None:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def join(self, network: Network) -> None:
        """Belong to a network; called once, by `Network.add_process`.

        Parameters
        ----------
        network : Network
            To which it belongs.
        """
        self._network = network
        self.attach(network.change)


def _asks_for_arguments(kind: type) -> bool:
    given = inspect.signature(kind).parameters.values()
    optional = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return any(p.default is p.empty and p.kind not in optional for p in given)


def next_multiple(step: int, every: int) -> int:
    """The next step that is a multiple.

    Parameters
    ----------
    step : int
        Where to begin.
    every : int
        Of what, in steps.

    Returns
    -------
    int
        The first after `step`.
    """
    return step + every - step % every


class Network(Parts):
    """The core of a brain.

    Whatever changes arrays or settings stands in `engram.network`; mechanisms call it.

    Parameters
    ----------
    dt : float
        Time step, ms.
    seed : int
        Of all random numbers.

    Attributes
    ----------
    tables : Tables
        All arrays.
    regions : dict of RegionRecord
        Settings by name, in the order of the tables.
    pathways : list of PathwayRecord
        Settings, in the order of the tables.
    processes : list of Process
        Who acts between steps, in their order.
    frozen : dict of bool
        By mechanism, see `SWITCHES`.
    encoder : StimulusEncoder
        How values become input.
    rules : dict of PlasticityRule
        What rules of these classes inherit.
    """

    def __init__(self, dt: float, seed: int) -> None:
        super().__init__()
        self.dt, self.seed, self.device = dt, seed, "cpu"
        self.tables["dt"][0] = dt
        self.tables["seed"][0] = seed
        self.processes: list[Process] = []
        self.frozen = dict.fromkeys(SWITCHES, False)
        self.rules: dict[type[Parameterized], PlasticityRule] = {
            kind: kind().attach(self.change) for kind in (STDP, RewardSTDP)
        }
        self.encoder = StimulusEncoder()
        self.tag = self.last_reset = 0
        self.last_stimulus = NEVER
        self.imposed = self.presenting = self.acting = False
        self.asleep_until: int | None = None
        self.spikes_kept = 0
        self.places = np.zeros(0, np.int64)
        self.threads: int | None = None
        self.crew: Any = None
        self.pace: Any = None
        self.buffers_seen: tuple[Any, ...] = ()

    # -- time

    @property
    def step_count(self) -> int:
        """Steps done."""
        step: int = self.tables["clock"].item(STEP)
        return step

    @property
    def time(self) -> float:
        """Simulated time, ms."""
        return self.step_count * self.dt

    def steps(self, ms: float) -> int:
        """A time in steps.

        Parameters
        ----------
        ms : float
            The time, ms.

        Returns
        -------
        int
            One at least.
        """
        return max(1, round(ms / self.dt))

    @property
    def birth(self) -> int:
        """The step of birth of what is built now; NEVER before the first step."""
        return self.step_count or NEVER

    def next_tag(self) -> int:
        """A number for a batch of random draws; counted up and saved, so that none repeats."""
        self.tag += 1
        return self.tag

    def check_time(self, where: str, steps: int) -> None:
        """Refuse more steps than a brain can live.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        steps : int
            How many more.

        Raises
        ------
        InvalidValueError
            They are too many.
        """
        if steps > MAX_STEPS - self.step_count:
            raise InvalidValueError(
                f"{where}: {steps} steps are too many; a brain lives {MAX_STEPS} steps"
            )

    def check_awake(self, where: str) -> None:
        """Refuse what a sleeping brain can't do.

        Parameters
        ----------
        where : str
            Who asks, for errors.

        Raises
        ------
        InvalidValueError
            It sleeps.
        """
        if self.asleep_until is not None:
            raise InvalidValueError(
                f"{where}: the brain is asleep until {self.asleep_until * self.dt:g} ms and takes "
                f"no input; Brain.wake wakes it"
            )

    def attach_rule(self, rule: PlasticityRule) -> None:
        """Tie a rule to the network: it inherits what it does not set, and reports changes.

        Parameters
        ----------
        rule : PlasticityRule
            Of one pathway.
        """
        rule.attach(self.change, self.rules.get(type(rule)))

    # -- processes

    @whole
    def add_process(self, process: Process) -> None:
        """Let a process act from now on, after those of the same order that are there.

        Parameters
        ----------
        process : Process
            A new one.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            It is none, belongs to a brain already, or its name is taken or missing.
        """
        if not isinstance(process, Process):
            raise InvalidTypeError(f"Brain.add_process: a Process, not {brief(process)}")
        if process.attached:
            raise InvalidValueError(f"Brain.add_process: {process!r} belongs to a brain already")
        name, order, kind = process.name, process.order, type(process)
        if process.kept and _asks_for_arguments(kind):
            raise InvalidTypeError(
                f"Brain.add_process: {kind.__name__}.__init__ must do with parameters alone, since "
                f"loading calls it so; save what it needs, or set kept = False"
            )
        if name != "":
            label("Brain.add_process: name", name)
        if isinstance(order, bool) or not isinstance(order, int):
            raise InvalidTypeError(
                f"Brain.add_process: order must be an integer, not {brief(order)}"
            )
        if process.kept and not process.name:
            raise InvalidValueError(
                f"Brain.add_process: {type(process).__name__} needs a name, by which checkpoints "
                f"know it (or kept = False)"
            )
        if name and any(p.name == name for p in self.processes):
            raise InvalidValueError(f"Brain.add_process: there is a process {name!r} already")
        process.join(self)
        bisect.insort(self.processes, process, key=lambda p: p.order)
        self.parameters_changed()

    @whole
    def remove_process(self, process: Process) -> None:
        """Let a process act no more.

        Parameters
        ----------
        process : Process
            One that was added.
        """
        if process not in self.processes:
            raise InvalidValueError(f"Brain: {process!r} is none of its processes")
        self.processes.remove(process)
        self.parameters_changed()

    def each(self, call: Callable[[Process], object]) -> None:
        """Call something of every process; what goes wrong is raised when all have been called.

        Parameters
        ----------
        call : callable
            Called with each.
        """
        problem: BaseException | None = None
        for process in tuple(self.processes):
            try:
                call(process)
            except BaseException as error:
                problem = problem or error
        if problem is not None:
            raise problem

    def find(self, kind: type[P]) -> P:
        """The process, or the brain's rule, of a class.

        Parameters
        ----------
        kind : type
            The class itself, not one it derives from.

        Returns
        -------
        Parameterized
            The part.

        Raises
        ------
        UnknownNameError
            There is none.
        """
        found: Iterable[Parameterized] = (*self.processes, *self.rules.values())
        for part in found:
            if type(part) is kind:
                return part
        raise unknown_name("Network", "process", kind.__name__, [p.name for p in self.processes])

    # -- changes

    @whole
    def freeze(self, mechanism: str, frozen: bool) -> None:
        """Freeze or release a mechanism.

        Parameters
        ----------
        mechanism : str
            Of `SWITCHES`.
        frozen : bool
            Whether it stops.
        """
        self.frozen[mechanism] = frozen
        self.parameters_changed()

    def keep_spikes(self, steps: int) -> None:
        """Let the spike ring reach back so far; called from `Process.bind`.

        Parameters
        ----------
        steps : int
            How far at least.
        """
        self.spikes_kept = max(self.spikes_kept, steps)

    @alone
    def flush_log(self) -> None:
        """Hand the logged spikes to those who asked for them."""
        clock = self.tables["clock"]
        n = int(clock[LOGGED])
        if n:
            steps, neurons = self.tables["log_step"][:n], self.tables["log_neuron"][:n]
            try:
                self.each(lambda p: p.log(steps, neurons) if p.logged_regions() else None)
            finally:
                clock[LOGGED] = 0
