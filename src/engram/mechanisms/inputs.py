"""Lasting inputs of regions: who has which, and what the loops need of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.engine import loops
from engram.errors import InvalidTypeError, InvalidValueError, brief
from engram.errors import indices as checked_indices
from engram.kernels.constants import BLOCK, LAST_STEP
from engram.mechanisms.lasting import PoissonInput, TimedInput, chances, restored
from engram.network import inputs
from engram.network.interrupts import whole
from engram.network.network import Process, Saved
from engram.network.records import RegionRecord
from engram.network.times import whole_steps
from engram.stimulus import TimedArray

NOBODY = np.zeros(0, np.int32)

PARTS = np.arange(BLOCK) / BLOCK
"""Where the parts begin by which chances are looked up."""


class GivenSpikes(Protocol):
    """A neuron model with `has_given_spikes`; see `engram.SpikeTimes` for each of these."""

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the spikes, ms, in ascending order."""

    @property
    def neurons(self) -> NDArray[np.int32]:
        """Who fires at each."""

    steps: Callable[[float], NDArray[np.int64]]
    without: Callable[[NDArray[np.int64]], None]
    take_spikes: Callable[[ArrayLike, ArrayLike], None]


class Inputs(Process, saved_as="engram.inputs:Inputs"):
    """Carries the lasting inputs: what drives regions from outside, without Python in the loop."""

    name = "inputs"
    order = 5

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._inputs: list[PoissonInput | TimedInput] = []
        self._laid_out = False

    @property
    def present(self) -> tuple[PoissonInput | TimedInput, ...]:
        """The inputs that are not removed, in the order in which they were added."""
        return tuple(i for i in self._inputs if self._is_there(i.record))

    def _is_there(self, region: RegionRecord) -> bool:
        return self.network.regions.get(region.name) is region

    def _sources(self) -> list[tuple[RegionRecord, GivenSpikes]]:
        """The regions whose spikes are given."""
        regions = self.network.regions.values()
        return [(r, cast(GivenSpikes, r.model)) for r in regions if r.model.has_given_spikes]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to carry."""
        return not (self.present or self._sources())

    # -- adding

    @whole
    def poisson(
        self, region: str, rate: float, weight: float, n: int, indices: ArrayLike | None
    ) -> PoissonInput:
        """Add Poisson spikes; see `Brain.poisson_input`.

        Parameters
        ----------
        region : str
            Name of the region.
        rate : float
            Of each source, Hz.
        weight : float
            Of each spike.
        n : int
            Sources a neuron.
        indices : array_like of shape (k,), optional
            Neurons of the region. None: all.

        Returns
        -------
        PoissonInput
            The new one.
        """
        where = "Brain.poisson_input"
        record = self.network.region(where, region)
        neurons = self._neurons(where, record, indices)
        tag = self.network.tag + 1
        made = PoissonInput(record, neurons, tag, rate=rate, weight=weight, n=n)
        self.network.next_tag()
        self._carry(made)
        return made

    @whole
    def timed(self, region: str, values: TimedArray, indices: ArrayLike | None) -> TimedInput:
        """Let the input of a region follow an array; see `Brain.drive`.

        Parameters
        ----------
        region : str
            Name of the region.
        values : TimedArray
            What to follow, from now on.
        indices : array_like of shape (k,), optional
            Neurons of the region. None: all.

        Returns
        -------
        TimedInput
            The new one.
        """
        where, network = "Brain.drive", self.network
        record = network.region(where, region)
        if not isinstance(values, TimedArray):
            raise InvalidTypeError(
                f"{where}: values must be a TimedArray(values, dt), not {brief(values)}"
            )
        every = whole_steps(f"{where}: dt of the TimedArray", values.dt, network.dt)
        if not 1 <= every <= LAST_STEP:
            raise InvalidValueError(
                f"{where}: dt of the TimedArray must be at least that of the brain, "
                f"{network.dt:g} ms, not {values.dt:g}"
            )
        rows = values.values.reshape(len(values.values), -1)
        neurons = self._neurons(where, record, indices)
        if values.values.ndim == 2:
            if neurons is None:
                neurons = np.arange(network.count(record), dtype=np.int32)
            if len(neurons) != rows.shape[1]:
                raise InvalidValueError(
                    f"{where}: values must have a column for each of {len(neurons)} neurons, "
                    f"not {rows.shape[1]}; a TimedArray of shape (n,) holds for all of them"
                )
        inputs.check_rate(network, record, float(rows.max()))
        inputs.note_stimulus(network, network.step_count)
        made = TimedInput(record, neurons, rows, every, network.step_count)
        self._carry(made)
        return made

    def _neurons(
        self, where: str, region: RegionRecord, given: ArrayLike | None
    ) -> NDArray[np.int32] | None:
        if given is None:
            return None
        count = self.network.count(region)
        chosen = checked_indices(f"{where}: indices", given, count)
        if not len(chosen) or len(np.unique(chosen)) != len(chosen):
            raise InvalidValueError(
                f"{where}: indices must be different neurons, one at least, not {brief(given)}"
            )
        return chosen.astype(np.int32)

    def _carry(self, made: PoissonInput | TimedInput) -> None:
        if isinstance(made, PoissonInput):
            made.attach(functools.partial(self._set, made.record))
        made.end_with(lambda: self._remove(made))
        self._inputs.append(made)
        self._changed()

    def _set(self, region: RegionRecord, change: Callable[..., None], *args: Any) -> None:
        """Change a setting of an input, as long as its region is there."""
        region.present()
        self.network.change(change, *args)

    @whole
    def _remove(self, gone: PoissonInput | TimedInput) -> None:
        self._inputs.remove(gone)
        self._changed()

    def _changed(self) -> None:
        self._laid_out = False
        self.network.parameters_changed()

    # -- what happens to the network

    def region_added(self, region: RegionRecord) -> None:
        """Refuse given spikes that can't be.

        Parameters
        ----------
        region : RegionRecord
            The new one.

        Raises
        ------
        InvalidValueError
            A spike is before the present, of a neuron that the region does not have, or the second
            of a neuron in one step.
        """
        if region.model.has_given_spikes:
            self._check_spikes(region, cast(GivenSpikes, region.model))
        self._laid_out = False

    def _check_spikes(self, region: RegionRecord, model: GivenSpikes) -> None:
        if not len(model.times):
            return
        network, where = self.network, f"Region {region.name!r}: SpikeTimes"
        steps, count, dt = model.steps(network.dt), network.count(region), network.dt
        if model.neurons.max() >= count:
            raise InvalidValueError(
                f"{where}: neurons must be in [0, {count - 1}]; one is {model.neurons.max()}; give "
                f"the region more n_neurons"
            )
        if steps[0] < network.step_count:
            raise InvalidValueError(
                f"{where}: a spike at {model.times[0]:g} ms is before the present, "
                f"{network.time:g} ms; times count from time 0 of the brain"
            )
        order = np.lexsort((model.neurons, steps))
        s, k = steps[order], model.neurons[order]
        twice = np.flatnonzero((s[1:] == s[:-1]) & (k[1:] == k[:-1]))
        if len(twice):
            first = int(twice[0])
            raise InvalidValueError(
                f"{where}: neuron {k[first]} has two spikes in the step from {s[first] * dt:g} to "
                f"{(s[first] + 1) * dt:g} ms, and a neuron fires once a step; use a smaller dt, or "
                f"leave one out"
            )

    def forget(self, region: str, slots: NDArray[np.int64]) -> None:
        """Leave neurons that died out of inputs that were given for some neurons.

        Parameters
        ----------
        region : str
            Its name.
        slots : array of int64
            Their indices in the region.
        """
        listed = [i for i in self.present if i.region == region and i.neurons is not None]
        sources = [model for record, model in self._sources() if record.name == region]
        for one in listed:
            one.forget(slots)
        for model in sources:
            model.without(slots)
        if listed or sources:
            self._changed()

    # -- what loops read

    def bind(self) -> None:
        """Lay out neurons, values and chances, and say which loops run."""
        present, sources = self.present, self._sources()
        tables, asleep = self.network.tables, self.network.asleep_until is not None
        n = len(present) + len(sources)
        if n != tables.sizes["L"]:
            tables.resize(L=n)
            self._laid_out = False
        tables["fed"][:] = 0
        tables["stimulated_until"][0] = 0
        if not n:
            return
        if not self._laid_out:
            self._lay_out(present, sources)
        self._write_chances(present)
        for k, one in enumerate(present):
            tables["input_region"][k] = one.record.index
            if isinstance(one, PoissonInput):
                tables["fed"][one.record.index] = 1
            elif not asleep:
                until = max(one.until, int(tables["stimulated_until"][0]))
                tables["stimulated_until"][0] = until
        for k, (record, _) in enumerate(sources, len(present)):
            tables["input_region"][k] = record.index
        kinds = [
            "poisson_input" if isinstance(one, PoissonInput) else "timed_input" for one in present
        ]
        kinds += ["given_spikes"] * len(sources)
        entries = [0 if asleep else loops.input_loop(kind).address for kind in kinds]
        tables["input_entry"][:] = entries

    def _lay_out(
        self,
        present: tuple[PoissonInput | TimedInput, ...],
        sources: list[tuple[RegionRecord, GivenSpikes]],
    ) -> None:
        """Write neurons, steps and values one after the other, and where those of each stand."""
        tables = self.network.tables
        neurons = [NOBODY if i.neurons is None else i.neurons for i in present]
        neurons += [model.neurons for _, model in sources]
        steps = [np.zeros(len(i), np.int32) for i in neurons[: len(present)]]
        steps += [np.minimum(m.steps(self.network.dt), LAST_STEP + 1) for _, m in sources]
        values = [i.values if isinstance(i, TimedInput) else None for i in present]
        lengths = [0 if v is None else v.size for v in values]
        ends = np.cumsum([len(i) for i in neurons])
        tables.resize(Y=int(ends[-1]), F=sum(lengths))
        tables["input_neuron"][:] = np.concatenate(neurons)
        tables["input_step"][:] = np.concatenate(steps)
        tables["input_first"][:] = ends - [len(i) for i in neurons]
        tables["input_end"][:] = ends
        tables["input_listed"][:] = True
        at = 0
        for k, (one, rows) in enumerate(zip(present, values, strict=True)):
            tables["input_listed"][k] = one.neurons is not None
            if isinstance(one, TimedInput) and rows is not None:
                tables["input_value"][at : at + rows.size] = rows.reshape(-1)
                tables["input_at"][k] = at
                tables["input_rows"][k], tables["input_columns"][k] = rows.shape
                tables["input_every"][k], tables["input_since"][k] = one.every, one.since
                at += rows.size
        self._laid_out = True

    def _write_chances(self, present: tuple[PoissonInput | TimedInput, ...]) -> None:
        """Write the distributions of Poisson counts, and the weights of their spikes."""
        tables, dt = self.network.tables, self.network.dt
        poisson = [(k, one) for k, one in enumerate(present) if isinstance(one, PoissonInput)]
        found = [chances(one.mean(dt)) for _, one in poisson]
        n = sum(len(cumulative) for _, cumulative in found)
        if n != tables.sizes["V"]:
            tables.resize(V=n)
        at = 0
        for (k, one), (least, cumulative) in zip(poisson, found, strict=True):
            tables["input_chance"][at : at + len(cumulative)] = cumulative
            guide = np.searchsorted(cumulative, PARTS, side="right")
            same = np.searchsorted(cumulative, PARTS + 1.0 / BLOCK, side="left") == guide
            # Where a part has more than one count, the first is marked by its complement.
            tables["input_guide"][k] = np.where(same, guide, ~guide)
            tables["input_at"][k], tables["input_rows"][k] = at, len(cumulative)
            tables["input_least"][k], tables["input_tag"][k] = least, one.tag
            tables["input_mean"][k], tables["input_weight"][k] = one.mean(dt), one.weight
            at += len(cumulative)

    # -- files

    def save(self) -> Saved:
        """The inputs, and the spikes of sources."""
        entries: list[dict[str, Any]] = []
        arrays: dict[str, NDArray[Any]] = {}
        for k, one in enumerate(self.present):
            entry: dict[str, Any] = {"region": one.region}
            if isinstance(one, PoissonInput):
                entry |= {"kind": "poisson", "tag": one.tag, "values": one.own_values()}
            else:
                entry |= {"kind": "timed", "every": one.every, "since": one.since}
                arrays[f"values{k}"] = one.values.copy()
            if one.neurons is not None:
                arrays[f"neurons{k}"] = one.neurons.copy()
            entries.append(entry)
        sources = self._sources()
        for k, (_, model) in enumerate(sources):
            arrays[f"times{k}"], arrays[f"sources{k}"] = model.times.copy(), model.neurons.copy()
        return {"inputs": entries, "sources": [record.name for record, _ in sources]}, arrays

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Take up the inputs of a saved brain.

        Parameters
        ----------
        values, arrays : dict
            By name, as `save` returned them.

        Raises
        ------
        EngramError
            They can't be used.
        """
        for k, entry in enumerate(values["inputs"]):
            self._carry(restored(self.network, k, entry, arrays))
        for k, name in enumerate(values["sources"]):
            model = self.network.region("inputs: sources", name).model
            if not model.has_given_spikes:
                raise InvalidValueError(f"inputs: region {name!r} has no given spikes")
            cast(GivenSpikes, model).take_spikes(arrays[f"times{k}"], arrays[f"sources{k}"])
        self._changed()
