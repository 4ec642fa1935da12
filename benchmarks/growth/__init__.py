"""Growth: the cost of a cycle, many random cycles, and a long life."""
