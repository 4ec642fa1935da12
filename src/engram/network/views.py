"""What users hold of a network: views, to which whole values are assigned."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from engram.network.interrupts import carry_out, whole
from engram.network.network import Network
from engram.network.turns import alone
from engram.parameters import Guarded


class View(Guarded):
    """Base of the views of a network's parts.

    Whatever is assigned or called is carried out as a whole. Everything public is refused while
    another thread uses the network: arrays may be replaced at any time then.
    """

    _network: Network
    _record: Any
    _shown: Callable[[Network, Any], str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, member in list(vars(cls).items()):
            if name.startswith("_"):
                continue
            if isinstance(member, property) and member.fget is not None:
                setattr(cls, name, member.getter(alone(member.fget)))
            elif inspect.isfunction(member):
                setattr(cls, name, whole(member))

    @property
    def network(self) -> Network:
        """The network that holds the state."""
        return self._network

    @alone
    def _repr_html_(self) -> str:
        return self._shown(self._network, self._record)

    def _assign(self, name: str, value: Any) -> None:
        carry_out(self._network, object.__setattr__, self, name, value)
