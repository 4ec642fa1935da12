"""The decoders by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sklearn.base import clone

from engram.errors import InvalidValueError, brief
from engram.learn.decoders import ClassProfiles, Decoder, DeltaReadout, PoissonBayes, Vote
from engram.learn.reward_readout import RewardReadout

PLAIN: Mapping[str, Callable[[int], Decoder]] = {
    "vote": lambda seed: Vote(),  # noqa: ARG005
    "profiles": lambda seed: ClassProfiles(),  # noqa: ARG005
    "bayes": lambda seed: PoissonBayes(),  # noqa: ARG005
    "delta": lambda seed: DeltaReadout(random_state=seed),
}
"""Decoders that take no network, by name; a seed makes one."""

DECODERS: Mapping[str, Callable[[int], Decoder]] = {
    **PLAIN,
    "reward": lambda seed: RewardReadout(random_state=seed),
}
"""All decoders."""


def new_decoder(where: str, wanted: str | Decoder) -> Decoder:
    """A decoder that is not fitted: the one of a name, or a clone of one's own.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    wanted : str or Decoder
        A name, or a decoder.

    Returns
    -------
    Decoder
        Not fitted.

    Raises
    ------
    InvalidValueError
        There is no such name.
    """
    if isinstance(wanted, Decoder):
        decoder: Decoder = clone(wanted)
        return decoder
    if not isinstance(wanted, str) or wanted not in DECODERS:
        raise InvalidValueError(
            f"{where}: decoder must be a Decoder or one of {tuple(DECODERS)}, not {brief(wanted)}"
        )
    return DECODERS[wanted](0)
