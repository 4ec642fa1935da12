"""Writes docs/api from what the package exports: ``python docs/make_api.py``."""

from __future__ import annotations

import importlib
from pathlib import Path

API = Path(__file__).parent / "api"

GROUPS: dict[str, tuple[str, ...]] = {
    "A brain": (
        "Brain", "Region", "RegionType", "Projection", "BrainStats", "Process", "Competition",
    ),
    "Neuron models": (
        "NeuronModel", "Izhikevich", "FiringPattern", "LIF", "CurrentLIF", "AdEx",
        "PoissonSource", "Relay", "SpikeTimes", "NeuronType", "Parameter",
    ),
    "Synapses": (
        "Neurotransmitter", "NeurotransmitterType", "ShortTermPlasticity", "Uniform", "Normal",
        "LogNormal",
    ),
    "Learning rules": (
        "PlasticityRule", "STDP", "TripletSTDP", "TraceSTDP", "ModulatedRule", "RewardSTDP",
    ),
    "Neuromodulation": (
        "Critic", "DopamineRelease", "AcetylcholineRelease", "SerotoninRelease",
    ),
    "Input": (
        "StimulusEncoder", "EncodingStrategy", "TimedArray", "encode_number", "encode_text",
    ),
    "Recorders": (
        "Recorder", "SpikeRecorder", "StateRecorder", "RateRecorder", "RhythmRecorder",
        "WeightRecorder",
    ),
    "Saving": ("save_brain", "load_brain", "resume_brain", "inspect_checkpoint"),
    "Errors": (
        "EngramError", "BusyError", "CapacityError", "CheckpointError", "InvalidTypeError",
        "InvalidValueError", "InvariantError", "MissingExtraError", "RecordingFileError",
        "UnknownNameError",
    ),
}  # fmt: skip
"""Names of `engram`, by what they are about."""

MODULES: dict[str, str] = {
    "engram.plots": "Pictures of recordings, pathways and brains.",
    "engram.analysis": "What recordings say: spike trains, rhythms.",
    "engram.learn": "Estimators for scikit-learn, decoders of spikes, agents.",
    "engram.circuits": "Circuits made of ordinary regions and projections.",
    "engram.mechanisms.growth": "Births, deaths, new synapses, pruning.",
    "engram.mechanisms.memory": "Traces, replay, sleep.",
    "engram.morphology": "Dendrites.",
    "engram.modulation": "What spikes release into regions.",
    "engram.distributions": "Values that are drawn.",
    "engram.datasets": "Images, and lists of edges.",
    "engram.environments": "Worlds for agents.",
    "engram.live.page": "The page that shows a brain.",
    "engram.live.world": "An agent beside its brain.",
    "engram.sweep": "Your own function at many settings, on many machines.",
}

INDEX = """\
# Reference

Every public name. Names of `engram` itself are the ones to begin with; modules have more. What is
not listed here is not public ([compatibility](../compatibility.md)).

```{{toctree}}
:hidden:

engram
{modules}
```

| module | subject |
|---|---|
| [`engram`](engram.md) | the names to begin with |
{rows}
"""


def listing(module: str, names: tuple[str, ...]) -> str:
    """A table of names, each with a page of its own."""
    lines = "\n".join(f"   {name}" for name in names)
    return (
        f"```{{eval-rst}}\n.. currentmodule:: {module}\n\n"
        f".. autosummary::\n   :toctree: generated\n   :nosignatures:\n\n{lines}\n```\n"
    )


def page_of(module: str) -> str:
    """The page of a module."""
    return f"{module.removeprefix('engram.')}.md"


def names_of(module: str) -> tuple[str, ...]:
    """What a module exports beyond `engram` itself, but for plain numbers and tables."""
    loaded, known = importlib.import_module(module), importlib.import_module("engram").__all__
    return tuple(n for n in loaded.__all__ if callable(getattr(loaded, n)) and n not in known)


def pages() -> dict[str, str]:
    """All pages, by name of the file."""
    made = {
        "engram.md": "# engram\n\n"
        + "\n".join(f"## {title}\n\n{listing('engram', names)}" for title, names in GROUPS.items())
    }
    for module, subject in MODULES.items():
        made[page_of(module)] = f"# {module}\n\n{subject}\n\n{listing(module, names_of(module))}"
    made["index.md"] = INDEX.format(
        modules="\n".join(page_of(m).removesuffix(".md") for m in MODULES),
        rows="\n".join(f"| [`{m}`]({page_of(m)}) | {text} |" for m, text in MODULES.items()),
    )
    return made


if __name__ == "__main__":
    API.mkdir(exist_ok=True)
    for name, text in pages().items():
        (API / name).write_text(text, encoding="utf-8")
