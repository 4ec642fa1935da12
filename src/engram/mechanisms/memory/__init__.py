"""Memory: traces of activity, their replay in quiet and in sleep, pattern completion."""

from engram.mechanisms.memory.completion import Completion
from engram.mechanisms.memory.consolidation import Consolidation
from engram.mechanisms.memory.memory import Memory
from engram.mechanisms.memory.sleep import ReplayEvent, SleepReport
from engram.mechanisms.memory.traces import Trace

__all__ = ["Completion", "Consolidation", "Memory", "ReplayEvent", "SleepReport", "Trace"]
