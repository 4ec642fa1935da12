"""
Phase plane
===========

Potential and recovery of an Izhikevich neuron, from light to dark as time goes on.
"""

from engram import Brain, FiringPattern, plots

brain = Brain(dt=0.1, seed=1, mechanisms="none")
brain.add_region("cell", n_neurons=1, patterns=FiringPattern.CHATTERING, background=10.0, noise=0.0)
v, u = brain.record("v", "cell", every=0.1), brain.record("u", "cell", every=0.1)
brain.run_for(200.0)

plots.phase(v, u)
