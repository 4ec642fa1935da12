"""Commands of pages: their checks, and how they are carried out between two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    brief,
    flag,
    integer,
    number,
    unknown_name,
)
from engram.errors import indices as checked_indices
from engram.live import files, selection, settings
from engram.live.demonstration import Programme
from engram.live.frames import Voltage
from engram.live.show import Show
from engram.live.stage import Stage

Message = dict[str, Any]
Action = Callable[[Show, Stage, Message], Message]

MOST_STEPS = 100_000
SLOWEST, FASTEST = 1e-4, 1e3
MOST_REWARD = 100.0
LONGEST, LONGEST_SLEEP = 1e7, 1e9
MOST_NEURONS = 100_000
MOST_TOLD = 256

ACTIONS: dict[str, tuple[Action, tuple[str, ...]]] = {}
"""By name: what is done, and the arguments it takes."""


def _command(*arguments: str) -> Callable[[Action], Action]:
    def enter(action: Action) -> Action:
        ACTIONS[action.__name__.strip("_")] = (action, arguments)
        return action

    return enter


def carry_out(page: Show, message: Message) -> Message:
    """Do what a message asks for; one that is refused changes nothing.

    Parameters
    ----------
    page : Show
        Where.
    message : dict
        Of a page: `do`, `brain`, and the command's own arguments.

    Returns
    -------
    dict
        The result.

    Raises
    ------
    EngramError
        As in Python.
    """
    name = message["do"]
    given = {k: v for k, v in message.items() if k not in ("id", "do", "brain")}
    if name not in ACTIONS:
        raise unknown_name("live page", "command", name, ACTIONS)
    action, arguments = ACTIONS[name]
    for key in given:
        if key not in arguments:
            raise unknown_name(name, "argument", key, arguments)
    brain = integer("brain", message.get("brain", 0), 0)
    if brain not in page.stages:
        raise InvalidValueError(f"{name}: there is no brain {brain}; there are {[*page.stages]}")
    return action(page, page.stages[brain], {key: given.get(key) for key in arguments})


def _free(stage: Stage, name: str) -> None:
    """Refuse what can't be done in the middle of a presentation."""
    if stage.network.presenting:
        raise InvalidValueError(
            f"{name}: the program is presenting a stimulus; try again when it is over"
        )


def _owned(page: Show, stage: Stage, name: str) -> None:
    """Refuse what takes the place of a brain that somebody else runs, or of a twin."""
    if not page.owned:
        raise InvalidValueError(
            f"{name}: a script runs this brain and would go on with the one it has; branch makes a "
            f"twin, and 'engram live FILE' opens a saved brain"
        )
    if stage.number:
        raise InvalidValueError(f"{name}: of brain 0 only")


def _undisturbed(page: Show, stage: Stage, name: str) -> None:
    """Refuse what would make the next calls of a script fail."""
    if not (page.owned or stage.number):
        raise InvalidValueError(
            f"{name}: a script runs this brain, and its own calls would fail where it does not "
            f"know of a sleep; branch makes a twin, which can sleep and wake"
        )


# -- time


@_command()
def _play(page: Show, stage: Stage, given: Message) -> Message:
    del stage, given
    page.pace.run()
    page.hub.tell(page.settings(0))
    return {}


@_command()
def _pause(page: Show, stage: Stage, given: Message) -> Message:
    del stage, given
    page.pace.pause()
    page.hub.tell(page.settings(0))
    return {}


