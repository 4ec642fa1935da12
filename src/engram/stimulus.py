"""Encoding numbers and text as input: rate, temporal and population coding."""

from __future__ import annotations

import functools
from enum import Enum
from typing import NamedTuple, Protocol, Unpack, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, as_array, brief, number, vector
from engram.kernels.calls import kernel
from engram.kernels.constants import MOST_INPUT, STREAM_ENCODER
from engram.neurons import NeuronModel
from engram.parameters import Guarded, Parameter, Parameterized
from engram.parameters.signatures import StimulusEncoderValues

Floats = NDArray[np.float32]


@runtime_checkable
class Target(Protocol):
    """A region, as far as an encoder looks at it."""

    @property
    def name(self) -> str:
        """Its name, for errors."""

    @property
    def n_neurons(self) -> int:
        """How many neurons it has."""

    @property
    def model(self) -> NeuronModel:
        """What its input is: a current or a rate."""

    @property
    def dt(self) -> float:
        """Time step, ms."""

    @property
    def step_count(self) -> int:
        """Steps done."""


class EncodingStrategy(Enum):
    """How values in [0, 1] become input.

    Attributes
    ----------
    RATE
        The region's neurons are split into equal groups, one per value, whose current is
        proportional to it.
    TEMPORAL
        The same groups; the stronger the value, the earlier in a repeating cycle the drive begins,
        so that the latency of the first spike codes the value.
    POPULATION
        The same groups; each has Gaussian tuning curves with evenly spaced centres.

    References
    ----------
    .. [1] Latency: doi:10.1016/S0893-6080(01)00083-1
    .. [2] Population code: doi:10.1126/science.3749885

    Examples
    --------
    >>> from engram import Brain, EncodingStrategy, StimulusEncoder
    >>> brain = Brain(seed=1)
    >>> brain.encoder = StimulusEncoder(EncodingStrategy.POPULATION)
    >>> brain.encoder.strategy
    <EncodingStrategy.POPULATION: 'population'>
    """

    RATE = "rate"
    TEMPORAL = "temporal"
    POPULATION = "population"


class Encoded(NamedTuple):
    """Input of a region's neurons.

    Attributes
    ----------
    amplitude : array of shape (n_neurons,), float32
        Current in the unit of the model, or rate in Hz of Poisson sources.
    onset : array of shape (n_neurons,), int32, optional
        Step of the cycle from which on it flows. None: from the first.
    period : int
        Steps of a cycle.
    coded : int
        Slots among which the values were dealt; 0: these are no values that were encoded.
    """

    amplitude: Floats
    onset: NDArray[np.int32] | None = None
    period: int = 1
    coded: int = 0

    def dealt(self, n: int) -> Encoded:
        """The input of a region of n neurons: slot k takes that of slot k modulo the first ones.

        Parameters
        ----------
        n : int
            Neuron slots of the region.

        Returns
        -------
        Encoded
            Input of each.
        """
        coded = len(self.amplitude)
        if n == coded:
            return Encoded(self.amplitude, self.onset, self.period, coded)
        slots = np.arange(n) % coded
        onset = None if self.onset is None else self.onset[slots]
        return Encoded(self.amplitude[slots], onset, self.period, coded)

    def at(self, phase: int) -> Floats:
        """The input at a step of the cycle.

        Parameters
        ----------
        phase : int
            The step, in [0, period).

        Returns
        -------
        array of shape (n_neurons,), float32
            In the unit of `amplitude`.
        """
        if self.onset is None:
            return self.amplitude
        return np.where(self.onset <= phase, self.amplitude, np.float32(0))


