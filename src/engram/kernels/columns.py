"""Columns of synapses in which one entry may stand for all."""

from engram.kernels.jit import part_jit


@part_jit
def entry(column, s):
    """The entry of synapse s."""
    return column[s] if column.shape[0] > 1 else column[0]
