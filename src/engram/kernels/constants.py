"""Numbers that kernels and the tables above them share."""

import os

BOUNDSCHECK = os.environ.get("ENGRAM_BOUNDSCHECK") == "1"
"""Whether machine code checks every index, for debugging; several times slower."""

NEVER = -(1 << 30)
"""The step of an event that has not happened."""

LAST_STEP = 1 << 30
"""Most steps in the life of a brain."""

# Entries of the clock: the step, spikes ever fired, spikes in the log, why `advance` stopped.
STEP, EVENTS, LOGGED, STOPPED = 0, 1, 2, 3

# Why `advance` stopped: all steps done, the spike ring or the spike log has no room for one more.
DONE, RING_FULL, LOG_FULL = 0, 1, 2

# What a worker knows of its crew: its number, how many there are, where the words are that they
# meet by, what their count has to reach next, the table for its neuron loops, and the address of a
# function that offers the processor to others (0: none).
WORKER, WORKERS, MEETING, GOAL, STAGED, YIELD = 0, 1, 2, 3, 4, 5

# The words that workers meet by: how often one has come, and whether it is called off.
ARRIVED, CANCELLED = 0, 1

BLOCK = 1024
"""Neurons worked on at a time: their scratch stays in the second-level cache."""

# Rows of the scratch array; the first three stay 0. A model's rows begin with MODEL_ROWS.
ZEROS, NO_EXC, NO_INH, EXTRA, UNIFORM, THETA, MODEL_ROWS = 0, 1, 2, 3, 4, 5, 6

# Neurons that are not stepped: how many modes their course has, how many numbers are kept by neuron
# (the modes, and threshold - v_rest), how many neurons are looked at together and how many flags
# are passed over at a time, after how many steps regions are reviewed, and the compiled loops.
MODES, COURSE, TOGETHER, SCANNED, REVIEW = 3, 4, 8, 8, 128
LAZY_STEP, RESUME, SETTLE, COUNT, REBASE = 0, 1, 2, 3, 4

ROWS_AHEAD = 64
"""Rows of synapses looked up at a time."""

RECENT = 128
"""Steps for which the decay of the rate estimate is looked up."""

LONG_ROW = 8
"""Targets from which on a row is worth a vector loop of its own."""

INHIBITORY_TRANSMITTER = 1
"""The one transmitter (GABA) whose synapses have negative weights."""

NMDA_TRANSMITTER = 0
"""The one transmitter (glutamate) that also opens NMDA receptors."""

# Transmitters that the spikes of a projection may release into the whole target; 0: nothing.
DOPAMINE_RELEASE, SEROTONIN_RELEASE, ACETYLCHOLINE_RELEASE = 2, 3, 4

EXCITATORY = 0
"""The type of neuron whose synapses sprout."""

# Transmitters of synapses, types of neurons, firing patterns: how many there are of each.
TRANSMITTERS, TYPES, PATTERNS = 5, 2, 7

# What a cycle of growth finds of a synapse: it is a dead neuron's, or weak, old and unused.
LOST, IDLE = 1, 2

MOST_NEURONS = (1 << 31) - 1
"""Neuron slots a region may have: their numbers have 32 bits."""

MOST_INPUT = 1e10
"""Largest current, rate or potential: far beyond it single precision gives up."""

RULE_PARAMETERS = 8
"""Parameters a plasticity rule may have."""

GATE = RULE_PARAMETERS - 1
"""Where a projection whose learning is gated keeps its gate, among the rule's parameters."""

# Streams of random numbers. They are part of the definition of a simulation: changing one changes
# its results.
STREAM_WIRING = 1
STREAM_WEIGHT = 2
STREAM_DELAY = 3
STREAM_PARAMETER = 4
STREAM_NOISE = 5
STREAM_INPUT = 6
STREAM_GROWTH = 7
STREAM_ENCODER = 8
STREAM_PHASE = 9
STREAM_MEMORY = 10
STREAM_MODEL = 11
STREAM_PLACE = 12
STREAM_PRESENTATION = 13
STREAM_SPIKES = 14
