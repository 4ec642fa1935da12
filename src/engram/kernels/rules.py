"""The built-in learning rules, for one synapse at one event (see `engram.plasticity`)."""

from typing import Any


def stdp_on_pre(w: Any, y: Any, A_minus: Any, soft: Any, w_min: Any, w_max: Any) -> Any:
    """Depression: w - A_minus y (w_max, or w - w_min with soft bounds).

    Parameters
    ----------
    w : float
        Magnitude of the weight.
    y : float
        Trace of the postsynaptic spikes.
    A_minus : float
        Depression by a coincident pair, in units of w_max.
    soft : float
        1 for soft bounds, 0 for hard ones.
    w_min, w_max : float
        Bounds of the magnitude.

    Returns
    -------
    float
        The new magnitude.
    """
    return w - A_minus * y * (w_max - soft * (w_max - (w - w_min)))


def stdp_on_post(w: Any, x: Any, A_plus: Any, soft: Any, w_max: Any) -> Any:
    """Potentiation: w + A_plus x (w_max, or w_max - w with soft bounds).

    Parameters
    ----------
    w : float
        Magnitude of the weight.
    x : float
        Trace of the spikes that have arrived.
    A_plus : float
        Potentiation by a coincident pair, in units of w_max.
    soft : float
        1 for soft bounds, 0 for hard ones.
    w_max : float
        Upper bound of the magnitude.

    Returns
    -------
    float
        The new magnitude.
    """
    return w + A_plus * x * (w_max - soft * w)


def trace_on_post(
    w: Any, x: Any, eta: Any, x_tar: Any, mu: Any, both: Any, w_min: Any, w_max: Any
) -> Any:
    """Learning at a postsynaptic spike: w + eta (x - x_tar) (w_max - w)^mu.

    With `both`, depression goes with (w - w_min)^mu.

    Parameters
    ----------
    w : float
        Magnitude of the weight.
    x : float
        Trace of the spikes that have arrived.
    eta : float
        Rate of learning.
    x_tar : float
        Trace at which the weight stays.
    mu : float
        How changes shrink towards the bound; 0: not at all.
    both : float
        1 if depression shrinks towards the lower bound, else 0.
    w_min, w_max : float
        Bounds of the magnitude.

    Returns
    -------
    float
        The new magnitude.
    """
    change = eta * (x - x_tar)
    room = w - w_min if both * change < 0.0 else w_max - w
    # A power costs many times the rest.
    return w + change * (room if mu == 1.0 else room**mu)


def triplet_on_pre(
    w: Any, x2: Any, y: Any, A2_minus: Any, A3_minus: Any, soft: Any, w_min: Any, w_max: Any
) -> Any:
    """Depression: w - y (A2_minus + A3_minus x2) (w_max, or w - w_min with soft bounds).

    Parameters
    ----------
    w : float
        Magnitude of the weight.
    x2 : float
        Slow trace of the spikes that have arrived.
    y : float
        Fast trace of the postsynaptic spikes.
    A2_minus, A3_minus : float
        Depression by a pair and by a triplet, in units of w_max.
    soft : float
        1 for soft bounds, 0 for hard ones.
    w_min, w_max : float
        Bounds of the magnitude.

    Returns
    -------
    float
        The new magnitude.
    """
    return w - y * (A2_minus + A3_minus * x2) * (w_max - soft * (w_max - (w - w_min)))


def triplet_on_post(
    w: Any, x: Any, y2: Any, A2_plus: Any, A3_plus: Any, soft: Any, w_max: Any
) -> Any:
    """Potentiation: w + x (A2_plus + A3_plus y2) (w_max, or w_max - w with soft bounds).

    Parameters
    ----------
    w : float
        Magnitude of the weight.
    x : float
        Fast trace of the spikes that have arrived.
    y2 : float
        Slow trace of the postsynaptic spikes.
    A2_plus, A3_plus : float
        Potentiation by a pair and by a triplet, in units of w_max.
    soft : float
        1 for soft bounds, 0 for hard ones.
    w_max : float
        Upper bound of the magnitude.

    Returns
    -------
    float
        The new magnitude.
    """
    return w + x * (A2_plus + A3_plus * y2) * (w_max - soft * w)


def reward_stdp_on_pre(y: Any, A_minus: Any, w_max: Any) -> Any:
    """Change of eligibility at the arrival of a spike: -A_minus y w_max.

    Parameters
    ----------
    y : float
        Trace of the postsynaptic spikes.
    A_minus : float
        Depression by a coincident pair, in units of w_max.
    w_max : float
        Upper bound of the magnitude.

    Returns
    -------
    float
        What is added to the eligibility.
    """
    return -A_minus * y * w_max


def reward_stdp_on_post(x: Any, A_plus: Any, w_max: Any) -> Any:
    """Change of eligibility at a postsynaptic spike: A_plus x w_max.

    Parameters
    ----------
    x : float
        Trace of the spikes that have arrived.
    A_plus : float
        Potentiation by a coincident pair, in units of w_max.
    w_max : float
        Upper bound of the magnitude.

    Returns
    -------
    float
        What is added to the eligibility.
    """
    return A_plus * x * w_max
