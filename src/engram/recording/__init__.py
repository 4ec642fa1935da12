"""Recorders, and the figures of a brain."""

from engram.recording.recorders import (
    RateRecorder,
    Recorder,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)

__all__ = [
    "RateRecorder",
    "Recorder",
    "RhythmRecorder",
    "SpikeRecorder",
    "StateRecorder",
    "WeightRecorder",
]
