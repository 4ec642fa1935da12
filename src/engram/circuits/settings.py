"""Settings of circuits of competing neurons: every number that was found by trying stands here."""

from __future__ import annotations

from dataclasses import dataclass

from engram.circuits.models import ShuntedIzhikevich
from engram.errors import InvalidValueError, brief
from engram.neurons import LIF, NeuronModel
from engram.plasticity import TraceSTDP

MODELS: dict[str, NeuronModel] = {
    "lif": LIF(
        tau_m=100.0,
        E_L=-65.0,
        E_exc=0.0,
        E_inh=-100.0,
        v_th=-52.0,
        v_reset=-65.0,
        t_ref=5.0,
        tau_exc=1.0,
        tau_inh=10.0,
    ),
    "izhikevich": ShuntedIzhikevich(tau_exc=40.0, tau_inh=30.0),
}
"""Excitatory neurons by name; the first are those of Diehl & Cook (2015)."""

STEPS, TOTAL_RATE, X_TAR = 350, 650.0, 0.4
"""Of images, where each has the same length: steps shown, length of the rates (Hz), trace x_tar."""

LOWEST_MOST = 0.3
"""Greatest initial weight before scaling."""


@dataclass(frozen=True)
class CircuitSettings:
    """Settings of a `Competition` that belong together.

    Weights are relative conductances for "lif" and currents for "izhikevich". They were found on
    training images that were held out, never on test images.

    Parameters
    ----------
    neuron : NeuronModel
        Excitatory neurons.
    total_weight : float
        Norm of a neuron's incoming weights.
    w_max : float
        The greatest of them.
    inhibition : float
        Weight of an inhibitory synapse while learning.
    theta : float
        Initial threshold above the model's own.
    theta_plus : tuple of (float, float)
        Jump of a threshold at a spike, at the beginning and at the end.
    answer_inhibition : float
        Weight of an inhibitory synapse in answers, where more neurons may have their say.
    target_spikes : float
        Spikes of all neurons in an image that thresholds aim at; 0: they only decay.
    eta : tuple of (float, float)
        Rate of learning, at the beginning and at the end.
    x_tar : float
        Trace that neither strengthens nor weakens a synapse.
    norm : int
        Of rates and weights: 1 their sum, 2 their length.
    steps : int
        How long an image is shown, in steps.
    total_rate : float
        Norm of the rates of an image, Hz; 0: as it is.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from engram.circuits import image_settings
    >>> settings = replace(image_settings("lif", n_neurons=100), inhibition=10.0)
    >>> settings.inhibition, settings.neuron.tau_m
    (10.0, 100.0)
    """

    neuron: NeuronModel
    total_weight: float
    w_max: float
    inhibition: float
    theta: float
    theta_plus: tuple[float, float]
    answer_inhibition: float
    target_spikes: float = 0.0
    eta: tuple[float, float] = (0.05, 0.005)
    x_tar: float = X_TAR
    norm: int = 2
    steps: int = STEPS
    total_rate: float = TOTAL_RATE

    def rule(self) -> TraceSTDP:
        """The rule of the synapses that learn, at the first rate."""
        return TraceSTDP(eta=self.eta[0], x_tar=self.x_tar, bounds="both")

    @property
    def weights(self) -> tuple[float, float]:
        """Range of the initial weights, before scaling."""
        return 0.0, min(LOWEST_MOST, self.w_max)


def named_model(where: str, model: str | NeuronModel) -> NeuronModel:
    """A neuron by its name, or one of the user's own.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    model : str or NeuronModel
        A name in `MODELS`, or a neuron.

    Returns
    -------
    NeuronModel
        The neuron.

    Raises
    ------
    InvalidValueError
        There is no such name.
    """
    if isinstance(model, NeuronModel):
        return model
    if model not in MODELS:
        raise InvalidValueError(
            f"{where}: model must be one of {tuple(MODELS)} or a NeuronModel, not {brief(model)}"
        )
    return MODELS[model]


def plain_settings(where: str, model: str | NeuronModel) -> CircuitSettings:
    """What `Competition` takes by itself.

    Sums of weights, and thresholds that only decay.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    model : str or NeuronModel
        A name in `MODELS`, or a neuron.

    Returns
    -------
    CircuitSettings
        For this model.

    Raises
    ------
    InvalidValueError
        There is no such name.
    """
    neuron = named_model(where, model)
    if model == "izhikevich":
        total, w_max, inhibition, theta, jump = 20.0, 0.4, 17.0, 5.0, 0.5
    else:
        total, w_max, inhibition, theta, jump = 32.0, 0.64, 18.0, 0.0, 0.3
    return CircuitSettings(
        neuron,
        total_weight=total,
        w_max=w_max,
        inhibition=inhibition,
        answer_inhibition=inhibition,
        theta=theta,
        theta_plus=(jump, jump),
        norm=1,
        total_rate=0.0,
    )


def image_settings(model: str | NeuronModel, n_neurons: int) -> CircuitSettings:
    """What `engram.learn.STDPClassifier` takes by itself, by model and number of neurons.

    Parameters
    ----------
    model : str or NeuronModel
        "lif", "izhikevich", or a neuron of one's own, which gets the settings of "lif".
    n_neurons : int
        Excitatory neurons.

    Returns
    -------
    CircuitSettings
        For this model and size.

    Raises
    ------
    InvalidValueError
        There is no such name.

    Examples
    --------
    >>> from engram.circuits import image_settings
    >>> few, many = image_settings("lif", 100), image_settings("lif", 1600)
    >>> few.theta_plus[0] < many.theta_plus[0]  # who wins more rarely has less time to settle
    True
    """
    neuron = named_model("image_settings", model)
    # A neuron wins once in n images: the larger n, the fewer spikes its threshold has to settle.
    scale = n_neurons / 400
    if model == "izhikevich":
        return CircuitSettings(
            neuron,
            total_weight=2.0,
            w_max=0.63,
            inhibition=17.0,
            answer_inhibition=0.5,
            theta=15.0,
            theta_plus=(1.5 * scale, 0.1 * scale),
            target_spikes=10.0,
            eta=(0.02, 0.003),
        )
    return CircuitSettings(
        neuron,
        total_weight=3.16,
        w_max=1.0,
        inhibition=18.0,
        answer_inhibition=2.1 / max(1.0, n_neurons / 1600),
        theta=10.0,
        theta_plus=(1.5 * scale, 0.02 * scale),
        target_spikes=5.0,
        eta=(0.05, 0.005),
    )


def lifelong_settings(n_inputs: int) -> CircuitSettings:
    """Settings of circuits that live on: classes that come later, a world that changes.

    Short inhibition and thresholds that begin below the model's own, so that fresh neurons fire at
    anything; sums of rates and weights.

    Parameters
    ----------
    n_inputs : int
        How many inputs an image has.

    Returns
    -------
    CircuitSettings
        With a LIF neuron.

    Examples
    --------
    >>> from engram.circuits import lifelong_settings
    >>> settings = lifelong_settings(n_inputs=64)
    >>> settings.theta, settings.neuron.tau_inh
    (-3.0, 5.0)
    """
    neuron = MODELS["lif"].replica()
    neuron.assign("tau_inh", 5.0)
    return CircuitSettings(
        neuron,
        total_weight=31.6 * n_inputs / 784,
        w_max=0.63,
        inhibition=22.0,
        answer_inhibition=5.0,
        theta=-3.0,
        theta_plus=(0.3, 0.3),
        eta=(0.02, 0.02),
        norm=1,
        steps=250,
        total_rate=6500.0,
    )
