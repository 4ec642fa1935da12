"""Estimators that learn with spikes and local rules (`pip install engram[learn]`)."""

from engram.errors import MissingExtraError

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise MissingExtraError("engram.learn", "scikit-learn", "learn") from error

from engram.learn.decoders import ClassProfiles, Decoder, DeltaReadout, PoissonBayes, Vote
from engram.learn.place_code import PlaceCode
from engram.learn.reward_readout import RewardReadout
from engram.learn.rstdp_classifier import RSTDPClassifier
from engram.learn.stdp_classifier import STDPClassifier

__all__ = [
    "ClassProfiles",
    "Decoder",
    "DeltaReadout",
    "PlaceCode",
    "PoissonBayes",
    "RSTDPClassifier",
    "RewardReadout",
    "STDPClassifier",
    "Vote",
]
