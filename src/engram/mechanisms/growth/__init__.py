"""Growth: neurogenesis, synaptogenesis, pruning, apoptosis."""

from engram.mechanisms.growth.growth import Growth, GrowthCycle

__all__ = ["Growth", "GrowthCycle"]
