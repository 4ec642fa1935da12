"""Measurements that need a process of their own; each prints one line of JSON."""

from __future__ import annotations

import sys
import time

_CPU, _WALL = time.process_time(), time.perf_counter()


def _import() -> dict[str, float]:
    import engram  # noqa: F401

    return {"cpu_s": time.process_time() - _CPU, "wall_s": time.perf_counter() - _WALL}


def _first_step() -> dict[str, float]:
    """Import, build a small brain, do one step."""
    out = {f"import_{k}": v for k, v in _import().items()}
    from engram import Brain, RegionType

    brain = Brain(dt=1.0, seed=42)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.stimulate("input", [0.8, 0.3, 0.5])
    brain.step()
    # From the start of the process, the interpreter's own start included.
    return out | {"cpu_s": time.process_time(), "wall_s": time.perf_counter() - _WALL}


def _memory() -> dict[str, float]:
    """Bytes a plastic synapse of W3 takes, and the peak of the process."""
    from pathlib import Path

    def peak() -> float:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    from benchmarks.speed.workloads import build_izhi2006

    imported = peak()
    brain = build_izhi2006(11)
    built = peak()
    brain.run(1000)
    blocks = brain.network.tables.blocks
    plastic = [p for p in brain.projections if p.rule is not None and p.n_synapses]
    nbytes = sum(a.nbytes for p in plastic for a in blocks[p.record.index].values())
    n = sum(p.n_synapses for p in plastic)
    return {
        "bytes_per_synapse": nbytes / n,
        "plastic_synapses": n,
        "peak_rss_mib": peak(),
        "peak_imported_mib": imported,
        "peak_built_mib": built,
    }


def main() -> None:
    """Do what the first argument names."""
    probes = {"import": _import, "first-step": _first_step, "memory": _memory}
    result = probes[sys.argv[1]]()
    import json

    print(json.dumps(result))


if __name__ == "__main__":
    main()
