"""The neuron models; types of neurons and regions can be imported from here, too."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

import numpy as np
from numpy.typing import NDArray

from engram.kinds import FiringPattern as FiringPattern
from engram.kinds import NeuronType as NeuronType
from engram.kinds import RegionType as RegionType
from engram.parameters import Parameter
from engram.parameters.declared import check_model_class
from engram.parameters.each import Heterogeneous

if TYPE_CHECKING:
    from engram.parameters.signatures import (
        AdExValues,
        CurrentLIFValues,
        IzhikevichValues,
        LIFValues,
        ModelValues,
    )


class NeuronModel(Heterogeneous):
    """Base of neuron models. To make one, declare parameters, states and a static ``update``.

    ``update`` takes by name, for one neuron, any of its states (``v`` first), its parameters and
    the inputs: ``I`` (current: stimulus, background, noise and, unless `conductance`, synapses),
    ``g_exc`` and ``g_inh`` (synaptic conductances relative to the leak, mean over the step; for a
    `conductance` model), ``theta`` (adaptive threshold), ``since_spike`` (ms, from the end of the
    spike's step to the start of this one), ``uniform`` (a random number in [0, 1)), ``dt`` (ms). It
    returns the new states and whether the neuron fires. ``reset``, if there is one, takes the same
    values as they were *before* the step, for neurons that fire, and returns the states they end
    it with.

    Both are compiled with Numba into one loop over the region; arithmetic in ``numpy.float32``
    constants lets it vectorise, plain Python floats make it compute in double precision.

    A model also says what it is, so that defaults are right in its units: see the attributes.
    Classes inherit them. A parameter is a number, or one for each neuron: an array, a distribution.

    Attributes
    ----------
    states : mapping of str to float
        The states by name and what they are at rest; ``v`` is the first.
    conductance : bool
        Whether synapses are conductances.
    current_unit, weight_unit : float or None
        What a current, a weight of 1 of Izhikevich's neuron is in the model's units. For a model of
        one's own that says neither, current_unit is the current that makes a neuron fire from rest
        within 100 ms, over 4, which is about what Izhikevich's needs (1 for a neuron that fires
        without input, or at no input); weight_unit is the same, or that of `LIF` if `conductance`,
        where weights are relative to the leak.
    default_noise : float
        Noise of a region that is given none.
    is_source : bool
        It stands for input from outside; memory leaves it out of traces.
    input_is_rate : bool
        Its input is a rate in Hz; `StimulusEncoder` takes max_rate for it.
    has_given_spikes : bool
        It has ``times``, ``neurons`` and ``steps`` of spikes that it fires, like `SpikeTimes`.
    silent_input : float or None
        The input that silences it in sleep; None: the slow wave is its input.
    pattern_parameters : tuple of str
        Those that a `FiringPattern` sets, in the order of its own.
    linear : tuple of (str, str) or None
        The `update` and `reset` between whose spikes v is linear, as `engram.kernels.lazy` has it.

    Examples
    --------
    >>> from engram import NeuronModel, Parameter
    >>> class LeakyIntegrator(NeuronModel):
    ...     tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    ...     threshold = Parameter(1.0)
    ...     states = {"v": 0.0}
    ...     current_unit = 0.25  # a current of 1 makes it fire; Izhikevich's neuron needs 4
    ...
    ...     @staticmethod
    ...     def update(v, I, tau, threshold, dt):
    ...         v = v + dt / tau * (I - v)
    ...         return v, v >= threshold
    ...
    ...     @staticmethod
    ...     def reset():
    ...         return 0.0
    """

    states: ClassVar[Mapping[str, float]] = {"v": -65.0}
    conductance: ClassVar[bool] = False
    update: Callable[..., Any] | str
    reset: Callable[..., Any] | str | None = None
    loop: ClassVar[str | None] = None
    soma: ClassVar[str | None] = None

    weight_unit: ClassVar[float | None] = None
    current_unit: ClassVar[float | None] = None
    default_noise: ClassVar[float] = 0.0
    is_source: ClassVar[bool] = False
    input_is_rate: ClassVar[bool] = False
    has_given_spikes: ClassVar[bool] = False
    silent_input: ClassVar[float | None] = None
    pattern_parameters: ClassVar[tuple[str, ...]] = ()
    linear: ClassVar[tuple[str, str] | None] = None
    of_regions = "tau_exc", "tau_inh"

    tau_exc = Parameter(5.0, low=0.0, unit="ms", doc="excitatory input; 0: within one step")
    tau_inh = Parameter(10.0, low=0.0, unit="ms", doc="decay of inhibitory input; 0: one step")

    @classmethod
    def name(cls) -> str:
        """The path by which checkpoints know it."""
        return cls.class_path()

    @classmethod
    def model_parameters(cls) -> list[str]:
        """The parameters that `update` and `reset` may ask for."""
        return [n for n in cls.parameters() if n not in NeuronModel.parameters()]

    @classmethod
    def per_neuron(cls) -> list[str]:
        """The parameters that differ between neurons."""
        return [n for n, p in cls.parameters().items() if p.per_neuron]

    @classmethod
    def functions(cls) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
        """``update`` and ``reset``; those given as "module:name" are imported now."""

        def load(f: Callable[..., Any] | str | None) -> Any:
            if not isinstance(f, str):
                return f
            module, name = f.split(":")
            return getattr(importlib.import_module(module), name)

        return load(cls.update), load(cls.reset)

    def initial_states(
        self, parameters: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float32] | float]:
        """States at rest; what was given for each neuron is an array of `self`, too.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Per-neuron parameters by name.

        Returns
        -------
        dict of str to array of shape (n,) or float
            The states by name; a number holds for all neurons.
        """
        return dict(self.states)

    def rest(self, parameters: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | float:
        """The potential dendrites rest at, mV; what `soma` calls ``rest``.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Per-neuron parameters by name.

        Returns
        -------
        array of shape (n,), float32, or float
            Potential, mV; a number holds for all neurons.

        Raises
        ------
        NotImplementedError
            Such neurons have no compartments.
        """
        raise NotImplementedError(f"{type(self).__name__} neurons have no compartments")

    def __init_subclass__(cls, saved_as: str | None = None) -> None:
        check_model_class(cls)
        super().__init_subclass__(saved_as)


class Izhikevich(NeuronModel, saved_as="engram.neurons:Izhikevich"):
    """Izhikevich's neuron (2003): v' = 0.04 v^2 + 5 v + 140 - u + I - theta, u' = a (b v - u).

    When v reaches 30 mV: v <- c, u <- u + d. v in mV, t in ms. The 30 mV are the top of the
    spike, not a threshold, so the adaptive threshold theta acts as an outward current. The
    quadratic equation for v is solved exactly with u held at its mean over a sub-step, the
    crossing of 30 mV is located and the rest of the step integrated from the reset.

    References
    ----------
    .. [1] Izhikevich 2003, doi:10.1109/TNN.2003.820440

    Examples
    --------
    >>> from engram import Brain, Izhikevich
    >>> brain = Brain(seed=1)
    >>> cell = brain.add_region("cell", n_neurons=1, model=Izhikevich(d=2.0), background=10.0)
    >>> brain.run(1000)
    >>> quick = int(cell.total_spikes[0])
    >>> cell.d[:] = 8.0  # recovers more slowly from a spike
    >>> brain.run(1000)
    >>> int(cell.total_spikes[0]) - quick < quick  # fewer in the second thousand
    True
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[IzhikevichValues]) -> None: ...

    states = {"v": -65.0, "u": -13.0}
    weight_unit = current_unit = 1.0
    default_noise = 3.0
    pattern_parameters = ("a", "b", "c", "d")

    # Within these ranges v and u stay finite, whatever the current and the step.
    a = Parameter(0.02, low=0.0, high=10.0, per_neuron=True, unit="1/ms", doc="rate of recovery")
    b = Parameter(0.2, low=-100.0, high=100.0, per_neuron=True, doc="sensitivity of recovery to v")
    c = Parameter(-65.0, low=-1e4, high=29.0, per_neuron=True, unit="mV", doc="v after a spike")
    d = Parameter(8.0, low=-1e6, high=1e6, per_neuron=True, doc="step of u at a spike")

    update = "engram.kernels.models:izhikevich_update"
    reset = "engram.kernels.models:izhikevich_reset"
    soma = "engram.kernels.somata:izhikevich_soma"

    def rest(self, parameters: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | float:
        """The lower root of 0.04 v^2 + (5 - b) v + 140 = 0, or where it comes nearest to 0.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Per-neuron parameters by name; b is read.

        Returns
        -------
        array of shape (n,), float32
            Potential, mV.
        """
        p = np.float32(5.0) - parameters["b"]
        root = np.sqrt(np.maximum(p * p - np.float32(22.4), np.float32(0.0)))
        return np.asarray((-p - root) * np.float32(12.5), np.float32)

    def initial_states(
        self, parameters: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float32] | float]:
        """States at first: v = -65 mV, u = b v.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Per-neuron parameters by name; b is read.

        Returns
        -------
        dict of str to array of shape (n,) or float
            The states by name.
        """
        return {"v": -65.0, "u": np.float32(-65.0) * parameters["b"]}


