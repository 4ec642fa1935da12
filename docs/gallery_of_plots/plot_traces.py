"""
Traces
======

States over time; spikes are drawn to a peak, lines are set apart.
"""

from engram import Brain, CurrentLIF, plots

brain = Brain(dt=0.1, seed=1, mechanisms="none")
brain.add_region("cells", n_neurons=3, model=CurrentLIF, connectivity=0.0)
brain.poisson_input("cells", rate=10.0, weight=1.6, n=200)
v, spikes = brain.record("v", "cells"), brain.record("spikes")
brain.run_for(300.0)

plots.traces(v, spikes=spikes, peak=20.0, offset=90.0)
