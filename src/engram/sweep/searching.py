"""Searches: Optuna chooses the points, the file of a sweep keeps what came of them."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    brief,
    flag,
    integer,
    label,
    number,
)
from engram.parameters.checks import choice
from engram.progress import Progress, Report, reporting
from engram.sweep.arguments import (
    check,
    check_fixed,
    check_names,
    file_at,
    name_of,
    seeds_of,
    storable,
    values_of,
)
from engram.sweep.running import run_all, runner
from engram.sweep.store import DONE, FAILED, PRUNED, Outcome, Store, Trial, contents, stored
from engram.sweep.workers import Step

Space = Mapping[str, "Range | Sequence[Any]"]


@dataclass(frozen=True)
class Range:
    """All numbers between two, both included.

    Parameters
    ----------
    low, high : int or float
        The ends. Whole numbers are searched if both are.
    log : bool
        Whether factors count instead of differences; then `low` is above 0.

    Examples
    --------
    >>> from engram.sweep import Range
    >>> Range(1e-4, 1e-1, log=True)
    Range(low=0.0001, high=0.1, log=True)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        flag("Range: log", self.log)
        if self.whole:
            integer("Range: low", self.low, 1 if self.log else None)
            integer("Range: high", self.high, int(self.low))
        else:
            number("Range: low", self.low, *((0.0,) if self.log else ()), open_low=self.log)
            number("Range: high", self.high, self.low)

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, Integral) and isinstance(self.high, Integral)


def search(
    function: Callable[..., Any],
    space: Space,
    *,
    path: str | os.PathLike[str],
    n_trials: int,
    metric: str = "result",
    direction: str = "maximize",
    seeds: Iterable[int] = (0,),
    jobs: int = 1,
    sampler: Any = None,
    pruner: Any = None,
    seed: int = 0,
    progress: Progress = None,
    fixed: Mapping[str, Any] | None = None,
    name: str | None = None,
    time_limit: float | None = None,
    client: Any = None,
) -> Any:
    """Look for the point where a figure of ``function(seed=..., **parameters)`` is best.

    Optuna chooses the points; everything else is as in `run_sweep`. The same call goes on with a
    search that was cut off: what has ended is told to Optuna again and not run again. With jobs=1
    it tries the same points then as if it had not been cut off; docs/sweeps.md says on what terms.

    Parameters
    ----------
    function : callable
        See `run_sweep`. If it is a generator function, `pruner` may end it after each yield.
    space : dict
        By name of a parameter, a `Range`, or a list of values.
    path : path
        The SQLite file.
    n_trials : int
        Points in all, with those that the file has.
    metric : str
        The figure. A function that returns a number has one, "result".
    direction : {"maximize", "minimize"}
        What is best.
    seeds : iterable of int
        At each point; the mean of the figure counts.
    jobs : int
        Calls of the function at a time; -1: one for each core, or for each thread of a cluster.
    sampler : optuna.samplers.BaseSampler
        What chooses. None: TPESampler(seed=seed).
    pruner : optuna.pruners.BasePruner
        What ends trials that do badly. None: nothing.
    seed : int
        Of the sampler, if none is given.
    progress : None, bool or function
        See `run_sweep`; points are counted.
    fixed, name, time_limit, client : object
        See `run_sweep`.

    Returns
    -------
    optuna.Study
        In memory: `best_params`, `best_value`, `trials_dataframe()` and so on. A point that had a
        failed trial, or NaN, has the state FAIL.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        An argument can't be, another sweep is writing to the file, or there is no such figure.
    SweepFileError, ClusterError
        See `run_sweep`.
    MissingExtraError
        Optuna is not installed, or Dask for a client.

    Examples
    --------
    >>> from engram.sweep import Range, search
    >>> def height(seed, x):
    ...     return -((x - 2) ** 2)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = search(height, {"x": Range(0, 9)}, path=f"{folder}/heights.db", n_trials=25)
    >>> study.best_params
    {'x': 2}
    """
    where = "search"
    check(where, function, jobs, time_limit, progress)
    fixed = check_fixed(where, fixed)
    name = name_of(where, function, name)
    study = _study(where, name, direction, sampler, pruner, seed)
    axes = _axes(where, space, fixed)
    integer(f"{where}: n_trials", n_trials, 1)
    label(f"{where}: metric", metric)
    file, asked = file_at(where, path), seeds_of(where, seeds)
    with (
        runner(where, function, (), jobs, time_limit, client) as run,
        Store(file).locked() as store,
        reporting(progress, "search") as report,
    ):
        found = _Search(study, axes, store, name, fixed, asked, metric, report, n_trials)
        run_all(run, found.trials(), store, found.judge if pruner else None, found.ended)
    return study


def _optuna(where: str) -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError(where, "optuna", "sweep") from error
    return optuna


def _check_kind(where: str, what: str, given: Any, kind: type) -> None:
    if given is not None and not isinstance(given, kind):
        raise InvalidTypeError(
            f"{where}: {what} must be one of optuna.{what}s, or None, not {brief(given)}"
        )


