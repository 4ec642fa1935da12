"""
Matrix of weights
=================

Who contacts whom, and how strongly.
"""

from engram import Brain, plots

brain = Brain(seed=1)
cortex = brain.add_region("cortex", n_neurons=60, connectivity=0.2)

plots.weight_matrix(cortex.wiring, unit="mV/ms")
