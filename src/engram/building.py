"""Checks of what a brain is built from."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidTypeError, InvalidValueError
from engram.neurons import FiringPattern, Izhikevich, NeuronModel, NeuronType
from engram.preparation import check_model
from engram.region import Region, RegionType

DEVICES = ("cpu", "cuda", "auto")


def device_name(device: str) -> str:
    """The device to run on; so far there is one."""
    chosen = os.environ.get("BRAIN_DEVICE", device) if device == "cpu" else device
    if chosen not in DEVICES:
        raise InvalidValueError(f"Brain: device must be one of {DEVICES}, not {chosen!r}")
    if chosen == "cuda":
        raise InvalidValueError("Brain: device 'cuda' is not supported by this version; use 'cpu'")
    return "cpu"


def neuron_model(where: str, model: NeuronModel | type[NeuronModel] | None) -> NeuronModel:
    """A model of one's own from a model, its class, or None (Izhikevich)."""
    if model is None:
        return Izhikevich()
    if isinstance(model, type) and issubclass(model, NeuronModel):
        model = model()
    if not isinstance(model, NeuronModel):
        raise InvalidTypeError(f"{where}: model must be a NeuronModel, not {model!r}")
    check_model(type(model))
    return model.replica()


def patterns_of(
    where: str,
    region_type: RegionType,
    patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None,
) -> tuple[FiringPattern, FiringPattern]:
    """The patterns of excitatory and inhibitory neurons."""
    if patterns is None:
        return region_type.patterns
    pair = (patterns, patterns) if isinstance(patterns, FiringPattern) else patterns
    if not (
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(isinstance(p, FiringPattern) for p in pair)
    ):
        raise InvalidTypeError(
            f"{where}: patterns must be a FiringPattern or two of them (excitatory, inhibitory), "
            f"not {patterns!r}"
        )
    return pair


def living_slots(region: Region, kind: NeuronType | None) -> NDArray[np.int64]:
    """Slots of the living neurons, all or of one type."""
    chosen = region.neuron_alive
    if kind is not None:
        chosen = chosen & (region.neuron_type == kind)
    return np.flatnonzero(chosen) + region._first
