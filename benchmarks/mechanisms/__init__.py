"""Mechanisms of the living brain, each beside its ablation."""
