"""Signatures of what has parameters, and the recorders that names ask for."""

from __future__ import annotations

from typing import assert_type

import numpy as np

from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    CurrentLIF,
    Izhikevich,
    RateRecorder,
    Recorder,
    RewardSTDP,
    RhythmRecorder,
    ShortTermPlasticity,
    SpikeRecorder,
    SpikeTimes,
    StateRecorder,
    StimulusEncoder,
    Uniform,
    WeightRecorder,
    plots,
)

LIF(tau_m=20.0, v_th=Uniform(-52.0, -48.0), E_L=np.full(5, -65.0), tau_exc=2)
LIF(tau_mm=20.0)  # type: ignore[call-arg]
LIF(tau_m="20")  # a text is array-like, and refused when it runs
CurrentLIF(E_exc=0.0)  # type: ignore[call-arg]
AdEx(Delta=2.0)  # type: ignore[call-arg]
Izhikevich(e=1.0)  # type: ignore[call-arg]
SpikeTimes([1.0], [0], tau_exc=1.0, tau_m=3.0)  # type: ignore[call-arg]
STDP(A_plus=0.01, bounds="additive", pairing="nearest")
STDP(A_pluss=0.01)  # type: ignore[call-arg]
STDP(bounds="soft")  # type: ignore[arg-type]
RewardSTDP(tau_eligibility="long")  # type: ignore[arg-type]
ShortTermPlasticity(u=0.5)  # type: ignore[call-arg]
StimulusEncoder(max_curent=3.0)  # type: ignore[call-arg]

brain = Brain(seed=1)
region = brain.add_region("a")
spikes = brain.record()
assert_type(spikes, SpikeRecorder)
assert_type(brain.record("spikes", ["a"]), SpikeRecorder)
assert_type(brain.record("rates", every=10.0), RateRecorder)
assert_type(brain.record("rhythms"), RhythmRecorder)
assert_type(brain.record("v", "a", neurons=[0]), StateRecorder)
assert_type(brain.record("weights", region.wiring, synapses=[0]), WeightRecorder)
assert_type(brain.record("a state of my own", "a"), Recorder)
plots.raster(spikes, unit="s")
