"""The demonstration: a brain lives, learns, grows, is saved and carries on; then it learns Iris."""

from engram.demo.life import DemoError
from engram.demo.run import run
from engram.parameters.listing import public_names

__all__ = ["DemoError", "run"]
__dir__ = public_names(__name__)