class TimedArray(Guarded):
    """Values that follow one another in time: row k holds from k dt to (k + 1) dt.

    The last row holds for ever; let it be 0 if the input is to end. `Brain.drive` lets the input
    of a region follow it.

    Parameters
    ----------
    values : array_like of shape (n,) or (n, k)
        A row is one value for all neurons, or one for each of k. Currents in the unit of the
        model; rates in Hz for Poisson sources.
    dt : float
        How long a row holds, ms; a multiple of the brain's dt.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Values are no finite numbers within +-1e10, or not of such a shape; or dt is not above 0.

    Examples
    --------
    >>> from engram import TimedArray
    >>> import numpy as np
    >>> ramp = TimedArray(np.linspace(0.0, 10.0, 101), dt=5.0)
    >>> ramp
    TimedArray(101 rows, 5 ms each)
    """

    def __init__(self, values: ArrayLike, dt: float) -> None:
        given = as_array("TimedArray: values", values)
        if given.dtype.kind not in "iuf":
            raise InvalidTypeError(f"TimedArray: values must be numbers, not {given.dtype}")
        if given.ndim not in (1, 2) or not given.size:
            raise InvalidValueError(
                f"TimedArray: values must have the shape (n,) or (n, neurons), not {given.shape}"
            )
        valid = (-MOST_INPUT <= given) & (given <= MOST_INPUT)
        if not valid.all():
            bad = given[~valid][0]
            raise InvalidValueError(
                f"TimedArray: values must be finite and within +-{MOST_INPUT:g}; one is {bad}"
            )
        self._dt = number("TimedArray: dt", dt, 0.0, open_low=True)
        self._values = given.astype(np.float32)
        self._values.flags.writeable = False

    @property
    def values(self) -> Floats:
        """The values, of the shape that was given; they can only be read."""
        return self._values

    @property
    def dt(self) -> float:
        """How long a row holds, ms."""
        return self._dt

    def __repr__(self) -> str:
        return f"TimedArray({len(self._values)} rows, {self._dt:g} ms each)"


@functools.lru_cache(maxsize=256)
def _groups(n_neurons: int, n_values: int) -> NDArray[np.intp]:
    """Which value each neuron stands for."""
    return np.arange(n_neurons) * n_values // n_neurons


@functools.lru_cache(maxsize=256)
def _centres(n_neurons: int, n_values: int) -> Floats:
    """The preferred value of each neuron: evenly spaced over [0, 1] in its group."""
    group = _groups(n_neurons, n_values)
    size = np.bincount(group, minlength=n_values)
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = np.arange(n_neurons) - first[group]
    spacing = np.maximum(size[group] - 1, 1)
    return np.where(size[group] == 1, 0.5, place / spacing).astype(np.float32)