class _Leaky:
    """What neurons do that rest at E_L."""

    E_L: Parameter[float]

    def rest(self, parameters: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | float:
        """The resting potential E_L.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Not read.

        Returns
        -------
        float
            E_L, mV.
        """
        return self.E_L

    def initial_states(
        self, parameters: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float32] | float]:
        """States at first: v = E_L.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Not read.

        Returns
        -------
        dict of str to float
            The state by name.
        """
        return {"v": self.E_L}


class LIF(_Leaky, NeuronModel, saved_as="engram.neurons:LIF"):
    """Leaky integrate-and-fire neuron with conductance synapses (Diehl & Cook 2015).

    tau_m v' = (E_L - v) + g_exc (E_exc - v) + g_inh (E_inh - v) + I, conductances relative to the
    leak, I in mV; fires at v >= v_th + theta, then is held at v_reset for t_ref. Exponential Euler
    with a rational exponential: exact to 1e-9 a step for weak input, stable for any conductance.

    References
    ----------
    .. [1] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099

    Examples
    --------
    >>> from engram import LIF, Brain
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cell", n_neurons=1, model=LIF(t_ref=5.0))
    >>> brain.inject_current("cell", [0], 1000.0)  # mV
    >>> [brain.step()["cell"].tolist() for _ in range(2)]
    [[0], []]
    >>> float(region.v[0])  # held at v_reset
    -65.0
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[LIFValues]) -> None: ...

    states = {"v": -65.0}
    conductance = True
    weight_unit: ClassVar[float] = 0.06
    current_unit = 4.0

    tau_m = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="membrane time constant")
    E_L = Parameter(-65.0, low=-1e10, high=1e10, unit="mV", doc="resting potential")
    E_exc = Parameter(0.0, low=-1e10, high=1e10, unit="mV", doc="reversal of excitation")
    E_inh = Parameter(-80.0, low=-1e10, high=1e10, unit="mV", doc="reversal of inhibition")
    v_th = Parameter(-50.0, unit="mV", doc="threshold without adaptation")
    v_reset = Parameter(-65.0, low=-1e10, high=1e10, unit="mV", doc="v after a spike")
    t_ref = Parameter(2.0, low=0.0, unit="ms", doc="refractory period")

    update = "engram.kernels.models:lif_update"
    reset = "engram.kernels.models:lif_reset"
    soma = "engram.kernels.somata:lif_soma"


class CurrentLIF(_Leaky, NeuronModel, saved_as="engram.neurons:CurrentLIF"):
    """Leaky integrate-and-fire neuron with current synapses (Lapicque 1907; Brunel & van Rossum).

    tau_m v' = (E_L - v) + I with I in mV (current times membrane resistance); fires at
    v >= v_th + theta, then is held at v_reset for t_ref, so that spikes are at least t_ref apart.
    A synaptic weight is the jump of the current at the arrival of a spike, which decays with
    tau_exc or tau_inh. The step is exact for constant input.

    References
    ----------
    .. [1] Lapicque 1907, in Brunel & van Rossum 2007, doi:10.1007/s00422-007-0190-0

    Examples
    --------
    >>> import math
    >>> from engram import Brain, CurrentLIF
    >>> brain = Brain(seed=1, mechanisms="none")
    >>> model = CurrentLIF(tau_m=20.0)
    >>> region = brain.add_region("cell", n_neurons=1, model=model, background=10.0)
    >>> brain.run(20)
    >>> round(float(region.v[0]), 2), round(-65.0 + 10.0 * (1.0 - math.exp(-1.0)), 2)
    (-58.68, -58.68)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[CurrentLIFValues]) -> None: ...

    states = {"v": -65.0}
    weight_unit = 1.0
    current_unit = 4.0

    tau_m = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="membrane time constant")
    E_L = Parameter(-65.0, low=-1e10, high=1e10, unit="mV", doc="resting potential")
    v_th = Parameter(-50.0, unit="mV", doc="threshold without adaptation")
    v_reset = Parameter(-65.0, low=-1e10, high=1e10, unit="mV", doc="v after a spike")
    t_ref = Parameter(2.0, low=0.0, unit="ms", doc="refractory period")

    update = "engram.kernels.models:current_lif_update"
    reset = "engram.kernels.models:current_lif_reset"
    linear = update, reset
    soma = "engram.kernels.somata:current_lif_soma"


