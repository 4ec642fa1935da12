"""``engram new``: a project to begin with, as a program, a notebook or an experiment file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from engram.errors import InvalidValueError

SCRIPT = '''\
"""A first brain: it sees, is rewarded, and learns.

    python brain.py
"""

from engram import Brain, save_brain

brain = Brain(seed=1)
brain.add_region("eye", "sensory", n_neurons=50)
brain.add_region("cortex", n_neurons=100)
brain.connect_regions("eye", "cortex", density=0.2)

spikes = brain.record("spikes")
for _ in range(10):
    brain.present("eye", [0.8, 0.3, 0.5], steps=200, rest=100)
    brain.reward(1.0, target="proj:eye->cortex")
    brain.run(200)
spikes.detach()

print(brain.summary())
save_brain(brain, "brain")

try:
    from engram import plots
except ImportError:
    print("for pictures: pip install matplotlib")
else:
    plots.save(plots.raster(spikes), "spikes.png")
'''

CONFIG = """\
# engram run experiment.toml

[brain]
seed = 1

[regions.eye]
type = "sensory"
neurons = 50

[regions.cortex]
neurons = 100

[[projections]]
source = "eye"
target = "cortex"
density = 0.2

[[record]]
what = "spikes"

[[record]]
what = "rates"
every = 20.0

[[protocol]]
present = "eye"
values = [0.8, 0.3, 0.5]
steps = 200
rest = 100
reward = 1.0
target = "proj:eye->cortex"
run = 200
repeat = 10

[output]
folder = "results"
"""

CELLS = (
    ("markdown", "# A first brain"),
    ("code", "from engram import Brain, plots, save_brain"),
    ("code", "\n".join(SCRIPT.splitlines()[7:11])),
    ("code", "\n".join(SCRIPT.splitlines()[12:18])),
    ("code", "print(brain.summary())\nplots.raster(spikes)"),
    ("code", 'save_brain(brain, "brain")'),
)


def notebook() -> str:
    """The notebook, as JSON."""
    cells = []
    for k, (kind, text) in enumerate(CELLS):
        cell: dict[str, object] = {
            "id": f"cell-{k}",
            "cell_type": kind,
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1) + "\n"


KINDS: dict[str, tuple[str, Callable[[], str], str]] = {
    "script": ("brain.py", lambda: SCRIPT, "python brain.py"),
    "notebook": ("brain.ipynb", notebook, "jupyter lab brain.ipynb"),
    "config": ("experiment.toml", lambda: CONFIG, "engram run experiment.toml"),
}
"""File, content, and how to run it, by kind."""


def create(folder: Path, kind: str) -> tuple[Path, str]:
    """Write a starter project.

    Parameters
    ----------
    folder : Path
        Where; it is made if it is not there.
    kind : str
        "script", "notebook" or "config".

    Returns
    -------
    path : Path
        The file.
    command : str
        How to run it, from within the folder.

    Raises
    ------
    InvalidValueError
        There is no such kind, or the file is there already.
    """
    if kind not in KINDS:
        raise InvalidValueError(f"engram new: kind must be one of {', '.join(KINDS)}, not {kind!r}")
    name, content, command = KINDS[kind]
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content())
    except FileExistsError:
        raise InvalidValueError(f"{path} is there already; choose another folder") from None
    return path, command