class StimulusEncoder(Parameterized, saved_as="engram.stimulus:StimulusEncoder"):
    """Turns values in [0, 1] into input currents (or rates, for a region of Poisson sources).

    With x the value of a neuron's group: RATE x max_current; TEMPORAL max_current from step
    floor((1 - x) cycle / dt) of each cycle on; POPULATION max_current exp(-(x - m)^2 / (2 width^2))
    with evenly spaced centres m. Currents are in the unit of the region's model.

    Parameters
    ----------
    strategy : EncodingStrategy
        How values become input.

    Examples
    --------
    >>> from engram import EncodingStrategy, StimulusEncoder
    >>> StimulusEncoder(EncodingStrategy.POPULATION, max_current=15.0).strategy.value
    'population'
    """

    max_current = Parameter(
        20.0, low=0.0, high=MOST_INPUT, doc="current of a neuron driven by the value 1"
    )
    max_rate = Parameter(
        100.0, low=0.0, high=MOST_INPUT, unit="Hz", doc="the same, of a Poisson source"
    )
    noise_level = Parameter(
        0.0,
        low=0.0,
        high=1e6,
        doc="relative standard deviation of the input, drawn for each neuron and step",
    )
    cycle = Parameter(50.0, low=0.0, open_low=True, unit="ms", doc="cycle of the temporal code")
    width = Parameter(
        0.1, low=0.0, open_low=True, doc="standard deviation of the tuning curves, in values"
    )

    def __init__(
        self,
        strategy: EncodingStrategy = EncodingStrategy.RATE,
        max_current: float = 20.0,
        noise_level: float = 0.0,
        **values: Unpack[StimulusEncoderValues],
    ) -> None:
        super().__init__(max_current=max_current, noise_level=noise_level, **values)
        self.strategy = strategy

    @property
    def strategy(self) -> EncodingStrategy:
        """How values become input."""
        return self._strategy

    @strategy.setter
    def strategy(self, value: EncodingStrategy) -> None:
        if not isinstance(value, EncodingStrategy):
            raise InvalidTypeError(
                f"StimulusEncoder.strategy must be an EncodingStrategy, not {brief(value)}"
            )
        self._strategy = value

    def encode(
        self,
        values: ArrayLike,
        name: str,
        n_neurons: int,
        model: NeuronModel,
        dt: float,
        coded: int = 0,
    ) -> Encoded:
        """The input of a region's neurons for values in [0, 1].

        Parameters
        ----------
        values : array_like of shape (n,)
            In [0, 1]; at least one, at most as many as neurons.
        name : str
            Of the region, for errors.
        n_neurons : int
            Whom it is for.
        model : NeuronModel
            Of these neurons.
        dt : float
            Time step, ms.
        coded : int, optional
            Slots among which values were dealt before; as many or fewer values are dealt so again.

        Returns
        -------
        Encoded
            Input of each neuron, without noise.

        Raises
        ------
        InvalidTypeError
            They are no numbers.
        InvalidValueError
            One is outside [0, 1], or there are too many or none.
        """
        array = _check_values(name, values, n_neurons)
        n = coded if len(array) <= coded else n_neurons
        scale = self.max_rate if model.input_is_rate else self.max_current
        mine = array.take(_groups(n, len(array)))
        if self._strategy is EncodingStrategy.RATE:
            mine *= scale
            return Encoded(mine).dealt(n_neurons)
        if self._strategy is EncodingStrategy.POPULATION:
            z = (mine - _centres(n, len(array))) / np.float32(self.width)
            tuned = np.float32(scale) * np.exp(np.float32(-0.5) * z * z)
            return Encoded(tuned).dealt(n_neurons)
        period = max(1, round(self.cycle / dt))
        onset = np.floor((1.0 - mine) * period).astype(np.int32)
        return Encoded(np.full(n, scale, np.float32), onset, period).dealt(n_neurons)

    def noisy(self, amplitude: Floats, first: int, seed: int, step: int) -> Floats:
        """The input with noise of relative size `noise_level`, never below 0.

        Parameters
        ----------
        amplitude : array of shape (n_neurons,), float32
            The input without noise.
        first : int
            The first of these neurons in the brain.
        seed : int
            Of the brain.
        step : int
            Of the brain; the noise follows from it, the seed and the neuron.

        Returns
        -------
        array of shape (n_neurons,), float32
            In the unit of `amplitude`.
        """
        if self.noise_level == 0.0:
            return amplitude
        z = np.empty(len(amplitude), np.float32)
        kernel("random.fill_normal")(z, first, 0, len(z), np.uint64(seed), STREAM_ENCODER, step)
        return np.maximum(amplitude * (1 + np.float32(self.noise_level) * z), np.float32(0))


def _check_values(region: str, values: ArrayLike, n_neurons: int) -> Floats:
    """Values in [0, 1], at least one and at most one per neuron."""
    if isinstance(values, list) and 0 < len(values) <= min(16, n_neurons):
        # The usual case, without the cost of reductions over tiny arrays.
        for value in values:
            if not (isinstance(value, (int, float)) and 0.0 <= value <= 1.0):
                break
        else:
            return np.array(values, np.float32)
    where = f"stimulus of {region!r}"
    array = vector(where, np.atleast_1d(as_array(where, values)), 0.0, 1.0)
    if not 0 < len(array) <= n_neurons:
        raise InvalidValueError(
            f"{where}: between 1 and {n_neurons} values (one per neuron), not {len(array)}"
        )
    return array


