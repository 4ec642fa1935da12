"""Estimators that learn with spikes and local rules (`pip install engram[learn]`)."""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError("engram.learn needs scikit-learn: pip install 'engram[learn]'") from error

from engram.learn.place_code import PlaceCode
from engram.learn.reward_classifier import RewardClassifier

__all__ = ["PlaceCode", "RewardClassifier"]
