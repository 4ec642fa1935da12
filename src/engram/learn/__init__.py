"""Estimators and agents that learn with spikes and local rules (`pip install ".[learn]"`).

`SpikingAgent` needs Gymnasium besides (`pip install ".[agents]"`) and is imported on demand.
"""

from typing import TYPE_CHECKING, Any

from engram.errors import MissingExtraError
from engram.parameters.listing import public_names

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise MissingExtraError("engram.learn", "scikit-learn", "learn") from error

from engram.learn.co_activity import CoActivity
from engram.learn.consolidation import ConsolidatedCircuit
from engram.learn.decoders import ClassProfiles, Decoder, DeltaReadout, PoissonBayes, Vote
from engram.learn.first_spike_readout import FirstSpikeReadout
from engram.learn.place_code import PlaceCode
from engram.learn.prototypes import Prototypes
from engram.learn.retina import Retina
from engram.learn.reward_readout import RewardReadout
from engram.learn.rstdp_classifier import RSTDPClassifier
from engram.learn.self_training import Conscience, live_on
from engram.learn.stdp_classifier import STDPClassifier
from engram.learn.stdp_features import STDPFeatures
from engram.learn.winner_units import WinnerUnits

if TYPE_CHECKING:
    from engram.learn.agent import SpikingAgent

__all__ = [
    "ClassProfiles",
    "CoActivity",
    "Conscience",
    "ConsolidatedCircuit",
    "Decoder",
    "DeltaReadout",
    "FirstSpikeReadout",
    "PlaceCode",
    "PoissonBayes",
    "Prototypes",
    "RSTDPClassifier",
    "Retina",
    "RewardReadout",
    "STDPClassifier",
    "STDPFeatures",
    "SpikingAgent",
    "Vote",
    "WinnerUnits",
    "live_on",
]


def __getattr__(name: str) -> Any:
    if name == "SpikingAgent":
        from engram.learn.agent import SpikingAgent

        return SpikingAgent
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__dir__ = public_names(__name__)