@_command("n")
def _step(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    page.pace.run(integer("step: n", given["n"], 1, MOST_STEPS))
    page.hub.tell(page.settings(0))
    return {}


@_command("factor")
def _speed(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    factor = given["factor"]
    if factor is not None:
        factor = number("speed: factor", factor, SLOWEST, FASTEST)
    page.pace.choose(factor)
    page.hub.tell(page.settings(0))
    return {}


# -- input


def _hold(page: Show, stage: Stage, name: str, values: Any, given: Message) -> int:
    _free(stage, name)
    network = stage.network
    duration = given["duration"]
    if duration is not None:
        duration = number(f"{name}: duration", duration, 1.0, LONGEST)
    record = network.region(name, given["region"])
    stage.brain.hold(record.name, values)
    _give_way(stage, record.name, on=True)
    stage.until.pop(record.name, None)
    until = None
    if duration is not None:
        stage.until[record.name] = network.step_count + network.steps(duration)
        until = stage.until[record.name] * network.dt
    told = [round(float(v), 4) for v in values[:MOST_TOLD]]
    event = {"event": "stimulus", "region": record.name, "values": told, "until": until}
    page.event(stage.number, event)
    return int(np.count_nonzero(network.slots(record, "held")))


def _give_way(stage: Stage, region: str, *, on: bool) -> None:
    """Let a demonstration stimulate a region no more, or again."""
    for process in stage.network.processes:
        if isinstance(process, Programme):
            process.give_way(region, on=on)


@_command("region", "values", "duration")
def _stimulate(page: Show, stage: Stage, given: Message) -> Message:
    values = given["values"]
    if not isinstance(values, list):
        raise InvalidTypeError(f"stimulate: values must be a list, not {brief(values)}")
    for value in values:
        number("stimulate: values", value)
    return {"driven": _hold(page, stage, "stimulate", values, given)}


@_command("region", "neurons", "amount", "duration")
def _paint(page: Show, stage: Stage, given: Message) -> Message:
    network = stage.network
    record = network.region("paint", given["region"])
    n = int(network.tables["coded"][record.index]) or network.count(record)
    chosen = _slots("paint", given["neurons"], n)
    amount = given["amount"]
    each = amount if isinstance(amount, list) else [amount] * len(chosen)
    if len(each) != len(chosen):
        raise InvalidValueError(f"paint: amount must have {len(chosen)} entries, not {len(each)}")
    values = np.zeros(n)
    values[chosen] = [number("paint: amount", a, 0.0, 1.0) for a in each]
    return {"driven": _hold(page, stage, "paint", values, given)}


def _slots(name: str, given: Any, n: int) -> Any:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_NEURONS:
        raise InvalidTypeError(f"{name}: neurons must be a list of 1 to {MOST_NEURONS} slots")
    if any(type(k) is not int for k in given):
        raise InvalidTypeError(f"{name}: neurons must be whole numbers")
    return checked_indices(f"{name}: neurons", given, n)


@_command("region")
def _clear(page: Show, stage: Stage, given: Message) -> Message:
    _free(stage, "clear")
    network, region = stage.network, given["region"]
    names = [*network.regions] if region is None else [network.region("clear", region).name]
    network.check_awake("clear")
    for name in names:
        stage.until.pop(name, None)
        stage.brain.release(name)
        _give_way(stage, name, on=False)
        event = {"event": "stimulus", "region": name, "values": None, "until": None}
        page.event(stage.number, event)
    return {}


# -- reward


def _dopamine(page: Show, stage: Stage, name: str, given: Message, sign: int) -> Message:
    amount = number(f"{name}: amount", given["amount"], 0.0, MOST_REWARD)
    target, network = given["target"], stage.network
    if target is None:
        labels = [p.label for p in network.pathways if p.rule is not None and p.rule.modulated]
        if not labels:
            raise InvalidValueError(f"{name}: no pathway of this brain has a rule of reward")
    else:
        labels = [network.rewarded(name, target).label]
    for label in labels:
        (stage.brain.reward if sign > 0 else stage.brain.punish)(amount, label)
        event = {"event": "reward", "target": label, "amount": sign * amount, "by": "page"}
        page.event(stage.number, event)
    stage.changes.rewarded()
    return {"targets": labels}


@_command("amount", "target")
def _reward(page: Show, stage: Stage, given: Message) -> Message:
    return _dopamine(page, stage, "reward", given, 1)


@_command("amount", "target")
def _punish(page: Show, stage: Stage, given: Message) -> Message:
    return _dopamine(page, stage, "punish", given, -1)


# -- sleep


@_command("duration")
def _sleep(page: Show, stage: Stage, given: Message) -> Message:
    _free(stage, "sleep")
    _undisturbed(page, stage, "sleep")
    wanted = number("sleep: duration", given["duration"], 1.0, LONGEST_SLEEP)
    dt = stage.network.dt
    stage.brain.fall_asleep(max(1, round(wanted / dt)) * dt)
    stage.until.clear()
    return {}


@_command()
def _wake(page: Show, stage: Stage, given: Message) -> Message:
    del given
    _undisturbed(page, stage, "wake")
    report = stage.brain.wake()
    return {"replays": len(report.replays), "duration": report.duration}


# -- the brain itself


@_command("region", "neurons")
def _damage(page: Show, stage: Stage, given: Message) -> Message:
    network = stage.network
    record = network.region("damage", given["region"])
    chosen = _slots("damage", given["neurons"], network.count(record))
    killed = stage.brain.regions[record.name].kill_neurons(chosen)
    page.event(stage.number, {"event": "damage", "region": record.name, "killed": killed})
    return {"killed": killed}


@_command("name", "on")
def _switch(page: Show, stage: Stage, given: Message) -> Message:
    settings.switch(stage.brain, given["name"], given["on"])
    page.hub.tell(page.settings(stage.number))
    page.event(stage.number, {"event": "switch", **given})
    return {}


@_command("part", "name", "value")
def _set(page: Show, stage: Stage, given: Message) -> Message:
    value = settings.assign(stage.brain, given["part"], given["name"], given["value"])
    page.hub.tell(page.settings(stage.number))
    page.event(stage.number, {"event": "set", **given, "value": value})
    return {"value": value}


@_command()
def _reset(page: Show, stage: Stage, given: Message) -> Message:
    del page, given
    _free(stage, "reset")
    stage.brain.reset_state()
    stage.until.clear()
    return {}


@_command("region", "band", "amplitude", "frequency")
def _rhythm(page: Show, stage: Stage, given: Message) -> Message:
    del page
    amplitude = number("rhythm: amplitude", given["amplitude"])
    oscillators = stage.brain.oscillators
    oscillators.set(given["region"], given["band"], amplitude, given["frequency"])
    return {}


# -- files


@_command("name", "overwrite")
def _save(page: Show, stage: Stage, given: Message) -> Message:
    _free(stage, "save")
    found = files.save(page.folder, stage.brain, given["name"], given["overwrite"])
    page.event(stage.number, {"event": "saved", "name": found["name"]})
    return found


@_command("name")
def _load(page: Show, stage: Stage, given: Message) -> Message:
    _owned(page, stage, "load")
    brain = files.load(page.folder, given["name"])
    page.title = given["name"]
    page.replace(brain, life=False)
    stage.snapshots.clear()
    return {}


@_command()
def _files(page: Show, stage: Stage, given: Message) -> Message:
    del stage, given
    return files.listed(page.folder)


@_command("name", "overwrite")
def _record(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    overwrite = flag("record: overwrite", given["overwrite"] or False)
    path = files.film_path(page.folder, given["name"])
    page.record(path, overwrite=overwrite)
    page.event(0, {"event": "recording", "name": path.name})
    return {"name": path.name}


@_command()
def _stop_record(page: Show, stage: Stage, given: Message) -> Message:
    del stage, given
    film = page.film
    if film is None:
        raise InvalidValueError("stop_record: no film is being recorded")
    page.stop_recording()
    page.event(0, {"event": "recording", "name": None})
    return {"name": film.path.name, "bytes": film.path.stat().st_size, "frames": film.frames}


# -- twins and the past


@_command()
def _branch(page: Show, stage: Stage, given: Message) -> Message:
    del given
    _free(stage, "branch")
    if stage.number:
        raise InvalidValueError("branch: a twin is made of brain 0 only")
    return {"brain": page.add_twin()}


@_command()
def _drop(page: Show, stage: Stage, given: Message) -> Message:
    del given
    if not stage.number:
        raise InvalidValueError("drop: brain 0 stays; name a twin as brain")
    page.drop(stage.number)
    return {}


@_command("step")
def _rewind(page: Show, stage: Stage, given: Message) -> Message:
    _owned(page, stage, "rewind")
    found = stage.snapshots.at(integer("rewind: step", given["step"], 0))
    brain = found.restored(stage.brain.threads)
    page.replace(brain, life=True)
    stage.until.update(found.until)
    page.event(0, {"event": "snapshot", "snapshots": stage.snapshots.listed})
    return {"step": brain.step_count, "fingerprint": brain.fingerprint()}


@_command()
def _snapshot(page: Show, stage: Stage, given: Message) -> Message:
    del given
    _owned(page, stage, "snapshot")
    _free(stage, "snapshot")
    stage.snapshots.take(stage.brain, stage.until)
    page.event(0, {"event": "snapshot", "snapshots": stage.snapshots.listed})
    return {"step": stage.brain.step_count}


@_command()
def _fingerprint(page: Show, stage: Stage, given: Message) -> Message:
    del page, given
    return {"fingerprint": stage.brain.fingerprint()}


# -- looking closely


@_command("region", "slot")
def _neuron(page: Show, stage: Stage, given: Message) -> Message:
    found: Message = {"region": None, "slot": None}
    voltage = None
    if given["region"] is not None:
        found = selection.neuron(stage.brain, given["region"], given["slot"])
        voltage = Voltage(stage.network.regions[found["region"]], found["slot"])
    stage.voltage = voltage
    page.pace.sampling = any(s.voltage is not None for s in page.stages.values())
    page.event(stage.number, {"event": "neuron", **found})
    return found


@_command("label")
def _pathway(page: Show, stage: Stage, given: Message) -> Message:
    found: Message = {"label": None}
    if given["label"] is not None:
        found = selection.pathway(stage.brain, given["label"])
    page.event(stage.number, {"event": "pathway", **found})
    return found


@_command("label")
def _weights(page: Show, stage: Stage, given: Message) -> Message:
    del page
    return selection.pathway(stage.brain, given["label"])


def _trace_at(stage: Stage, name: str, index: Any) -> Any:
    traces = stage.brain.memory.traces
    if not traces:
        raise InvalidValueError(f"{name}: this brain remembers nothing yet")
    return traces[integer(f"{name}: index", index, 0, len(traces) - 1)]


@_command("index")
def _trace(page: Show, stage: Stage, given: Message) -> Message:
    del page
    trace = _trace_at(stage, "trace", given["index"])
    found = {"region": trace.region, "neurons": trace.neurons.tolist()}
    return {**found, "strength": float(trace.strength)}


@_command("index")
def _replay(page: Show, stage: Stage, given: Message) -> Message:
    del page
    _free(stage, "replay")
    stage.brain.memory.replay(_trace_at(stage, "replay", given["index"]))
    return {}


# -- what stands beside the brain


@_command("pixels")
def _digit(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    return page.views.do("digit", given)


@_command()
def _world_reset(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    return page.views.do("world_reset", given)


@_command("on")
def _explore(page: Show, stage: Stage, given: Message) -> Message:
    del stage
    return page.views.do("explore", given)
