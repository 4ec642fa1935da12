"""``engram run experiment.toml``: a brain, what happens to it, and what is kept, from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import engram
from engram.brain import Brain
from engram.checkpoint.folder import check_writable
from engram.cli.tables import Table, read
from engram.errors import EngramError, InvalidValueError, brief
from engram.neurons import FiringPattern, NeuronType
from engram.persistence import save_brain
from engram.plasticity import RULES
from engram.progress import Report
from engram.recording import Recorder, SpikeRecorder, WeightRecorder
from engram.synapses import Neurotransmitter, ShortTermPlasticity

MODELS: dict[str, Any] = {
    name.lower(): getattr(engram, name)
    for name in ("Izhikevich", "LIF", "CurrentLIF", "AdEx", "PoissonSource", "Relay")
}
TRANSMITTERS = {nt.name.lower(): nt for nt in Neurotransmitter}
PATTERNS = {pattern.name.lower(): pattern for pattern in FiringPattern}
SENDERS = {"excitatory": NeuronType.EXCITATORY, "inhibitory": NeuronType.INHIBITORY, "all": None}
DRAWN = {"uniform": engram.Uniform, "normal": engram.Normal, "lognormal": engram.LogNormal}
NUMBER = (float, dict)
PROJECTION = (
    "source",
    "target",
    "density",
    "wiring",
    "in_degree",
    "weights",
    "delays",
    "w_min",
    "w_max",
    "name",
    "transmitter",
    "from",
    "onto",
    "rule",
    "short_term",
)
"""Keys of a projection."""

ACT = (
    "present",
    "values",
    "steps",
    "steps_ms",
    "rest",
    "rest_ms",
    "reward",
    "punish",
    "target",
    "run",
    "run_ms",
    "sleep",
    "repeat",
)
"""Keys of an entry of the protocol."""

MOST_REPEATS = 1_000_000


@dataclass
class Experiment:
    """What a file asks for.

    Parameters
    ----------
    brain : Brain
        Built, not run yet.
    recorders : dict of str to Recorder
        By the name under which their arrays are kept.
    acts : list of (int, callable)
        Steps that each takes, and what to call.
    folder : Path
        Where results go.
    keep_brain : bool
        Whether the brain is saved at the end.
    pictures : bool
        Whether recordings are drawn.
    """

    brain: Brain
    recorders: dict[str, Recorder]
    acts: list[tuple[int, Callable[[], object]]]
    folder: Path
    keep_brain: bool
    pictures: bool


@contextmanager
def _saying(table: Table) -> Iterator[None]:
    """Let what Engram refuses name the line of the table."""
    try:
        yield
    except EngramError as error:
        raise table.said(error) from None


def load(path: Path, folder: Path | None = None, seed: int | None = None) -> Experiment:
    """Build what a file describes.

    Parameters
    ----------
    path : Path
        Of the file; docs/experiments.md has the schema.
    folder : Path, optional
        Where results go. None: where the file says, from its own folder on.
    seed : int, optional
        Of the brain. None: what the file says.

    Returns
    -------
    Experiment
        Built, not run yet.

    Raises
    ------
    InvalidValueError
        Something is wrong; the message has the line.
    """
    file = read(path)
    file.only("brain", "regions", "projections", "inputs", "record", "protocol", "output")
    brain = _brain(file.table("brain"), seed)
    regions = file.table("regions")
    for name, table in regions.named():
        _region(brain, name, table)
    if not brain.regions:
        raise file.wrong(None, "there is no region; one is a table [regions.NAME]")
    for table in file.tables("projections"):
        _projection(brain, table)
    for table in file.tables("inputs"):
        _input(brain, table)
    recorders: dict[str, Recorder] = {}
    for table in file.tables("record"):
        _record(brain, table, recorders)
    acts = [act for table in file.tables("protocol") for act in _acts(brain, table)]
    if not acts:
        raise file.wrong(None, "nothing happens; an act is a table [[protocol]]")
    output = file.table("output")
    output.only("folder", "brain", "pictures")
    named = output.take("folder", str, f"{path.stem}-results")
    made = Experiment(
        brain,
        recorders,
        acts,
        path.parent / named if folder is None else folder,
        output.take("brain", bool, True),
        output.take("pictures", bool, True),
    )
    output.done()
    file.done()
    return made


def _brain(table: Table, seed: int | None) -> Brain:
    table.only("dt", "seed", "mechanisms", "threads")
    given = table.take("seed", int, None)
    with _saying(table):
        brain = Brain(
            dt=table.take("dt", float, 1.0),
            seed=given if seed is None else seed,
            mechanisms=table.take("mechanisms", (str, list), "all"),
            threads=table.take("threads", int, None),
        )
    table.done()
    return brain


def _values(table: Table, key: str, default: Any) -> Any:
    """A number, or a distribution: { uniform = [1.0, 5.0] }."""
    value = table.take(key, NUMBER, default)
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or next(iter(value)).lower() not in DRAWN:
        names = ", ".join(f"{{ {name} = [..] }}" for name in DRAWN)
        raise table.wrong(key, f"'{key}' must be a number or one of {names}")
    ((name, arguments),) = value.items()
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise table.wrong(key, f"'{key}': {name} takes two numbers in a list")
    with _saying(table):
        return DRAWN[name.lower()](*arguments)


def _with_parameters(table: Table, key: str, choices: dict[str, Any], default: Any) -> Any:
    """A model or rule, by name, or by a table with a name and parameters."""
    if key not in table:
        table.take(key, str, None)
        return default
    if not isinstance(table.take(key, (str, dict)), dict):
        with _saying(table):
            return table.among(key, choices)()
    inner = table.table(key)
    kind = inner.among("name", choices)
    with _saying(inner):
        return kind(**inner.rest())


def _region(brain: Brain, name: str, table: Table) -> None:
    table.only(
        "type",
        "neurons",
        "model",
        "pattern",
        "connectivity",
        "excitatory",
        "background",
        "noise",
        "max_neurons",
    )
    options: dict[str, Any] = {
        "region_type": table.take("type", str, "association"),
        "n_neurons": table.take("neurons", int),
        "model": _with_parameters(table, "model", MODELS, None),
        "excitatory": table.take("excitatory", float, None),
        "background": _values(table, "background", 0.0),
        "noise": table.take("noise", float, None),
        "max_neurons": table.take("max_neurons", int, None),
    }
    if "connectivity" in table:
        options["connectivity"] = table.take("connectivity", float)
    pattern = table.among("pattern", PATTERNS, None)
    with _saying(table):
        brain.add_region(name, patterns=pattern, **options)
    table.done()


def _projection(brain: Brain, table: Table) -> None:
    table.only(*PROJECTION)
    options: dict[str, Any] = {}
    for key in ("density", "w_min", "w_max"):
        if key in table:
            options[key] = table.take(key, float)
    if "from" in table:
        options["source_type"] = table.among("from", SENDERS)
    if "onto" in table:
        options["target_type"] = table.among("onto", SENDERS)
    stp = table.table("short_term")
    rule = _with_parameters(table, "rule", {**RULES, "none": lambda: None}, "default")
    source, target = table.take("source", str), table.take("target", str)
    nt = table.among("transmitter", TRANSMITTERS, Neurotransmitter.GLUTAMATE)
    weights, delays = _values(table, "weights", None), _values(table, "delays", None)
    wiring, degree = table.take("wiring", str, "random"), table.take("in_degree", int, None)
    name = table.take("name", str, None)
    if nt is Neurotransmitter.GABA:
        options.setdefault("source_type", NeuronType.INHIBITORY)
    with _saying(table):
        parameters = stp.rest()
        brain.connect_regions(
            source,
            target,
            nt=nt,
            wiring=wiring,
            in_degree=degree,
            weights=weights,
            delays=delays,
            rule=rule,
            stp=ShortTermPlasticity(**parameters) if "short_term" in table else None,
            name=name,
            **options,
        )
    table.done()


def _input(brain: Brain, table: Table) -> None:
    table.only("region", "rate", "weight", "n")
    with _saying(table):
        brain.poisson_input(
            table.take("region", str),
            table.take("rate", float),
            table.take("weight", float),
            table.take("n", int, 1),
        )
    table.done()


def _record(brain: Brain, table: Table, recorders: dict[str, Recorder]) -> None:
    table.only("what", "regions", "neurons", "every", "projection")
    what = table.take("what", str)
    options: dict[str, Any] = {}
    if "every" in table:
        options["every"] = table.take("every", float)
    if "neurons" in table:
        options["neurons"] = table.take("neurons", list)
    of: Any = table.take("regions", list, None)
    label = what
    with _saying(table):
        if what == "weights":
            label = table.take("projection", str)
            of = next((p for p in brain.projections if p.label == label), None)
            if of is None:
                known = ", ".join(p.label for p in brain.projections)
                raise InvalidValueError(f"there is no projection {label!r}; there are {known}")
        elif of is not None:
            label = f"{what}.{'+'.join(map(str, of))}"
        if label in recorders:
            raise InvalidValueError(f"{label} is recorded already")
        recorders[label] = brain.record(what, of, **options)
    table.done()


def _acts(brain: Brain, table: Table) -> list[tuple[int, Callable[[], object]]]:
    """What an entry of the protocol does, as often as it says."""
    table.only(*ACT)
    acts: list[tuple[int, Callable[[], object]]] = []
    if "present" in table:
        region, values = table.take("present", str), table.take("values", list)
        steps, rest = _steps(table, "steps", brain), _steps(table, "rest", brain, 0)
        if region not in brain.regions:
            raise table.wrong("present", f"there is no region {region!r}")
        acts.append((steps + rest, lambda: brain.present(region, values, steps, rest)))
    for key, act in (("reward", brain.reward), ("punish", brain.punish)):
        if key in table:
            amount, target = table.take(key, float), table.take("target", str)
            with _saying(table):
                brain.dopamine(target)
            acts.append((0, lambda act=act, a=amount, t=target: act(a, target=t)))  # type: ignore[misc]
    if "run" in table or "run_ms" in table:
        n = _steps(table, "run", brain)
        acts.append((n, lambda: brain.run(n, progress=False)))
    if "sleep" in table:
        ms = _not_negative(table, "sleep", float)
        acts.append((round(ms / brain.dt), lambda: brain.sleep(ms)))
    repeat: int = table.take("repeat", int, 1)
    if not 1 <= repeat <= MOST_REPEATS:
        raise table.wrong(
            "repeat", f"'repeat' must be from 1 to {MOST_REPEATS:,}, not {brief(repeat)}"
        )
    if not acts:
        raise table.wrong(
            None, "an act has 'present', 'reward', 'punish', 'run', 'run_ms' or 'sleep'"
        )
    table.done()
    return [(steps, _said(table, act)) for steps, act in acts] * repeat


def _not_negative(table: Table, key: str, kind: type, default: Any = ...) -> Any:
    value = table.take(key, kind, default)
    if not 0 <= value < np.inf:
        raise table.wrong(key, f"'{key}' must be a number from 0 on, not {brief(value)}")
    return value


def _steps(table: Table, key: str, brain: Brain, default: Any = ...) -> int:
    """How many steps: said as such by a key, or in ms by the key with _ms."""
    in_ms = f"{key}_ms"
    if in_ms not in table:
        return int(_not_negative(table, key, int, default))
    if key in table:
        raise table.wrong(in_ms, f"give '{key}' (steps) or '{in_ms}' (ms), not both")
    return round(float(_not_negative(table, in_ms, float)) / brain.dt)


def _said(table: Table, act: Callable[[], object]) -> Callable[[], object]:
    """An act whose errors name the line of its table."""

    def called() -> object:
        with _saying(table):
            return act()

    return called


def run(experiment: Experiment, report: Report | None, *, overwrite: bool = False) -> list[Path]:
    """Let it happen and keep what was asked for; if it is cut short, what there is by then.

    Parameters
    ----------
    experiment : Experiment
        What to do.
    report : callable or None
        Called with steps done and steps in all.
    overwrite : bool
        Whether results may replace those of an earlier run.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InvalidValueError
        There is something in the folder already, and it may not be overwritten.
    """
    folder = experiment.folder
    check_writable(folder.parent)
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise InvalidValueError(
            f"{folder}: there are results already; name another folder with --output, or replace "
            f"them with --overwrite"
        )
    folder.mkdir(exist_ok=True)
    try:
        _act(experiment, report)
    except (KeyboardInterrupt, EngramError):
        if experiment.brain.step_count:  # perhaps hours have gone by
            _keep(experiment)
        raise
    return _keep(experiment)


def _act(experiment: Experiment, report: Report | None) -> None:
    total, done = sum(steps for steps, _ in experiment.acts), 0
    for steps, act in experiment.acts:
        act()
        done += steps
        if report is not None:
            report(done, total)


def _keep(experiment: Experiment) -> list[Path]:
    """Write what was asked for."""
    folder = experiment.folder
    for recorder in experiment.recorders.values():
        recorder.detach()
    written = []
    if experiment.recorders:
        written.append(folder / "recordings.npz")
        np.savez_compressed(written[-1], **arrays(experiment.recorders))
    if experiment.keep_brain:
        written.append(save_brain(experiment.brain, folder / "brain"))
    if experiment.pictures:
        written += draw(experiment)
    return written


def arrays(recorders: dict[str, Recorder]) -> dict[str, Any]:
    """What was recorded, as arrays.

    Parameters
    ----------
    recorders : dict of str to Recorder
        By name.

    Returns
    -------
    dict of str to array
        "spikes.REGION.times" (ms) and ".neurons"; of others "NAME.times" (ms) and ".values".
    """
    found: dict[str, Any] = {}
    for label, recorder in recorders.items():
        if isinstance(recorder, SpikeRecorder):
            for region in recorder.regions:
                times, neurons = recorder.spikes(region)
                found[f"spikes.{region}.times"], found[f"spikes.{region}.neurons"] = times, neurons
            continue
        sampled: Any = recorder
        found[f"{label}.times"], found[f"{label}.values"] = sampled.times, sampled.values
        if isinstance(recorder, WeightRecorder):
            found[f"{label}.pre"], found[f"{label}.post"] = recorder.pre, recorder.post
    return found


def draw(experiment: Experiment) -> list[Path]:
    """Pictures of what was recorded, if there is Matplotlib.

    Parameters
    ----------
    experiment : Experiment
        After it has run.

    Returns
    -------
    list of Path
        The files written.
    """
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        return []
    import matplotlib

    matplotlib.use("Agg")
    from engram import plots

    drawings: dict[str, Any] = {
        "SpikeRecorder": plots.raster,
        "RateRecorder": plots.rates,
        "StateRecorder": plots.traces,
        "WeightRecorder": plots.weights_over_time,
    }
    written = []
    for label, recorder in experiment.recorders.items():
        drawing = drawings.get(type(recorder).__name__)
        if drawing is not None:
            name = "".join(c if c.isalnum() or c in ".+-" else "_" for c in label)
            written.append(plots.save(drawing(recorder), experiment.folder / f"{name}.png"))
    return written