def _study(where: str, name: str, direction: str, sampler: Any, pruner: Any, seed: int) -> Any:
    """A study in memory, without a line on the terminal."""
    optuna = _optuna(where)
    choice(f"{where}: direction", direction, ("maximize", "minimize"))
    # Optuna's samplers take no more.
    integer(f"{where}: seed", seed, 0, 2**32 - 1)
    _check_kind(where, "sampler", sampler, optuna.samplers.BaseSampler)
    _check_kind(where, "pruner", pruner, optuna.pruners.BasePruner)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            # Some pruners draw from the name.
            study_name=name,
            direction=direction,
            sampler=sampler or optuna.samplers.TPESampler(seed=seed),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
    finally:
        optuna.logging.set_verbosity(before)


class _Axis:
    """A parameter: Optuna's distribution, and what its values mean."""

    def __init__(self, given: Range | list[Any]) -> None:
        from optuna import distributions as kinds

        self._values: list[Any] | None = None
        if isinstance(given, Range):
            kind = kinds.IntDistribution if given.whole else kinds.FloatDistribution
            number_of = int if given.whole else float
            self.distribution = kind(number_of(given.low), number_of(given.high), log=given.log)
            return
        # Optuna knows words and numbers; anything else goes by its text.
        by_text = {stored(value): value for value in given}
        plain = {text: json.loads(text) for text in by_text}
        self._choices = {
            text: text if isinstance(value, (list, dict)) else value
            for text, value in plain.items()
        }
        self._values = list(by_text.values())
        self.distribution = kinds.CategoricalDistribution(list(self._choices.values()))

    def value(self, chosen: Any) -> Any:
        """What the function gets for what Optuna has chosen."""
        if self._values is None:
            return chosen
        return self._values[int(self.distribution.to_internal_repr(chosen))]

    def chosen(self, value: Any) -> Any:
        """What Optuna would have chosen for a value of the file; LookupError: nothing."""
        if self._values is not None:
            return self._choices[stored(value)]
        low, high = self.distribution.low, self.distribution.high
        if isinstance(value, bool) or not isinstance(value, type(low)) or not low <= value <= high:
            raise LookupError
        return value


def _axes(where: str, space: Any, fixed: Mapping[str, Any]) -> dict[str, _Axis]:
    if not isinstance(space, Mapping) or not space:
        raise InvalidTypeError(
            f"{where}: space must be a dict of Range(low, high) or lists of values by name, not "
            f"{brief(space)}"
        )
    check_names(where, "space", space, fixed)
    axes = {}
    for name, given in space.items():
        if not isinstance(given, Range):
            given = values_of(where, "space", name, given)
            if not given:
                raise InvalidValueError(f"{where}: space[{name!r}] is empty; it needs a value")
            for value in given:
                storable(where, {name: value})
        axes[name] = _Axis(given)
    storable(where, fixed)
    return axes