def _check_asked(where: str, region: object, encoder: object) -> None:
    """Refuse what is no region, and what is no encoder."""
    if not isinstance(region, Target):
        raise InvalidTypeError(
            f"{where}: region must be a Region, as in Brain.regions, not {brief(region)}"
        )
    if not isinstance(encoder, StimulusEncoder):
        raise InvalidTypeError(
            f"{where}: encoder must be a StimulusEncoder, as Brain.encoder, not {brief(encoder)}"
        )


def _now(encoder: StimulusEncoder, values: ArrayLike, region: Target) -> Floats:
    encoded = encoder.encode(values, region.name, region.n_neurons, region.model, region.dt)
    return encoded.at(region.step_count % encoded.period)


def encode_number(value: float, region: Target, encoder: StimulusEncoder) -> Floats:
    """Currents of a region's neurons in the next step for one number in [0, 1].

    Parameters
    ----------
    value : float
        In [0, 1].
    region : Region
        Whose neurons they are for.
    encoder : StimulusEncoder
        How the value becomes input.

    Returns
    -------
    array of shape (n_neurons,), float32
        Currents in the unit of the region's model; rates in Hz for Poisson sources.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no number, or outside [0, 1]; the region or the encoder is something else.

    Examples
    --------
    >>> from engram import Brain, EncodingStrategy, StimulusEncoder, encode_number
    >>> eye = Brain(seed=1).add_region("eye", "sensory", n_neurons=5)
    >>> encode_number(0.5, eye, StimulusEncoder()).tolist()
    [10.0, 10.0, 10.0, 10.0, 10.0]
    >>> population = StimulusEncoder(EncodingStrategy.POPULATION, width=0.2)
    >>> encode_number(0.5, eye, population).round(1)
    array([ 0.9,  9.2, 20. ,  9.2,  0.9], dtype=float32)
    """
    _check_asked("encode_number", region, encoder)
    x = number("encode_number: value", value, 0.0, 1.0)
    return _now(encoder, [x], region)


def encode_text(text: str, region: Target, encoder: StimulusEncoder) -> Floats:
    """Currents of a region's neurons in the next step for a text.

    Each group of neurons stands for one byte of the text in UTF-8 (value: byte / 255); of a text
    longer than the region, neighbouring bytes are averaged.

    Parameters
    ----------
    text : str
        Not empty.
    region : Region
        Whose neurons they are for.
    encoder : StimulusEncoder
        How values become input.

    Returns
    -------
    array of shape (n_neurons,), float32
        Currents in the unit of the region's model; rates in Hz for Poisson sources.

    Raises
    ------
    InvalidTypeError
        It is no text; the region or the encoder is something else.
    InvalidValueError
        It is empty, or has half of a pair of surrogates.

    Examples
    --------
    >>> from engram import Brain, StimulusEncoder, encode_text
    >>> brain = Brain(seed=1)
    >>> eye = brain.add_region("eye", "sensory", n_neurons=4)
    >>> currents = encode_text("hi", eye, StimulusEncoder())
    >>> currents.round(2)  # 20 x byte / 255
    array([8.16, 8.16, 8.24, 8.24], dtype=float32)
    >>> brain.inject_current("eye", range(4), currents)
    """
    _check_asked("encode_text", region, encoder)
    if not isinstance(text, str):
        raise InvalidTypeError(f"encode_text: text must be a string, not {brief(text)}")
    if not text:
        raise InvalidValueError("encode_text: text must not be empty")
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"encode_text: text {brief(text)} has no form in UTF-8: {brief(text[error.start])} is "
            f"half of a pair; leave it out, or use text.encode(errors='replace').decode()"
        ) from error
    values = np.frombuffer(data, np.uint8) / 255.0
    most = region.n_neurons
    if len(values) > most:
        edges = np.arange(most) * len(values) // most
        values = np.add.reduceat(values, edges) / np.diff([*edges, len(values)])
    return _now(encoder, values, region)
