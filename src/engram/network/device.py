"""Where a brain runs."""

from __future__ import annotations

import os

from engram.errors import InvalidValueError
from engram.parameters.checks import choice

DEVICES = ("cpu", "cuda", "auto")


def device_name(device: str) -> str:
    """The device to run on; so far there is one.

    Parameters
    ----------
    device : str
        A name in `DEVICES`; BRAIN_DEVICE overrides "cpu".

    Returns
    -------
    str
        As "cpu".

    Raises
    ------
    InvalidValueError
        There is no such device, or it is not supported.
    """
    chosen = choice("Brain: device", device, DEVICES)
    if chosen == "cpu":
        chosen = choice("Brain: device", os.environ.get("BRAIN_DEVICE", chosen), DEVICES)
    if chosen == "cuda":
        raise InvalidValueError("Brain: device 'cuda' is not supported by this version; use 'cpu'")
    return "cpu"
