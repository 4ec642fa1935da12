"""A brain in forty lines
======================

It is built, stimulated, rewarded and punished; saved; loaded; run on.

Run it::

    python examples/quickstart.py [--output picture.png]
"""

import tempfile
from pathlib import Path

from engram.brain import Brain
from engram.persistence import load_brain, save_brain
from engram.region import RegionType


def main(output: Path | None = None) -> None:
    brain = Brain(dt=1.0, seed=42)

    # Available region types: SENSORY, ASSOCIATION, MEMORY, MOTOR, REWARD
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)

    # Enable multi-compartment neuron morphology (optional)
    brain.regions["cortex"].enable_morphology()

    # Stimulate and let it learn
    for step in range(10000):
        brain.stimulate("input", [0.8, 0.3, 0.5])
        if step == 5000:
            brain.reward(2.0, target="proj:input->cortex")
        if step == 7000:
            brain.punish(1.0, target="proj:cortex->output")
        brain.step()

    print(brain.summary())  # the brain has grown

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my_brain"
        save_brain(brain, path)  # full state, down to individual synapse weights
        saved = brain.fingerprint()
        brain = load_brain(path)  # carry on where it left off
    assert brain.fingerprint() == saved, "the loaded brain is not the one that was saved"

    rates = brain.record("rates", every=20.0)
    for _ in range(5000):
        brain.stimulate("input", [0.2, 0.9, 0.4])
        brain.step()

    print()
    print(brain.summary())
    stats = brain.stats()
    for region in stats.regions:
        assert 0.5 < region.rate < 100.0, f"{region.name} fires at {region.rate:.1f} Hz"
    assert stats.n_neurons > 260, "the brain has not grown"
    assert stats.synapses_pruned > 0, "the brain was not pruned"

    if output is not None:
        from engram import plots

        ax = plots.rates(rates, window=200.0)
        plots.title(ax, "The loaded brain under a new stimulus")
        ax.figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
