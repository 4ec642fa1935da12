"""Switching the mechanisms of a brain off and on."""

from __future__ import annotations

from engram.mechanisms.neuromodulation import Neuromodulation
from engram.network.network import Network


class Switches:
    """What a `Brain` can switch off, and on again. Frozen means bit for bit unchanged."""

    network: Network

    def freeze_plasticity(self) -> None:
        """Stop all change of weights, synaptic scaling included: bit for bit unchanged."""
        self.network.freeze("plasticity", True)

    def unfreeze_plasticity(self) -> None:
        """Undo `freeze_plasticity`."""
        self.network.freeze("plasticity", False)

    def disable_reward_modulated_plasticity(self) -> None:
        """Stop all rules that dopamine modulates; other rules and synaptic scaling go on."""
        self.network.freeze("reward_modulated_plasticity", True)

    def enable_reward_modulated_plasticity(self) -> None:
        """Undo `disable_reward_modulated_plasticity`."""
        self.network.freeze("reward_modulated_plasticity", False)

    def freeze_structural_plasticity(self) -> None:
        """Stop growth and metaplasticity."""
        self.network.freeze("structural_plasticity", True)

    def unfreeze_structural_plasticity(self) -> None:
        """Undo `freeze_structural_plasticity`."""
        self.network.freeze("structural_plasticity", False)

    def freeze_homeostatic_scaling(self) -> None:
        """Stop synaptic scaling."""
        self.network.freeze("homeostatic_scaling", True)

    def unfreeze_homeostatic_scaling(self) -> None:
        """Undo `freeze_homeostatic_scaling`."""
        self.network.freeze("homeostatic_scaling", False)

    def freeze_adaptive_thresholds(self) -> None:
        """Stop all change of theta."""
        self.network.freeze("adaptive_thresholds", True)

    def unfreeze_adaptive_thresholds(self) -> None:
        """Undo `freeze_adaptive_thresholds`."""
        self.network.freeze("adaptive_thresholds", False)

    def disable_memory(self) -> None:
        """Stop capture and replay."""
        self.network.freeze("memory", True)

    def enable_memory(self) -> None:
        """Undo `disable_memory`."""
        self.network.freeze("memory", False)

    def disable_oscillations(self) -> None:
        """Silence all rhythms, and open their gates of learning; their phases go on."""
        self.network.freeze("oscillations", True)

    def enable_oscillations(self) -> None:
        """Undo `disable_oscillations`."""
        self.network.freeze("oscillations", False)

    def disable_neuromodulation(self) -> None:
        """Stop release of transmitters into regions, and critics; what was released is gone.

        `reward` and `punish` still act, and so does the direct current of synapses.
        """
        self.network.find(Neuromodulation).switch(on=False)

    def enable_neuromodulation(self) -> None:
        """Undo `disable_neuromodulation`."""
        self.network.find(Neuromodulation).switch(on=True)
