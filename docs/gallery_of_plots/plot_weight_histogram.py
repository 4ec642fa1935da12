"""
Histogram of weights
====================

Of a pathway, excitation and inhibition apart.
"""

from engram import Brain, LogNormal, plots

brain = Brain(seed=1)
cortex = brain.add_region(
    "cortex", n_neurons=200, connectivity=0.2, weights=LogNormal(2.0, 1.0), inhibitory_weights=3.0
)

plots.weight_histogram(cortex.wiring, unit="mV/ms")
