"""Transmitters that are released into regions, and critics: who they are, and what loops need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engram.engine import loops
from engram.errors import InvalidValueError
from engram.mechanisms.critic import Critic
from engram.network.defaults import current_unit
from engram.network.interrupts import whole
from engram.network.network import Process, Saved
from engram.network.population import n_excitatory
from engram.network.records import PathwayRecord, RegionRecord
from engram.parameters.checks import items
from engram.state.removal import without


class Neuromodulation(Process):
    """Release of transmitters by pathways (`Projection.modulation`), and the brain's critics."""

    name = "neuromodulation"
    order = 23

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._critics: dict[str, Critic] = {}

    @property
    def critics(self) -> dict[str, Critic]:
        """The critics, by region."""
        return self._critics

    def add_critic(
        self, region: str, targets: str | Sequence[str], parameters: dict[str, Any]
    ) -> Critic:
        """Let a region be a critic; see `Brain.add_critic`.

        Parameters
        ----------
        region : str
            Whose rate is the value.
        targets : str or sequence of str
            Where the error becomes dopamine.
        parameters : dict
            Of `Critic`.

        Returns
        -------
        Critic
            The new one.

        Raises
        ------
        UnknownNameError
            There is no such region, target or parameter.
        InvalidTypeError, InvalidValueError
            The region is a critic already, no target is given, a target's rule is not modulated by
            dopamine, or a parameter is not valid.
        """
        where = "Brain.add_critic"
        self.network.region(where, region)
        if region in self._critics:
            raise InvalidValueError(
                f"{where}: {region!r} is a critic already; change Brain.critics[{region!r}]"
            )
        labels = (targets,) if isinstance(targets, str) else items(f"{where}: targets", targets)
        for label in labels:
            self.network.rewarded(where, label)
        return self.add(Critic(**parameters), region, labels)

    @whole
    def add(self, critic: Critic, region: str, labels: tuple[str, ...]) -> Critic:
        """Enter a critic whose region and targets have been checked.

        Parameters
        ----------
        critic : Critic
            A new one.
        region : str
            Name of the region whose rate is the value.
        labels : tuple of str
            Targets, as for `Brain.reward`.

        Returns
        -------
        Critic
            The same, which belongs to the network now.
        """
        critic.tie(self.network, len(self._critics), region, labels)
        self.network.tables.resize(Z=len(self._critics) + 1)
        self._critics[region] = critic
        self.network.parameters_changed()
        return critic

    def region_removed(self, region: RegionRecord, spikes: int) -> None:  # noqa: ARG002
        """Let its critic go.

        Parameters
        ----------
        region : RegionRecord
            What it was.
        spikes : int
            Not needed.
        """
        critic = self._critics.pop(region.name, None)
        if critic is None:
            return
        tables = self.network.tables
        tables.replace(*without(tables, "Z", critic.number))
        critic.untie()
        for k, other in enumerate(self._critics.values()):
            other.move(k)
        self.network.parameters_changed()

    def pathway_removed(self, pathway: PathwayRecord) -> None:
        """Let critics teach it no more.

        Parameters
        ----------
        pathway : PathwayRecord
            What it was.
        """
        for critic in self._critics.values():
            left = tuple(label for label in critic.targets if label != pathway.label)
            critic.rename(critic.region, left)

    def region_renamed(self, old: str, new: str, labels: Mapping[str, str]) -> None:
        """Know critics and their targets by other names.

        Parameters
        ----------
        old, new : str
            Names of the region.
        labels : mapping of str to str
            The labels that projections had, and have now.
        """
        critics = list(self._critics.values())
        self._critics.clear()
        for critic in critics:
            targets = tuple(labels[label] for label in critic.targets)
            critic.rename(new if critic.region == old else critic.region, targets)
            self._critics[critic.region] = critic

    @whole
    def switch(self, on: bool) -> None:
        """Switch on, or off: what was released is gone then, and critics are at rest.

        Parameters
        ----------
        on : bool
            Whether it acts from now on.
        """
        if not on:
            for name in ("transmitter_level", "critic_state"):
                self.network.tables[name][:] = 0.0
        self.network.freeze("neuromodulation", not on)

    def bind(self) -> None:
        """Who releases what, who is gated, and what critics multiply by."""
        network, tables = self.network, self.network.tables
        tables["release_kind"][:] = tables["cholinergic"][:] = 0
        tables["modulator_entry"][0] = 0
        releasing = any(p.modulation is not None for p in network.pathways)
        if network.frozen["neuromodulation"] or not (releasing or self._critics):
            return
        tables["modulator_entry"][0] = loops.neuromodulation_loop().address
        self._bind_release()
        for k, critic in enumerate(self._critics.values()):
            tables["critic_region"][k] = network.regions[critic.region].index
            tables["critic_factor"][k] = critic.factors(network.dt)
            for pathway in network.pathways:
                modulated = pathway.rule is not None and pathway.rule.modulated
                taught = pathway.label in critic.targets
                tables["critic_target"][k, pathway.index] = taught and modulated

    def _bind_release(self) -> None:
        network, tables = self.network, self.network.tables
        gated = set()
        for pathway in network.pathways:
            p, modulation = pathway.index, pathway.modulation
            if modulation is None:
                continue
            tables["release_kind"][p] = modulation.transmitter
            n = n_excitatory(network, network.regions[pathway.source])
            tables["release_factor"][p] = modulation.factors(network.dt, n)
            if modulation.is_current:
                unit = current_unit(network.regions[pathway.target].model)
                tables["release_factor"][p, 3] *= unit
            if modulation.gates_learning:
                gated.add(pathway.target)
        for pathway in network.pathways:
            learns = pathway.rule is not None and pathway.modulation is None
            tables["cholinergic"][pathway.index] = learns and pathway.target in gated

    def save(self) -> Saved:
        """The critics: their regions, targets and parameters."""
        critics = [
            {"region": c.region, "targets": list(c.targets), "values": c.own_values()}
            for c in self._critics.values()
        ]
        return {"critics": critics}, {}
