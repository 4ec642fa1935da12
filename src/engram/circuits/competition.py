"""The circuit of Diehl & Cook (2015): neurons that compete for what to stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.brain import Brain
from engram.circuits.building import EXCITATORY, INHIBITORY, INPUT, build, check_adopted
from engram.circuits.settings import CircuitSettings, plain_settings
from engram.distributions import Uniform
from engram.errors import InvalidTypeError, InvalidValueError, as_array, integer, number, vector
from engram.network.present import Counts, answers, counted, reset_state
from engram.neurons import NeuronModel
from engram.parameters import Parameter, Parameterized
from engram.parameters.signatures import CompetitionValues
from engram.plasticity import PlasticityRule
from engram.projection import Projection
from engram.region import Region

BLOCK = 256
"""Images turned into rates at a time."""


class Competition(Parameterized, saved_as="engram.competition:Competition"):
    """Poisson inputs, excitatory neurons that learn them, and inhibition of all but the winner.

    Regions "input" (n_inputs `PoissonSource`), "excitatory" and "inhibitory" (n_neurons each) of an
    ordinary brain. Every input reaches every excitatory neuron by plastic synapses. An excitatory
    spike makes its own inhibitory neuron (a `Relay`) fire, which inhibits all other excitatory
    neurons two steps after the spike. Thresholds theta rise at each spike, so that none always
    wins. After each image the incoming weights of the neurons that fired are scaled to the norm
    `total_weight`. With norm = 2, for rates and weights alike, each neuron measures the angle
    between an image and what it stands for, and images of few and of many pixels win as many
    neurons. A circuit that may grow does so by `brain.growth.births_per_cycle` every
    `brain.growth.growth_interval` (20 images), each neuron like one there is
    (`brain.growth.kinship`).

    Parameters
    ----------
    n_inputs : int
        Inputs.
    n_neurons : int
        Excitatory neurons, each with its inhibitory one.
    max_neurons : int, optional
        To how many it may grow. None: it does not.
    seed : int, optional
        Of the brain.
    model : str or NeuronModel
        "lif", "izhikevich" or a neuron.
    rule : PlasticityRule or str, optional
        Of the synapses that learn. None: they do not.
    dt : float
        Time step, ms.
    weights : tuple of (float, float)
        Range of the initial ones, before scaling.
    w_max : float, optional
        Their greatest. None, here and below: by the model.
    inhibition : float, optional
        Weight of an inhibitory synapse.
    theta : float, optional
        Where thresholds start.
    theta_plus : float, optional
        Their jump at a spike.
    tau_theta : float
        Their decay, ms.
    brain : Brain, optional
        One that such a circuit built, to go on with as it is.

    References
    ----------
    .. [1] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099

    Examples
    --------
    >>> from engram import Competition
    >>> circuit = Competition(n_inputs=4, n_neurons=3, seed=1, steps=50, total_weight=1.0)
    >>> circuit.learn([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]).shape
    (2, 3)
    """

    steps = Parameter(350, low=1, unit="step", doc="how long an image is shown")
    rest = Parameter(0, low=0, unit="step", doc="silence after each image that is learned")
    from_rest = Parameter(True, doc="whether the state is reset before each image")
    max_rate = Parameter(63.75, low=0.0, unit="Hz", doc="rate of an input of value 1")
    norm = Parameter(1, low=1, high=2, doc="of rates and weights: 1 their sum, 2 their length")
    total_rate = Parameter(
        0.0, low=0.0, unit="Hz", doc="norm of all rates of an image; 0: as it is"
    )
    rate_cap = Parameter(255.0, low=0.0, unit="Hz", doc="greatest rate of an input")
    total_weight = Parameter(0.0, low=0.0, doc="norm of a neuron's incoming weights; 0: free")
    target_spikes = Parameter(
        0.0, low=0.0, doc="spikes of all neurons in an image that theta aims at; 0: it only decays"
    )
    min_spikes = Parameter(0, low=0, doc="an image with fewer spikes is shown again")
    boost = Parameter(0.5, low=0.0, doc="by which share all rates are raised each time")
    repeats = Parameter(10, low=0, doc="how often at most it is shown again")

    def __init__(
        self,
        n_inputs: int = 784,
        n_neurons: int = 400,
        *,
        max_neurons: int | None = None,
        seed: int | None = None,
        model: str | NeuronModel = "lif",
        rule: PlasticityRule | str | None = "trace_stdp",
        dt: float = 1.0,
        weights: tuple[float, float] = (0.0, 0.3),
        w_max: float | None = None,
        inhibition: float | None = None,
        theta: float | None = None,
        theta_plus: float | None = None,
        tau_theta: float = 1e7,
        brain: Brain | None = None,
        **values: Unpack[CompetitionValues],
    ) -> None:
        where = type(self).__name__
        suits = plain_settings(where, model)
        if values.get("total_weight") is None:
            values["total_weight"] = suits.total_weight
        super().__init__(**values)
        most = suits.w_max if w_max is None else w_max
        strength = suits.inhibition if inhibition is None else inhibition
        self._n_inputs = integer(f"{where}: n_inputs", n_inputs, 1)
        integer(f"{where}: n_neurons", n_neurons, 1)
        if brain is not None:
            check_adopted(f"{where}: brain", brain, self._n_inputs, n_neurons)
            self._brain = brain
            return
        most_neurons = n_neurons
        if max_neurons is not None:
            most_neurons = integer(f"{where}: max_neurons", max_neurons, n_neurons)
        number(f"{where}: w_max", most, 0.0, open_low=True)
        low = number(f"{where}: weights[0]", weights[0], 0.0, most)
        high = number(f"{where}: weights[1]", weights[1], low, most)
        number(f"{where}: inhibition", strength, 0.0)
        if self.total_weight > most * n_inputs ** (1 / self.norm):
            raise InvalidValueError(
                f"{where}: total_weight = {self.total_weight:g} can't be reached by {n_inputs} "
                f"weights of at most w_max = {most:g}; lower total_weight or raise w_max"
            )
        self._brain = Brain(dt=dt, seed=seed)
        build(
            self._brain,
            n_inputs,
            n_neurons,
            most_neurons,
            20 * (self.steps + self.rest) * self._brain.dt,
            suits.neuron,
            rule,
            Uniform(low, high),
            most,
            strength,
        )
        neurons = self._excitatory
        neurons.theta[:] = number(f"{where}: theta", suits.theta if theta is None else theta)
        neurons.theta_plus = suits.theta_plus[0] if theta_plus is None else theta_plus
        neurons.tau_theta = tau_theta
        if self.total_weight > 0:
            self._learning.normalize(self.total_weight, norm=self.norm)

    @classmethod
    def with_settings(
        cls,
        settings: CircuitSettings,
        n_inputs: int,
        n_neurons: int,
        *,
        max_neurons: int | None = None,
        seed: int | None = None,
        brain: Brain | None = None,
    ) -> Self:
        """The circuit of given settings, see `engram.circuits.image_settings`.

        Parameters
        ----------
        settings : CircuitSettings
            Of neurons, synapses and images.
        n_inputs : int
            Inputs.
        n_neurons : int
            Excitatory neurons.
        max_neurons : int, optional
            To how many it may grow. None: it does not.
        seed : int, optional
            Of the brain.
        brain : Brain, optional
            One that such a circuit built, to go on with as it is.

        Returns
        -------
        Competition
            Of the class it is called of.
        """
        return cls(
            n_inputs,
            n_neurons,
            max_neurons=max_neurons,
            seed=seed,
            model=settings.neuron.replica(),
            rule=settings.rule(),
            steps=settings.steps,
            norm=settings.norm,
            total_rate=settings.total_rate,
            total_weight=settings.total_weight,
            w_max=settings.w_max,
            weights=settings.weights,
            inhibition=settings.inhibition,
            theta=settings.theta,
            theta_plus=settings.theta_plus[0],
            target_spikes=settings.target_spikes,
            brain=brain,
        )

    # -- parts

    @property
    def brain(self) -> Brain:
        """The brain that the circuit is."""
        return self._brain

    @property
    def n_inputs(self) -> int:
        """Inputs."""
        return self._n_inputs

    @property
    def n_neurons(self) -> int:
        """Excitatory neurons, as many as there are by now."""
        return self._excitatory.n_neurons

    @property
    def _excitatory(self) -> Region:
        return self._brain.regions[EXCITATORY]

    @property
    def _learning(self) -> Projection:
        return self._brain.get_projection(INPUT, EXCITATORY)

    @property
    def rule(self) -> PlasticityRule | None:
        """The rule of the synapses that learn; its parameters can be assigned."""
        return self._learning.rule

    @property
    def weights(self) -> NDArray[np.float32]:
        """Weights of the synapses that learn, shape (n_inputs, n_neurons). Can be assigned.

        0 where there is no synapse (any more); nothing else can be assigned there. Several between
        the same two add up, and share what is assigned.
        """
        pairs, shape = self._pairs(), (self._n_inputs, self.n_neurons)
        summed = np.bincount(pairs, self._learning.weight, shape[0] * shape[1])
        return summed.reshape(shape).astype(np.float32)

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        where = f"{type(self).__name__}.weights"
        array = as_array(where, values)
        if array.shape != (self._n_inputs, self.n_neurons):
            raise InvalidValueError(
                f"{where} must have the shape {(self._n_inputs, self.n_neurons)}, not {array.shape}"
            )
        wanted, pairs = vector(where, array.ravel()), self._pairs()
        synapses = np.bincount(pairs, minlength=wanted.size)
        missing = np.flatnonzero((synapses == 0) & (wanted != 0))
        if len(missing):
            i, j = divmod(int(missing[0]), self.n_neurons)
            raise InvalidValueError(
                f"{where}: {array[i, j]:g} for input {i} and neuron {j}, between which there is no "
                f"synapse; assign 0 there, or add it first: brain.get_projection({INPUT!r}, "
                f"{EXCITATORY!r}).add_synapses({i}, {j}, ...)"
            )
        self._learning.weight = wanted[pairs] / synapses[pairs]

    def _pairs(self) -> NDArray[np.int64]:
        """Of each synapse that learns, the number of its input and neuron: i n_neurons + j."""
        return self._learning.pre.astype(np.int64) * self.n_neurons + self._learning.post

    @property
    def theta(self) -> NDArray[np.float64]:
        """Thresholds of the excitatory neurons, shape (n_neurons,); a view that can be written."""
        return self._excitatory.theta

    @property
    def theta_plus(self) -> float:
        """Jump of a neuron's threshold at its spike. Can be assigned."""
        return self._excitatory.theta_plus

    @theta_plus.setter
    def theta_plus(self, value: float) -> None:
        self._excitatory.theta_plus = value

    @property
    def inhibition(self) -> float:
        """Magnitude of the inhibitory weights. Can be assigned."""
        weight = self._brain.get_projection(INHIBITORY, EXCITATORY).weight
        return abs(float(weight[0])) if len(weight) else 0.0

    @inhibition.setter
    def inhibition(self, value: float) -> None:
        number(f"{type(self).__name__}.inhibition", value, 0.0)
        self._brain.get_projection(INHIBITORY, EXCITATORY).weight = -value

    def copy(self) -> Self:
        """An independent twin."""
        twin = type(self)(
            self._n_inputs, self.n_neurons, brain=self._brain.copy(), **self.own_values()
        )
        return twin

    # -- images

    def rates(self, images: ArrayLike) -> NDArray[np.float32]:
        """Rates of the inputs: max_rate x value or, with total_rate, values scaled to this norm.

        Parameters
        ----------
        images : array_like of shape (n, n_inputs)
            Bytes, or values in [0, 1].

        Returns
        -------
        array of shape (n, n_inputs), float32
            Hz, at most rate_cap.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images are of another shape or kind.
        """
        return self._rates(self._checked(images))

    def _checked(self, images: ArrayLike) -> NDArray[Any]:
        where = f"{type(self).__name__}: images"
        array = as_array(where, images)
        if array.ndim != 2 or array.shape[1] != self._n_inputs:
            raise InvalidValueError(
                f"{where} must have the shape (images, {self._n_inputs}), not {array.shape}"
            )
        if array.dtype.kind not in "biuf":
            raise InvalidTypeError(f"{where} must be numbers, not {array.dtype}")
        # A NaN makes the comparison false.
        if array.dtype != np.uint8 and array.size and not (array.min() >= 0 and array.max() <= 1):
            raise InvalidValueError(f"{where} must be bytes, or numbers in [0, 1]")
        return array

    def _rates(self, images: NDArray[Any]) -> NDArray[np.float32]:
        values = images.astype(np.float32)
        if images.dtype == np.uint8:
            values /= np.float32(255)
        if self.total_rate > 0:
            total = (values**self.norm).sum(axis=1, keepdims=True) ** (1 / self.norm)
            values *= np.float32(self.total_rate) / np.maximum(total, np.float32(1e-6))
        else:
            values *= np.float32(self.max_rate)
        return np.minimum(values, np.float32(self.rate_cap))

    def learn(self, images: ArrayLike) -> Counts:
        """Show images, one after the other; the brain lives on and learns.

        Learning in two calls does the same as in one.

        Parameters
        ----------
        images : array_like of shape (n, n_inputs)
            Bytes, or values in [0, 1].

        Returns
        -------
        array of shape (n, n_neurons), int32
            Spikes of each excitatory neuron at each image, none before its birth; of an image
            shown several times, those of the last.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images are of another shape or kind, or the brain is asleep or too old.
        """
        where = f"{type(self).__name__}.learn"
        array = self._checked(images)
        brain, pathway = self._brain, self._learning
        network = brain.network
        network.check_awake(where)
        network.check_time(where, len(array) * (self.steps + self.rest))
        counts = np.zeros((len(array), self._excitatory.max_neurons), np.int32)
        total = self.total_weight
        for first in range(0, len(array), BLOCK):
            block = self._rates(array[first : first + BLOCK])
            for k, rates in enumerate(block, first):
                self._aim()
                spikes = self._show(rates)
                counts[k, : len(spikes)] = spikes
                if total > 0 and pathway.rule is not None:
                    pathway.normalize(total, np.flatnonzero(spikes), norm=self.norm)
        return counts[:, : self.n_neurons]

    def _aim(self) -> None:
        """Let thresholds aim at the rate at which all neurons together fire target_spikes."""
        brain = self._brain
        aim = 1e3 * self.target_spikes / (self.n_neurons * (self.steps + self.rest) * brain.dt)
        if brain.homeostasis.theta_rate != aim:
            brain.homeostasis.theta_rate = aim

    def _show(self, rates: NDArray[np.float32]) -> NDArray[np.int64]:
        """Show an image, again and brighter while it is answered by too few spikes."""
        network = self._brain.network
        target, answering = network.regions[INPUT], network.regions[EXCITATORY]
        for again in range(self.repeats + 1):
            if self.from_rest:
                reset_state(network)
            brighter = rates * np.float32(1.0 + again * self.boost) if again else rates
            spikes = counted(network, answering, target, brighter, self.steps, self.rest)
            if spikes.sum() >= self.min_spikes:
                break
        return spikes

    def respond(
        self,
        images: ArrayLike,
        keys: Sequence[int] | NDArray[Any] | None = None,
        *,
        inhibition: float | None = None,
        steps: int | None = None,
    ) -> Counts:
        """Answers to images, each shown once, from rest, with nothing learned.

        The circuit stays bit for bit as it is. An answer depends on nothing else than the circuit,
        the image and the key.

        Parameters
        ----------
        images : array_like of shape (n, n_inputs)
            Bytes, or values in [0, 1].
        keys : sequence of int, optional
            Numbers from which each image's input spikes are drawn. None: its row.
        inhibition : float, optional
            Another than the circuit's.
        steps : int, optional
            Others than the circuit's.

        Returns
        -------
        array of shape (n, n_neurons), int32
            Spikes of each excitatory neuron.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images or keys are of another shape or kind, or the brain is asleep or too old.
        """
        where = f"{type(self).__name__}.respond"
        array = self._checked(images)
        own = np.arange(len(array)) if keys is None else as_array(f"{where}: keys", keys)
        if own.shape != array.shape[:1] or own.dtype.kind not in "iu" or (own < 0).any():
            raise InvalidValueError(
                f"{where}: keys must be {len(array)} whole numbers from 0 on, one for each image"
            )
        shown = self.steps if steps is None else integer(f"{where}: steps", steps, 1)
        self._brain.network.check_awake(where)
        self._brain.network.check_time(where, shown)
        twin = self.copy()
        if inhibition is not None:
            twin.inhibition = inhibition
        counts = np.zeros((len(array), self.n_neurons), np.int32)
        for first in range(0, len(array), BLOCK):
            part = slice(first, first + BLOCK)
            counts[part] = answers(
                twin.brain.network, INPUT, self._rates(array[part]), shown, EXCITATORY, own[part]
            )
        return counts
