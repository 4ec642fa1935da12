"""The recorders: spikes, states of neurons, weights, rates and rhythms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, brief, indices
from engram.mechanisms.rhythms import Oscillators
from engram.network import efficacy, pathways, population
from engram.network.identities import identities, places
from engram.network.network import Network
from engram.network.records import GONE, PathwayRecord, RegionRecord
from engram.neurons import NeuronModel
from engram.recording.recorder import OfRegions, Recorder, Sampler, needed_pandas

if TYPE_CHECKING:
    import pandas as pd


class _Regional(OfRegions, Recorder):
    """What recorders of regions say of them."""

    @property
    def of(self) -> str:
        """The regions, in words."""
        return ", ".join(self.regions)

    def _columns(self) -> Any:
        return list(self.regions)


class SpikeRecorder(_Regional):
    """Records the spikes of some regions.

    Neurons are known by their slot: a neuron born into the slot of a dead one goes on under its
    index. What a region fired until it was removed stays readable.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions; `Brain.record` takes all there are by default.
    capacity : int, optional
        Most spikes in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring" or "stream".
    path : str or Path, optional
        The file, of "stream".

    Examples
    --------
    >>> from engram import Brain, SpikeTimes
    >>> brain = Brain(seed=1)
    >>> eye = brain.add_region("eye", n_neurons=2, model=SpikeTimes([1.0, 3.0, 3.0], [0, 0, 1]))
    >>> recorder = brain.record("spikes", "eye")
    >>> brain.run(5)
    >>> times, neurons = recorder.spikes("eye")
    >>> times.tolist(), neurons.tolist()
    ([1.0, 3.0, 3.0], [0, 0, 1])
    """

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        super().__init__(network, ("neuron", "<i4", ()), 0, capacity, overflow, path)
        self._records = tuple(network.regions[name] for name in regions)
        # They stay where they are for life, and others may take their places after it.
        first = [network.first(record) for record in self._records]
        room = network.tables["region_capacity"][[record.index for record in self._records]]
        self._places = [(a, a + int(n)) for a, n in zip(first, room, strict=True)]

    @property
    def logged_regions(self) -> tuple[str, ...]:
        """The regions whose every spike is recorded."""
        return tuple(record.name for record in self._records if not record.removed)

    @property
    def sizes(self) -> dict[str, int]:
        """How many neurons each of the recorded regions has now; of a removed one, fired."""
        return {
            record.name: 1 + int(np.max(self.spikes(record.name)[1], initial=-1))
            if record.removed
            else self._network.count(record)
            for record in self._records
        }

    def log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        """Note down the spikes of the recorded regions (called by the run loop).

        Parameters
        ----------
        steps : array of shape (n,), int32
            When they were.
        neurons : array of shape (n,), int32
            Neuron slots of the brain.
        """
        mine = np.zeros(len(neurons), np.bool_)
        for record, (first, end) in zip(self._records, self._places, strict=True):
            if not record.removed:
                mine |= (neurons >= first) & (neurons < end)
        rows = np.empty(int(mine.sum()), self._dtype)
        rows["step"], rows["neuron"] = steps[mine], neurons[mine]
        self._keep(rows)

    def spikes(self, region: str | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The spikes of one of the recorded regions.

        Parameters
        ----------
        region : str, optional
            Its name. None: the only one.

        Returns
        -------
        times : array of shape (n,), float64
            Starts of the steps, ms.
        neurons : array of shape (n,), int64
            Indices into the region.

        Raises
        ------
        InvalidValueError
            It is not one of the recorded regions.
        """
        names = self.regions
        name = names[0] if region is None and len(names) == 1 else region
        if name not in names:
            raise InvalidValueError(
                f"SpikeRecorder.spikes: region must be one of {names}, not {brief(name)}"
            )
        first, end = self._places[names.index(name)]
        rows = self._rows()
        rows = rows[(rows["neuron"] >= first) & (rows["neuron"] < end)]
        return rows["step"] * self._network.dt, rows["neuron"].astype(np.int64) - first

    def to_pandas(self) -> pd.DataFrame:
        """The spikes as a table. Needs pandas.

        Returns
        -------
        pandas.DataFrame
            Columns time (ms), region, neuron, in order of time.

        Raises
        ------
        MissingExtraError
            Pandas is not installed.
        """
        pandas = needed_pandas()
        parts = []
        for name in self.regions:
            times, neurons = self.spikes(name)
            parts.append(pandas.DataFrame({"time": times, "region": name, "neuron": neurons}))
        table: pd.DataFrame = pandas.concat(parts, ignore_index=True)
        return table.sort_values("time", kind="stable", ignore_index=True)


