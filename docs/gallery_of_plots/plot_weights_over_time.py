"""
Weights over time
=================

The median of a pathway's weights, the middle half, and nine tenths.
"""

from engram import STDP, Brain, Uniform, plots

brain = Brain(seed=1, mechanisms=["plasticity"])
brain.add_region("eye", "sensory", n_neurons=100, background=6.0)
brain.add_region("cortex", n_neurons=20)
path = brain.connect_regions(
    "eye", "cortex", density=0.5, weights=Uniform(2.0, 8.0), w_max=10.0, rule=STDP()
)
weights = brain.record("weights", path, every=100.0)
brain.run_for(20_000.0)

plots.weights_over_time(weights)
