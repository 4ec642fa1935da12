"""What classes take: their signatures, for editors, for type checkers, and for `inspect`.

Classes declare parameters once, with range, unit and meaning, where no type checker sees them. The
tables here repeat names and types, and a test compares them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from engram.distributions import Values


def signature_with(kind: type, declared: Mapping[str, Any]) -> inspect.Signature:
    """The signature of a class, with declared parameters in place of ``**values``.

    Parameters
    ----------
    kind : type
        A class whose constructor may end with ``**values``.
    declared : mapping of str to Parameter
        What it declares.

    Returns
    -------
    Signature
        Of its constructor, without ``self``.
    """
    own = list(inspect.signature(kind.__init__).parameters.values())[1:]  # type: ignore[misc]
    if not any(p.kind is p.VAR_KEYWORD for p in own):
        return inspect.Signature(own)
    kept = [p for p in own if p.kind is not p.VAR_KEYWORD]
    names = {p.name for p in kept}
    more = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=p.default, annotation=type(p.default)
        )
        for name, p in declared.items()
        if name not in names
    ]
    return inspect.Signature([*kept, *more])


class ModelValues(TypedDict, total=False):
    """What every neuron model takes."""

    tau_exc: float
    tau_inh: float


class RuleValues(TypedDict, total=False):
    """What every rule takes."""

    pairing: Literal["all", "nearest"]
    metaplastic: bool


class IzhikevichValues(ModelValues, total=False):
    """What `Izhikevich` takes."""

    a: Values
    b: Values
    c: Values
    d: Values


class LIFValues(ModelValues, total=False):
    """What `LIF` takes."""

    tau_m: Values
    E_L: Values
    E_exc: Values
    E_inh: Values
    v_th: Values
    v_reset: Values
    t_ref: Values


class CurrentLIFValues(ModelValues, total=False):
    """What `CurrentLIF` takes."""

    tau_m: Values
    E_L: Values
    v_th: Values
    v_reset: Values
    t_ref: Values


class AdExValues(ModelValues, total=False):
    """What `AdEx` takes."""

    C: Values
    g_L: Values
    E_L: Values
    v_T: Values
    Delta_T: Values
    a: Values
    tau_w: Values
    b: Values
    v_r: Values
    v_peak: Values


class STDPValues(RuleValues, total=False):
    """What `STDP` takes."""

    A_plus: float
    A_minus: float
    tau_plus: float
    tau_minus: float
    bounds: Literal["additive", "multiplicative"]


class TripletSTDPValues(RuleValues, total=False):
    """What `TripletSTDP` takes."""

    A2_plus: float
    A3_plus: float
    A2_minus: float
    A3_minus: float
    tau_plus: float
    tau_minus: float
    tau_x: float
    tau_y: float
    bounds: Literal["additive", "multiplicative"]


class TraceSTDPValues(RuleValues, total=False):
    """What `TraceSTDP` takes."""

    eta: float
    x_tar: float
    mu: float
    tau_plus: float
    bounds: Literal["upper", "both"]


class RewardSTDPValues(RuleValues, total=False):
    """What `RewardSTDP` takes."""

    tau_eligibility: float
    dopamine_decay: float
    baseline_dopamine: float
    A_plus: float
    A_minus: float
    tau_plus: float
    tau_minus: float


class ShortTermPlasticityValues(TypedDict, total=False):
    """What `ShortTermPlasticity` takes."""

    U: float
    tau_rec: float
    tau_facil: float


class DopamineReleaseValues(TypedDict, total=False):
    """What `DopamineRelease` takes."""

    release: float
    tonic_rate: float


class AcetylcholineReleaseValues(TypedDict, total=False):
    """What `AcetylcholineRelease` takes."""

    release: float
    tau: float
    half: float
    floor: float


class SerotoninReleaseValues(TypedDict, total=False):
    """What `SerotoninRelease` takes."""

    release: float
    tau: float
    half: float
    current: float


class StimulusEncoderValues(TypedDict, total=False):
    """What `StimulusEncoder` takes."""

    max_rate: float
    cycle: float
    width: float


class CompetitionValues(TypedDict, total=False):
    """What `Competition` takes."""

    steps: int
    rest: int
    from_rest: bool
    max_rate: float
    norm: int
    total_rate: float
    rate_cap: float
    total_weight: float
    target_spikes: float
    min_spikes: int
    boost: float
    repeats: int
