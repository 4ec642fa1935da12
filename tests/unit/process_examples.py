"""Processes from outside the package, as a user would write them; see docs/mechanisms/own.md."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram import Parameter, Process
from engram.network import pathways
from engram.network.draws import FIRST_FREE_STREAM, uniform
from engram.network.network import Saved, next_multiple

STREAM = FIRST_FREE_STREAM
"""Random numbers of its own."""


class Rewiring(Process):
    """Gives some synapses new targets, drawn at random, once every `interval`."""

    name = "rewiring"

    interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between two rewirings")
    share = Parameter(0.02, low=0.0, high=1.0, doc="of the synapses of each projection")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._moved = 0
        self._times: list[float] = []

    @property
    def moved(self) -> int:
        """Synapses moved so far."""
        return self._moved

    def next_act(self, step: int) -> int | None:
        return next_multiple(step, self.network.steps(self.interval))

    def act(self, step: int) -> None:
        network = self.network
        for pathway in network.pathways:
            total = pathways.n_synapses(network, pathway)
            n = round(self.share * total)
            if not n:
                continue
            draws = uniform(network, 2 * n, STREAM + pathway.index, step)
            which = np.unique((draws[:n] * total).astype(np.int64))
            living = np.flatnonzero(network.alive(network.regions[pathway.target]))
            post = living[(draws[n : n + len(which)] * len(living)).astype(np.int64)]
            pathways.retarget(network, pathway, which, post)
            self._moved += len(which)
        self._times.append(network.time)

    def save(self) -> Saved:
        return {"moved": self._moved}, {"times": np.array(self._times)}

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self._moved = int(values["moved"])
        self._times = arrays["times"].tolist()


class Watcher(Process):
    """Notes down every hook that is called."""

    name = "watcher"
    order = 5
    kept = False

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._seen: list[str] = []

    @property
    def seen(self) -> list[str]:
        """The hooks, in their order."""
        return self._seen

    def bind(self) -> None:
        self._seen.append("bind")

    def next_act(self, step: int) -> int | None:
        return next_multiple(step, 10)

    def act(self, step: int) -> None:
        self._seen.append(f"act {step}")

    def reset(self) -> None:
        self._seen.append("reset")

    def forget(self, region: str, slots: NDArray[np.int64]) -> None:
        self._seen.append(f"forget {region} {slots.tolist()}")

    def region_added(self, region: Any) -> None:
        self._seen.append(f"region {region.name}")

    def let_go(self) -> None:
        self._seen.append("let_go")

    def presented(self) -> None:
        self._seen.append("presented")

    def finished(self) -> None:
        self._seen.append("finished")


class Broken(Process):
    """Raises when it acts."""

    name = "broken"
    order = 1
    kept = False

    def next_act(self, step: int) -> int | None:
        return next_multiple(step, 7)

    def act(self, step: int) -> None:
        raise RuntimeError(f"broken at {step}")


class Nameless(Process):
    """Checkpoints could not tell it from another one."""


class Saving(Process):
    """Saves what it is given."""

    name = "saving"

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._saved: Any = ({}, {})

    def put(self, saved: Any) -> None:
        """What `save` returns from now on."""
        self._saved = saved

    def save(self) -> Saved:
        return self._saved  # type: ignore[no-any-return]

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self._saved = (values, arrays)


class Eager(Process):
    """Answers `next_act` as it is told."""

    name = "eager"
    kept = False

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def next_act(self, step: int) -> int | None:
        return self._answer(step)  # type: ignore[no-any-return]


class Meddling(Process):
    """Calls something when it acts, once."""

    name = "meddling"
    order = 1
    kept = False

    def __init__(self, what: Any) -> None:
        super().__init__()
        self._what = what

    def next_act(self, step: int) -> int | None:
        return 10 if step < 10 else None

    def act(self, step: int) -> None:
        self._what()


class Forgetful(Process):
    """Raises when neurons die."""

    name = "forgetful"

    def forget(self, region: str, slots: NDArray[np.int64]) -> None:
        raise RuntimeError("forgotten")


class Demanding(Process):
    """Loading could not make it."""

    name = "demanding"

    def __init__(self, what: int) -> None:
        super().__init__()
        self._what = what
