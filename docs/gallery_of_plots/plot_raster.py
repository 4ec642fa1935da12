"""
Raster
======

Every spike as a mark; regions are stacked, each in its colour.
"""

from engram import Brain, plots

brain = Brain(seed=1)
brain.add_region("eye", "sensory", n_neurons=40)
brain.add_region("cortex", n_neurons=80)
brain.connect_regions("eye", "cortex", density=0.2)
spikes = brain.record("spikes")
brain.present("eye", [0.2, 0.9, 0.4], steps=400, rest=100)

plots.raster(spikes)
