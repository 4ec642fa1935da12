"""The built-in learning rules, for one synapse at one event (see `engram.plasticity`)."""

from typing import Any


def stdp_on_pre(w: Any, y: Any, A_minus: Any, soft: Any, w_min: Any, w_max: Any) -> Any:
    """Depression: w - A_minus y (w_max, or w - w_min with soft bounds)."""
    return w - A_minus * y * (w_max - soft * (w_max - (w - w_min)))


def stdp_on_post(w: Any, x: Any, A_plus: Any, soft: Any, w_max: Any) -> Any:
    """Potentiation: w + A_plus x (w_max, or w_max - w with soft bounds)."""
    return w + A_plus * x * (w_max - soft * w)


def reward_stdp_on_pre(y: Any, A_minus: Any, w_max: Any) -> Any:
    """Change of eligibility at the arrival of a spike."""
    return -A_minus * y * w_max


def reward_stdp_on_post(x: Any, A_plus: Any, w_max: Any) -> Any:
    """Change of eligibility at a postsynaptic spike."""
    return A_plus * x * w_max
