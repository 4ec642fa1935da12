"""Recorders, and the figures of a brain."""

from engram.recording.recorders import (
    RateRecorder,
    Recorder,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)
from engram.recording.stores import RecordingFileError

__all__ = [
    "RateRecorder",
    "Recorder",
    "RecordingFileError",
    "RhythmRecorder",
    "SpikeRecorder",
    "StateRecorder",
    "WeightRecorder",
]
