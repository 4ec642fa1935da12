"""The demonstration: a brain lives, learns, grows, is saved and carries on; then it learns Iris."""

from engram.demo.life import DemoError
from engram.demo.run import run

__all__ = ["DemoError", "run"]