class StateRecorder(Sampler):
    """Samples one state variable of some neurons of a region.

    `values` has the shape (n_samples, n_neurons), NaN while a neuron is dead; a neuron born into
    the slot of a dead one goes on under its index.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Settings of the region.
    variable : str
        A name that `Region.state` takes.
    neurons : array_like of shape (k,), optional
        Indices in the region. None: all there are.
    every : float, optional
        Sampling interval, ms. None: `usual_every`.
    capacity : int, optional
        Most samples in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".

    Examples
    --------
    >>> from engram import LIF, Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20, model=LIF)
    >>> recorder = brain.record("v", "cortex", neurons=[0, 1], every=2.0)
    >>> brain.run(10)
    >>> recorder.times.tolist(), recorder.values.shape
    ([2.0, 4.0, 6.0, 8.0, 10.0], (5, 2))
    """

    def __init__(
        self,
        network: Network,
        region: RegionRecord,
        variable: str = "v",
        neurons: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self._record, self._variable = region, variable
        dtype, n = population.look(network, region, variable).dtype, network.count(region)
        chosen = np.arange(n) if neurons is None else neurons
        self._neurons = indices("StateRecorder: neurons", chosen, n)
        column = ("value", dtype.str, self._neurons.shape)
        super().__init__(network, column, every, capacity, overflow, path)

    @property
    def variable(self) -> str:
        """Name of the state variable."""
        return self._variable

    @property
    def neurons(self) -> NDArray[np.int64]:
        """The neurons, as indices in the region, shape (k,)."""
        return self._neurons

    @property
    def of(self) -> str:
        """The variable, neurons and region, in words."""
        return f"{self.variable} of {len(self.neurons)} neurons of {self.region}"

    @property
    def region(self) -> str:
        """Name of the region."""
        return self._record.name

    @property
    def orphaned(self) -> bool:
        return self._record.removed

    def _sample(self) -> NDArray[Any]:
        network, region = self._network, self._record
        values: NDArray[Any] = population.look(network, region, self.variable)[self.neurons]
        values[~network.alive(region)[self.neurons]] = np.nan
        return values

    def _columns(self) -> Any:
        return self.neurons


class WeightRecorder(Sampler):
    """Samples the weights of some synapses of a projection.

    `values` has the shape (n_samples, n_synapses). A synapse is known by its neurons, delay and
    birth, so that growth does not mix them up; one that is gone reads NaN.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Settings of the projection.
    synapses : array_like of shape (k,), optional
        Indices into its arrays. None: all there are.
    every : float, optional
        Sampling interval, ms. None: `usual_every`.
    capacity : int, optional
        Most samples in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> a, b = brain.add_region("a"), brain.add_region("b")
    >>> path = brain.connect_regions("a", "b", weights=0.5)
    >>> recorder = brain.record("weights", path, synapses=[0, 1], every=50.0)
    >>> brain.run(200)
    >>> recorder.values.shape  # samples, synapses
    (4, 2)
    """

    usual_every = 100.0

    def __init__(
        self,
        network: Network,
        pathway: PathwayRecord,
        synapses: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        n = pathways.n_synapses(network, pathway)
        chosen = indices(
            "WeightRecorder: synapses", np.arange(n) if synapses is None else synapses, n
        )
        self._pathway = pathway
        self._target_model = network.regions[pathway.target].model
        self._identities = identities(network, pathway)[chosen]
        column = ("value", "<f4", chosen.shape)
        super().__init__(network, column, every, capacity, overflow, path)
        self._places, self._structure_version = chosen, network.structure_version

    @property
    def pre(self) -> NDArray[np.int64]:
        """Presynaptic neurons of the synapses, shape (k,)."""
        return self._identities[:, 0]

    @property
    def post(self) -> NDArray[np.int64]:
        """Postsynaptic neurons of the synapses, shape (k,)."""
        return self._identities[:, 1]

    @property
    def label(self) -> str:
        """The label of the projection, as for `Brain.reward`."""
        return self._pathway.label

    @property
    def target_model(self) -> NeuronModel:
        """The model of the neurons that the synapses end on; weights are in its unit."""
        return self._target_model

    @property
    def of(self) -> str:
        """The synapses and their projection, in words."""
        return f"{len(self.pre)} synapses of {self.label}"

    @property
    def orphaned(self) -> bool:
        return self._pathway.removed

    def _sample(self) -> NDArray[Any]:
        network = self._network
        if self._structure_version != network.structure_version:
            self._structure_version = network.structure_version
            self._places = places(self._identities, identities(network, self._pathway))
        weights = efficacy.weights(network, self._pathway)
        return np.append(weights, np.float32(np.nan))[self._places]

    def _columns(self) -> Any:
        return needed_pandas().MultiIndex.from_arrays([self.pre, self.post], names=["pre", "post"])


class RateRecorder(_Regional, Sampler):
    """Samples the mean firing rate of regions, Hz, in bins of `every` ms.

    `values` has the shape (n_samples, n_regions): spikes of a region in the bin that ends at the
    sample's time, by the neurons alive then and by the length of the bin; NaN once the region was
    removed. Stored are the spikes so far, so that bins stay exact when they are merged.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions.
    every : float, optional
        Length of the bins, ms. None: `usual_every`.
    capacity : int, optional
        Most bins in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".

    Examples
    --------
    >>> from engram import Brain, SpikeTimes
    >>> brain = Brain(seed=1)
    >>> eye = brain.add_region("eye", n_neurons=2, model=SpikeTimes([1.0, 3.0, 13.0], [0, 1, 0]))
    >>> recorder = brain.record("rates", "eye", every=10.0)
    >>> brain.run(20)
    >>> recorder.values[:, 0].tolist()  # Hz: two spikes of two neurons in 10 ms, then one
    [100.0, 50.0]
    """

    usual_every = 10.0

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self._records = tuple(network.regions[name] for name in regions)
        column = ("value", "<i8", (2, len(self._records)))
        # The first row is where the first bin begins.
        super().__init__(network, column, every, capacity, overflow, path, extra=1)
        self.take()

    def _sample(self) -> NDArray[Any]:
        network = self._network
        counts = [
            (0, GONE)
            if record.removed
            else (
                network.tables["region_spikes"][record.index],
                population.n_alive(network, record),
            )
            for record in self._records
        ]
        return np.array(counts, np.int64).reshape(len(counts), 2).T

    def __len__(self) -> int:
        return super().__len__() - 1

    @property
    def times(self) -> NDArray[np.float64]:
        """Ends of the bins, ms."""
        return super().times[1:]

    @property
    def values(self) -> NDArray[np.float64]:
        """Rates in Hz, shape (n_samples, n_regions)."""
        rows = self._rows()
        spikes, alive = np.diff(rows["value"][:, 0], axis=0), rows["value"][1:, 1]
        seconds = np.diff(rows["step"])[:, None] * (self._network.dt / 1000.0)
        rates = spikes / np.maximum(alive, 1) / seconds
        return np.asarray(np.where(alive == GONE, np.nan, rates), np.float64)


class RhythmRecorder(_Regional, Sampler):
    """Samples the rhythm currents of regions, see `engram.mechanisms.rhythms`.

    `values` has the shape (n_samples, n_regions): what the step that begins at the sample's time
    gets; NaN once the region was removed.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions.
    every : float, optional
        Sampling interval, ms. None: `usual_every`.
    capacity : int, optional
        Most samples in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> brain.oscillators.set("cortex", "theta", 2.0)
    >>> recorder = brain.record("rhythms", "cortex")
    >>> brain.run(500)
    >>> round(float(recorder.values.max()), 1)  # the amplitude
    2.0
    """

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self._records = tuple(network.regions[name] for name in regions)
        super().__init__(
            network, ("value", "<f4", (len(self._records),)), every, capacity, overflow, path
        )

    def _sample(self) -> NDArray[Any]:
        rhythms = self._network.find(Oscillators)
        return np.array([np.nan if r.removed else rhythms.current(r.name) for r in self._records])


__all__ = [
    "RateRecorder",
    "Recorder",
    "RhythmRecorder",
    "SpikeRecorder",
    "StateRecorder",
    "WeightRecorder",
]
