"""What NEURON makes of the templates. Runs in an environment of its own, with `neuron` from PyPI:

    python -m venv /tmp/neuron && /tmp/neuron/bin/pip install neuron
    python -m benchmarks.morphology --describe > trees.json
    /tmp/neuron/bin/python benchmarks/morphology/neuron_reference.py trees.json neuron.json

Independent of Engram: it knows the trees as lists of cylinders only, and cuts them finely.
"""

import json
import sys
from typing import Any

import neuron
from neuron import h

h.load_file("stdrun.hoc")
DT = 0.025
V0 = -65.0


def build(tree: dict[str, Any]) -> list[Any]:
    """Sections of a tree, the soma first; branches begin in the middle of the soma."""
    sections = [h.Section(name="soma")]
    sections[0].L = sections[0].diam = tree["soma"]
    for k, branch in enumerate(tree["branches"]):
        section = h.Section(name=f"branch{k}")
        section.L, section.diam = branch["length"], branch["diameter"]
        section.nseg = 41
        parent = branch["parent"]
        section.connect(sections[0](0.5) if parent < 0 else sections[parent + 1](1.0))
        sections.append(section)
    for section in sections:
        section.Ra, section.cm = tree["Ri"], tree["Cm"]
        section.insert("pas")
        section.g_pas, section.e_pas = 1.0 / tree["Rm"], V0
    return sections


def run(soma: Any, duration: float) -> tuple[Any, Any]:
    """Times, ms, and potentials above rest, mV, at the soma."""
    h.dt, h.steps_per_ms = DT, 1 / DT
    h.secondorder = 0
    v, t = h.Vector().record(soma(0.5)._ref_v), h.Vector().record(h._ref_t)
    h.finitialize(V0)
    h.continuerun(duration)
    return t.as_numpy().copy(), v.as_numpy() - V0


def main(source: str, target: str) -> None:
    with open(source) as stream:
        trees = json.load(stream)
    out: dict[str, Any] = {"neuron": neuron.__version__, "dt": DT, "templates": {}}
    for name, tree in trees.items():
        sections = build(tree)
        out["templates"][name] = [measure(sections, tree, site) for site in tree["sites"]]
    with open(target, "w") as stream:
        json.dump(out, stream, indent=1)


def measure(sections: list[Any], tree: dict[str, Any], site: dict[str, Any]) -> dict[str, Any]:
    """What a synapse at a site does at the soma."""
    soma = sections[0]
    here = sections[site["branch"] + 1](site["place"] if site["branch"] >= 0 else 0.5)
    entry: dict[str, Any] = {"branch": site["branch"], "place": site["place"], "transfer": {}}
    for frequency in (0.0, 50.0):
        z = h.Impedance()
        z.loc(0.5, sec=soma)
        z.compute(frequency)
        entry["transfer"][f"{frequency:g}"] = z.transfer(here.x, sec=here.sec) / z.input(
            0.5, sec=soma
        )
    clamp = h.IClamp(here)
    clamp.delay, clamp.dur, clamp.amp = 0.0, 1.0, 0.01
    t, v = run(soma, 400.0)
    entry["centroid"] = float((t * v).sum() / v.sum())
    clamp.amp = 0.0
    synapse = h.ExpSyn(here)
    synapse.tau, synapse.e = tree["tau_exc"], 0.0
    event = h.NetCon(None, synapse)
    event.weight[0] = tree["weight_uS"]
    start = h.FInitializeHandler(lambda e=event: e.event(1.0))
    t, v = run(soma, 60.0)
    every = round(1.0 / DT)
    entry["epsp"] = v[every::every].tolist()
    entry["epsp_peak"] = float(v.max())
    entry["epsp_peak_time"] = float(t[v.argmax()] - 1.0)
    entry["input_conductance"] = 1e3 / _input(soma)
    del start, event, synapse, clamp
    return entry


def _input(soma: Any) -> float:
    z = h.Impedance()
    z.loc(0.5, sec=soma)
    z.compute(0.0)
    resistance: float = z.input(0.5, sec=soma)
    return resistance


if __name__ == "__main__":
    main(*sys.argv[1:3])