class _Point:
    """A point: who has asked for it, and what is known of it, by seeds."""

    def __init__(self) -> None:
        self.trials: list[Any] = []
        self.known: dict[int, Outcome] = {}
        self.running = 0
        self.asked = self.stopped = False

    def ended(self, seeds: Sequence[int]) -> bool:
        """Whether no more of it has to be run."""
        states = [self.known[seed].status if seed in self.known else None for seed in seeds]
        return PRUNED in states or FAILED in states or all(state == DONE for state in states)

    def steps(self, seeds: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        """The figures of each step, of the first seed that got so far."""
        found: dict[int, Mapping[str, Any]] = {}
        for seed in seeds:
            if seed in self.known:
                found |= {
                    k: step for k, step in enumerate(self.known[seed].steps) if k not in found
                }
        return found


class _Search:
    """Between Optuna and the file: which trials are next, and what is told of them."""

    def __init__(
        self,
        study: Any,
        axes: dict[str, _Axis],
        store: Store,
        name: str,
        fixed: Mapping[str, Any],
        seeds: list[int],
        metric: str,
        report: Report | None,
        n: int,
    ) -> None:
        self._study, self._axes, self._store, self._name = study, axes, store, name
        self._fixed, self._seeds, self._metric, self._report = fixed, seeds, metric, report
        self._n = n
        self._asked = self._told = 0
        self._reported: set[tuple[int, int]] = set()
        self._points: dict[str, _Point] = {}
        for row in store.rows_of(name):
            if row["seed"] not in seeds or self._chosen(contents(row, "parameters")) is None:
                continue
            point = self._points.setdefault(row["parameters"], _Point())
            if row["status"] in (DONE, PRUNED):
                point.known[row["seed"]] = Outcome(
                    contents(row, "result"),
                    None,
                    row["duration_s"],
                    contents(row, "yielded"),
                    row["status"] == PRUNED,
                )

    def _chosen(self, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """What Optuna would have chosen for parameters of the file. None: nothing."""
        if parameters.keys() != {*self._axes, *self._fixed}:
            return None
        if any(stored(parameters[name]) != stored(value) for name, value in self._fixed.items()):
            return None
        try:
            return {name: axis.chosen(parameters[name]) for name, axis in self._axes.items()}
        except LookupError:
            return None

    @property
    def _distributions(self) -> dict[str, Any]:
        return {name: axis.distribution for name, axis in self._axes.items()}

    def trials(self) -> Iterator[Trial]:
        """What to run next, chosen when it is asked for, until there are enough points."""
        if sum(point.ended(self._seeds) for point in self._points.values()) >= self._n:
            self._add_rest()
        while self._asked < self._n:
            asking = self._study.ask(self._distributions)
            self._asked += 1
            chosen = {name: axis.value(asking.params[name]) for name, axis in self._axes.items()}
            parameters = {**self._fixed, **chosen}
            key = stored(parameters)
            if key not in self._points:
                self._points[key] = _Point()
                self._points[key].asked = True
                # Up to here a search that was cut off has been repeated.
                self._add_rest()
            point = self._points[key]
            point.asked = True
            point.trials.append(asking)
            if point.ended(self._seeds) and not point.running:
                self._tell(point)
            elif not point.running:
                yield from self._of(point, parameters)

    def _of(self, point: _Point, parameters: Mapping[str, Any]) -> Iterator[Trial]:
        """The trials of a point, until one ends it."""
        for seed in self._seeds:
            if point.stopped or point.ended(self._seeds):
                return
            if seed not in point.known:
                trial = Trial(self._name, parameters, seed)
                self._store.enter([trial])
                point.running += 1
                yield trial

    def _add_rest(self) -> None:
        """Tell of the points in the file that the sampler has not proposed; go on with the open."""
        import optuna

        for key, point in self._points.items():
            if point.asked:
                continue
            point.asked = True
            chosen = self._chosen(json.loads(key))
            if not point.ended(self._seeds):
                self._study.enqueue_trial(chosen)
                continue
            state, value = self._state(point)
            steps = {k: self._figure(step) for k, step in point.steps(self._seeds).items()}
            self._study.add_trial(
                optuna.create_trial(
                    state=state,
                    value=value,
                    params=chosen,
                    distributions=self._distributions,
                    intermediate_values={k: x for k, x in steps.items() if x is not None},
                )
            )
            self._asked += 1
            self._told += 1
            self._say()

    def _say(self) -> None:
        if self._report is not None:
            self._report(self._told, self._n)

    def judge(self, trial: Trial, step: Step) -> bool:
        """Whether a trial goes on: the pruner says so."""
        point = self._points[stored(trial.parameters)]
        if not point.stopped:
            point.stopped = self._prunes(point.trials[0], step)
        return not point.stopped

    def _prunes(self, asking: Any, step: Step) -> bool:
        """Report a step, once, and ask."""
        value = self._figure(step.figures)
        if value is None or (asking.number, step.number) in self._reported:
            return False
        self._reported.add((asking.number, step.number))
        asking.report(value, step.number)
        return bool(asking.should_prune())

    def _figure(self, figures: Mapping[str, Any] | None) -> float | None:
        """The metric as a number; None if there is none."""
        value = (figures or {}).get(self._metric)
        return float(value) if isinstance(value, (int, float)) else None

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        """Take note of what came of a trial; tell Optuna when its point has ended."""
        point = self._points[stored(trial.parameters)]
        point.known[trial.seed] = outcome
        point.running -= 1
        if not point.running and point.ended(self._seeds):
            self._tell(point)

    def _tell(self, point: _Point) -> None:
        state, value = self._state(point)
        for asking in point.trials:
            for k, figures in point.steps(self._seeds).items():
                self._prunes(asking, Step(k, figures))
            # A pruned trial gets the value of its last step.
            self._study.tell(asking, None if state.name == "PRUNED" else value, state)
            self._told += 1
        point.trials.clear()
        self._say()

    def _state(self, point: _Point) -> tuple[Any, float | None]:
        """What Optuna calls a point that has ended, and its value."""
        import optuna

        states = optuna.trial.TrialState
        outcomes = [point.known[seed] for seed in self._seeds if seed in point.known]
        if any(outcome.error for outcome in outcomes):
            return states.FAIL, None
        if any(outcome.pruned for outcome in outcomes):
            steps = [self._figure(step) for step in point.steps(self._seeds).values()]
            return states.PRUNED, next((x for x in reversed(steps) if x is not None), None)
        # NaN is kept as None.
        values = [(outcome.figures or {}).get(self._metric, "") for outcome in outcomes]
        for value, outcome in zip(values, outcomes, strict=True):
            if not isinstance(value, (int, float, type(None))):
                raise InvalidValueError(
                    f"search: metric: the function gave {brief(outcome.figures)}, with no number "
                    f"{self._metric!r}; name one of its figures"
                )
        if None in values:
            return states.FAIL, None
        return states.COMPLETE, statistics.fmean(values)
