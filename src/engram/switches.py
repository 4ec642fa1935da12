"""Switching the mechanisms of a brain off and on."""

from __future__ import annotations

from collections.abc import Collection

from engram.errors import InvalidTypeError, brief, unknown_name
from engram.mechanisms.growth import Growth
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.network.network import Network

OFF = {
    "plasticity": ("default_rule",),
    "homeostasis": ("homeostatic_scaling", "adaptive_thresholds"),
    "metaplasticity": (),
    "growth": (),
    "memory": ("memory",),
    "oscillations": ("oscillations",),
    "neuromodulation": ("neuromodulation",),
}
"""The mechanisms by the names that `Brain` takes, and what is switched off where one is not named.

Growth and metaplasticity have a switch in common, see `switch_on_only`.
"""

PARTS_OF_GROWTH = ("neurogenesis", "synaptogenesis", "pruning", "apoptosis")


def chosen_mechanisms(mechanisms: str | Collection[str]) -> set[str]:
    """The mechanisms that a new brain is to have.

    Parameters
    ----------
    mechanisms : str or collection of str
        "all", "none", or names in `OFF`.

    Returns
    -------
    set of str
        Names in `OFF`.

    Raises
    ------
    InvalidTypeError, UnknownNameError
        It is something else, or there is no such mechanism.
    """
    if isinstance(mechanisms, str):
        known = {"all": set(OFF), "none": set(), **{name: {name} for name in OFF}}
        if mechanisms not in known:
            raise unknown_name("Brain: mechanisms", "mechanism", mechanisms, known)
        return known[mechanisms]
    try:
        names = list(mechanisms)
    except TypeError:
        names = None
    if names is None or not all(isinstance(name, str) for name in names):
        raise InvalidTypeError(
            f'Brain: mechanisms must be "all", "none" or a list of names, not {brief(mechanisms)}'
        )
    for name in names:
        if name not in OFF:
            raise unknown_name("Brain: mechanisms", "mechanism", name, OFF)
    return set(map(str, names))


def switch_on_only(network: Network, mechanisms: str | Collection[str]) -> None:
    """Switch off all mechanisms of a new brain but some.

    Parameters
    ----------
    network : Network
        Of the brain, with its usual processes.
    mechanisms : str or collection of str
        See `Brain`.

    Raises
    ------
    InvalidTypeError, UnknownNameError
        There is no such mechanism.
    """
    chosen = chosen_mechanisms(mechanisms)
    for name, switches in OFF.items():
        if name not in chosen:
            for switch in switches:
                network.freeze(switch, True)
    if not chosen & {"growth", "metaplasticity"}:
        network.freeze("structural_plasticity", True)
    elif "growth" not in chosen:
        for part in PARTS_OF_GROWTH:
            network.find(Growth).assign(part, False)


class Switches:
    """What a `Brain` can switch off, and on again. Frozen means bit for bit unchanged."""

    network: Network

    def freeze_plasticity(self) -> None:
        """Stop all change of weights, synaptic scaling included: bit for bit unchanged.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=50)
        >>> brain.freeze_plasticity()
        >>> weights = cortex.wiring.weight
        >>> _ = brain.present("cortex", [1.0], steps=100)
        >>> bool((cortex.wiring.weight == weights).all())
        True
        """
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
        """Stop synaptic scaling and intrinsic plasticity."""
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
