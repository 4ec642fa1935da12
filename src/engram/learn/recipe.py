"""What suits a circuit of competing neurons that learns pictures, by its model and its size."""

from __future__ import annotations

from dataclasses import dataclass

from engram.errors import InvalidValueError
from engram.learn.izhikevich import ShuntedIzhikevich
from engram.neurons import LIF, NeuronModel


@dataclass(frozen=True)
class Recipe:
    """Settings of `STDPClassifier` that depend on the model or the number of neurons.

    Found on training pictures that were held out, never on test pictures. Synaptic weights are
    relative conductances for "lif" and currents for "izhikevich".
    """

    neuron: NeuronModel
    total_weight: float
    w_max: float
    inhibition: float
    answer_inhibition: float
    theta: float
    theta_plus: tuple[float, float]
    target_spikes: float
    eta: tuple[float, float]
    rate_cap: float


def recipe(model: str | NeuronModel, n_neurons: int, n_inputs: int) -> Recipe:
    """The settings for a model, "lif", "izhikevich" or a neuron of one's own, and a size."""
    # The mean weight, and so what a spike does before anything is learned, is that for MNIST.
    share = n_inputs / 784
    # A neuron wins once in n pictures: the larger n, the fewer spikes its threshold has to settle.
    scale = n_neurons / 400
    if model == "izhikevich":
        return Recipe(
            ShuntedIzhikevich(), total_weight=20.0 * share, w_max=0.4, inhibition=17.0,
            answer_inhibition=0.5, theta=15.0, theta_plus=(1.5 * scale, 0.1 * scale),
            target_spikes=10.0, eta=(0.02, 0.003), rate_cap=255.0,
        )  # fmt: skip
    if isinstance(model, str) and model != "lif":
        raise InvalidValueError(
            f"STDPClassifier: model must be 'lif', 'izhikevich' or a NeuronModel, not {model!r}"
        )
    neuron = LIF(
        tau_m=100.0, E_L=-65.0, E_exc=0.0, E_inh=-100.0, v_th=-52.0, v_reset=-65.0, t_ref=5.0,
        tau_exc=1.0, tau_inh=10.0,
    )  # fmt: skip
    return Recipe(
        neuron if isinstance(model, str) else model, total_weight=31.6 * share, w_max=0.63,
        inhibition=18.0, answer_inhibition=2.1, theta=-1.0,
        theta_plus=(scale, 0.05 * scale), target_spikes=5.0, eta=(0.05, 0.005),
        # Pictures of few pixels, at the same total rate, would win more neurons than their share.
        rate_cap=255.0 if n_neurons < 1000 else 90.0,
    )  # fmt: skip
