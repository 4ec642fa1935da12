"""Pictures of recordings, pathways and brains (`pip install ".[viz]"`).

Every function draws into `ax` (a new figure's by default) and returns it; `save` writes its figure.

Examples
--------
>>> from engram import Brain, plots
>>> brain = Brain(seed=1)
>>> region = brain.add_region("cortex", n_neurons=20)
>>> recorder = brain.record("spikes")
>>> brain.run(200)
>>> axes = plots.raster(recorder)
>>> plots.save(axes, "spikes.png")                           # doctest: +SKIP
"""

from engram.errors import MissingExtraError
from engram.parameters.listing import public_names

try:
    import matplotlib  # noqa: F401
except ImportError as _error:
    raise MissingExtraError("engram.plots", "matplotlib", "viz") from _error

from engram.plots.brains import growth, phase
from engram.plots.pathways import network
from engram.plots.recordings import raster, rates, traces
from engram.plots.style import COLORS as COLORS
from engram.plots.style import FAINT as FAINT
from engram.plots.style import INK as INK
from engram.plots.style import legend as legend
from engram.plots.style import save, style, title
from engram.plots.tables import confusion
from engram.plots.weights import weight_histogram, weight_matrix, weights_over_time

__all__ = [
    "COLORS",
    "FAINT",
    "INK",
    "confusion",
    "growth",
    "legend",
    "network",
    "phase",
    "raster",
    "rates",
    "save",
    "style",
    "title",
    "traces",
    "weight_histogram",
    "weight_matrix",
    "weights_over_time",
]
__dir__ = public_names(__name__)
