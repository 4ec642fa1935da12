"""
Network
=======

Regions, pathways and transmitters.
"""

from engram import Brain, NeuronType, Neurotransmitter, plots

brain = Brain(seed=1)
brain.add_region("eye", "sensory", n_neurons=100)
brain.add_region("cortex", n_neurons=200)
brain.add_region("hand", "motor", n_neurons=30)
brain.add_region("reward", "reward", n_neurons=20)
brain.connect_regions("eye", "cortex", density=0.1)
brain.connect_regions("cortex", "hand", density=0.1)
brain.connect_regions(
    "hand", "cortex", density=0.1, nt=Neurotransmitter.GABA, source_type=NeuronType.INHIBITORY
)
brain.connect_regions("reward", "cortex", density=0.1, nt=Neurotransmitter.DOPAMINE)

plots.network(brain)
