"""
Raster of many neurons
======================

Of 10,000 neurons one in ten is drawn; the panel below has the rates of all.
"""

from engram import Brain, CurrentLIF, plots

brain = Brain(seed=1, mechanisms="none")
brain.add_region("cortex", n_neurons=10_000, model=CurrentLIF, connectivity=0.0)
brain.poisson_input("cortex", rate=8.0, weight=1.0, n=400)
spikes = brain.record("spikes")
brain.run(200)

plots.raster(spikes)
