"""
Rates
=====

The mean rate of each region, over a window.
"""

from engram import Brain, plots

brain = Brain(seed=1)
brain.add_region("eye", "sensory", n_neurons=50)
brain.add_region("cortex", n_neurons=100)
brain.connect_regions("eye", "cortex", density=0.2)
rates = brain.record("rates", every=10.0)
for values in ([0.9, 0.1], [0.1, 0.9], [0.5, 0.5]):
    brain.present("eye", values, steps=300, rest=200)

plots.rates(rates, window=50.0, unit="s")
