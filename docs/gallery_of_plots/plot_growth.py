"""
Growth
======

Neurons and synapses over time.
"""

from engram import Brain, plots

brain = Brain(seed=1)
brain.add_region("eye", "sensory", n_neurons=20)
brain.add_region("cortex", n_neurons=20)
brain.connect_regions("eye", "cortex", density=0.3)
for _ in range(20):
    brain.present("eye", [0.9, 0.2], steps=800, rest=200)

plots.growth(brain.stats_history)
