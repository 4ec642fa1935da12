"""What suits a circuit of competing neurons that learns pictures, by its model and its size."""

from __future__ import annotations

from dataclasses import dataclass

from engram.competition import MODELS
from engram.errors import InvalidValueError
from engram.neurons import NeuronModel


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


def recipe(model: str | NeuronModel, n_neurons: int) -> Recipe:
    """The settings for a model, "lif", "izhikevich" or a neuron of one's own, and a size."""
    # A neuron wins once in n pictures: the larger n, the fewer spikes its threshold has to settle.
    scale = n_neurons / 400
    if model == "izhikevich":
        return Recipe(
            MODELS["izhikevich"],
            total_weight=2.0,
            w_max=0.63,
            inhibition=17.0,
            answer_inhibition=0.5,
            theta=15.0,
            theta_plus=(1.5 * scale, 0.1 * scale),
            target_spikes=10.0,
            eta=(0.02, 0.003),
        )
    if isinstance(model, str) and model != "lif":
        raise InvalidValueError(
            f"STDPClassifier: model must be 'lif', 'izhikevich' or a NeuronModel, not {model!r}"
        )
    return Recipe(
        MODELS["lif"] if isinstance(model, str) else model,
        total_weight=3.16,
        w_max=1.0,
        inhibition=18.0,
        answer_inhibition=2.1 / max(1.0, n_neurons / 1600),
        theta=10.0,
        theta_plus=(1.5 * scale, 0.02 * scale),
        target_spikes=5.0,
        eta=(0.05, 0.005),
    )
