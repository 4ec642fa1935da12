"""Random calls of what has been added to the interface since; left out where it is missing."""

from __future__ import annotations

import inspect
from dataclasses import replace

import engram
from benchmarks.reliability.draws import Call, Draw, assigned, call
from engram import Brain, Projection

CONNECTED_BY_NAME = "name" in inspect.signature(Brain.connect_regions).parameters


def has(name: str) -> bool:
    """Whether brains can do something."""
    return hasattr(Brain, name)


def remove_region(draw: Draw) -> Call | None:
    if not has("remove_region") or len(draw.brain.regions) < 2:
        return None
    return call("brain.remove_region", draw.name())


def rename_region(draw: Draw) -> Call | None:
    if not has("rename_region"):
        return None
    return call("brain.rename_region", draw.name(), draw.one_of(("'r0'", "'r1'", "'r2'", "'r3'")))


def remove_projection(draw: Draw) -> Call | None:
    if not has("remove_projection"):
        return None
    return call("brain.remove_projection", draw.projection()[1])


def kept_view(draw: Draw) -> Call | None:
    """A view that outlives what it is of."""
    if not has("remove_projection") or draw.chance(0.5):
        return None
    source = draw.projection()[1]
    made = call("(lambda p: (brain.remove_projection(p), p.weight))", source)
    return replace(made, kind="partial")


def poisson_input(draw: Draw) -> Call | None:
    if not has("poisson_input"):
        return None
    region = draw.region
    return call(
        "brain.poisson_input",
        repr(region.name),
        draw.real(0.0, 200.0),
        draw.current(region),
        n=draw.maybe("20"),
        indices=draw.maybe(draw.neurons(region)),
    )


def run_for(draw: Draw) -> Call | None:
    return call("brain.run_for", draw.real(0.0, 60.0)) if has("run_for") else None


def check(draw: Draw) -> Call | None:  # noqa: ARG001
    return call("brain.check") if has("check") else None


def threads(draw: Draw) -> Call | None:
    return assigned("brain.threads", draw.one_of(("None", "1", "2"))) if has("threads") else None


def some_synapses(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    if not hasattr(Projection, "set") or not projection.n_synapses:
        return None
    which = repr(sorted({draw.below(projection.n_synapses) for _ in range(3)}))
    weight = repr(0.5 * (projection.w_min + projection.w_max))
    return call(f"{source}.set", which, weight=draw.maybe(weight, 0.6), delay=draw.maybe("5.0"))


def delay(draw: Draw) -> Call | None:
    if getattr(Projection.delay, "fset", None) is None:
        return None
    projection, source = draw.projection()
    value = draw.one_of(("3.0", f"np.linspace(1.0, 20.0, {projection.n_synapses})"))
    return assigned(f"{source}.delay", value)


def connect_by_name(draw: Draw) -> Call | None:
    if not CONNECTED_BY_NAME or len(draw.brain.projections) > 10:
        return None
    name = draw.one_of(("'more'", "'other'"))
    return call("brain.connect_regions", draw.name(), draw.name(), "0.4", name=name)


def connect_by_matrix(draw: Draw) -> Call | None:
    if not CONNECTED_BY_NAME or len(draw.brain.projections) > 10:
        return None
    source, target = draw.region, draw.region
    shape = f"({source.n_neurons}, {target.n_neurons})"
    made = f"np.arange({source.n_neurons * target.n_neurons}.0).reshape{shape} % 3"
    return call(
        "brain.connect_regions",
        repr(source.name),
        repr(target.name),
        name="'matrix'",
        weights=made,
        delays=draw.maybe(f"1.0 + {made}"),
        source_type="None",
    )


def by_string(draw: Draw) -> Call | None:
    free = [f"r{k}" for k in range(4) if f"r{k}" not in draw.brain.regions]
    if not CONNECTED_BY_NAME or not free:
        return None
    return call(
        "brain.add_region", repr(free[0]), draw.one_of(("'sensory'", "'Motor'")), "5", "0.3"
    )


def spike_times(draw: Draw) -> Call | None:
    free = [f"r{k}" for k in range(4) if f"r{k}" not in draw.brain.regions]
    if not hasattr(engram, "SpikeTimes") or not free:
        return None
    now = draw.brain.time
    model = f"engram.SpikeTimes([{now + 3.0}, {now + 10.0}, {now + 10.0}], [0, 1, 2])"
    return call("brain.add_region", repr(free[0]), "'sensory'", "4", "0.0", model=model)


def timed_array(draw: Draw) -> Call | None:
    if not hasattr(engram, "TimedArray"):
        return None
    region, source = draw.region_source()
    values = f"np.linspace(0.0, {draw.current(region)}, 20)"
    return assigned(f"{source}.background", f"engram.TimedArray({values}, 5.0)")


VARIED = {"Izhikevich": "d", "LIF": "v_th", "CurrentLIF": "tau_m", "AdEx": "b", "Quadratic": "tau"}
"""A parameter of each model that is given for each neuron; one, as each costs a compilation."""


def parameter_of_each(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    name = VARIED.get(type(region.model).__name__)
    if name is None:
        return None
    middle, n = getattr(region.model, name), region.n_neurons
    made = (
        f"np.linspace({0.9 * middle}, {1.1 * middle}, {n})",
        f"Uniform(*sorted(({middle}, 9.0)))",
    )
    return assigned(f"{source}.model.{name}", draw.one_of((*made, repr(middle))))


def background_of_each(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    most = draw.background(region)
    made = (f"np.linspace(0.0, {most}, {region.n_neurons})", f"Uniform(0.0, {most})", most)
    return assigned(f"{source}.background", draw.one_of(made))


def restricted(draw: Draw) -> Call | None:
    if not hasattr(draw.brain.reward_stdp, "restrict_to_posts"):
        return None
    return call("pieces.restricted", "brain", f"[{draw.below(5)}]", str(draw.below(30)))


CALLS = (
    (0.7, remove_region),
    (0.7, rename_region),
    (1.0, remove_projection),
    (0.3, kept_view),
    (0.7, poisson_input),
    (0.7, run_for),
    (1.0, check),
    (0.4, threads),
    (1.0, some_synapses),
    (0.7, delay),
    (0.8, connect_by_name),
    (0.8, connect_by_matrix),
    (0.3, by_string),
    (0.5, spike_times),
    (0.5, timed_array),
    (0.4, restricted),
    (1.0, parameter_of_each),
    (1.0, background_of_each),
)
"""How often, and what."""