class AdEx(NeuronModel, saved_as="engram.neurons:AdEx"):
    """Adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005).

    C v' = -g_L (v - E_L) + g_L Delta_T exp((v - v_T) / Delta_T) - w + I - theta,
    tau_w w' = a (v - E_L) - w; at v_peak: v <- v_r, w <- w + b. Currents in pA, conductances in
    nS, capacitance in pF.

    References
    ----------
    .. [1] Brette & Gerstner 2005, doi:10.1152/jn.00686.2005

    Examples
    --------
    >>> import numpy as np
    >>> from engram import AdEx, Brain
    >>> brain = Brain(dt=0.1, seed=1, mechanisms="none")
    >>> region = brain.add_region("cell", n_neurons=1, model=AdEx, background=800.0)  # pA
    >>> recorder = brain.record("spikes")
    >>> brain.run_for(300.0)
    >>> intervals = np.diff(recorder.spikes()[0])
    >>> bool(intervals[0] < intervals[-1])  # it adapts
    True
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[AdExValues]) -> None: ...

    states = {"v": -70.6, "w": 0.0}
    weight_unit = current_unit = 60.0

    C = Parameter(281.0, low=0.1, unit="pF", doc="capacitance")
    g_L = Parameter(30.0, low=1e-6, high=1e6, unit="nS", doc="leak")
    E_L = Parameter(-70.6, low=-1e10, high=1e10, unit="mV", doc="resting potential")
    v_T = Parameter(-50.4, low=-1e10, high=1e10, unit="mV", doc="threshold of the exponential")
    Delta_T = Parameter(2.0, low=0.0, open_low=True, unit="mV", doc="sharpness of the spike")
    a = Parameter(4.0, low=-1e5, high=1e5, unit="nS", doc="subthreshold adaptation")
    tau_w = Parameter(144.0, low=1e-9, unit="ms", doc="decay of adaptation")
    b = Parameter(80.5, low=-1e10, high=1e10, unit="pA", doc="step of adaptation at a spike")
    v_r = Parameter(-70.6, low=-1e10, high=1e10, unit="mV", doc="v after a spike")
    v_peak = Parameter(0.0, low=-1e10, high=1e10, unit="mV", doc="top of the spike")

    update = "engram.kernels.models:adex_update"
    reset = "engram.kernels.models:adex_reset"

    def initial_states(
        self, parameters: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float32] | float]:
        """States at first: v = E_L, w = 0.

        Parameters
        ----------
        parameters : mapping of str to array of shape (n,), float32
            Not read.

        Returns
        -------
        dict of str to float
            The states by name.
        """
        return {"v": self.E_L, "w": 0.0}


class PoissonSource(NeuronModel, saved_as="engram.neurons:PoissonSource"):
    """A neuron that fires at random: in a step of dt with probability 1 - exp(-I dt / 1000).

    Its input I is the rate in Hz: what `Brain.stimulate` gives, plus the region's background.

    Examples
    --------
    >>> from engram import Brain, PoissonSource
    >>> brain = Brain(seed=1)
    >>> eye = brain.add_region("eye", "sensory", 100, model=PoissonSource, background=20.0)  # Hz
    >>> brain.run(1000)
    >>> bool(abs(eye.total_spikes.mean() - 20.0) < 2.0)
    True
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[ModelValues]) -> None: ...

    states = {"v": 0.0}
    loop = "engram.kernels.sources:make_poisson_sources"
    weight_unit, current_unit = 1.0, 0.0
    is_source = input_is_rate = True
    silent_input = -1e9


class Relay(NeuronModel, saved_as="engram.neurons:Relay"):
    """A neuron that fires in every step in which its input is at least 1: given spike trains.

    Examples
    --------
    >>> from engram import Brain, Relay
    >>> brain = Brain(seed=1)
    >>> eye = brain.add_region("eye", "sensory", n_neurons=3, model=Relay)
    >>> brain.inject_current("eye", [0, 2], 1.0)
    >>> [brain.step()["eye"].tolist() for _ in range(2)]
    [[0, 2], []]
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[ModelValues]) -> None: ...

    states = {"v": 0.0}
    loop = "engram.kernels.sources:make_relays"
    weight_unit, current_unit = 1.0, 0.0
    is_source = True
    silent_input = 0.0
