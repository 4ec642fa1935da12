"""Random calls that let a brain live, and that look at it."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.reliability.draws import Call, Draw, call, look


def run(draw: Draw) -> Call | None:
    steps = draw.one_of((0, 1, 2, 5, 20, 60, 150))
    return call("brain.run", str(steps), pieces=f"pieces.run(brain, {draw.parts(steps)})")


def step(draw: Draw) -> Call | None:  # noqa: ARG001
    return call("brain.step")


def run_with(draw: Draw) -> Call | None:
    steps, region = 1 + draw.below(40), draw.region
    name = repr(region.name)
    stimulus = draw.one_of(
        (
            f"drive({name}, {draw.current(region)})",
            f"show({name}, {draw.real(0.0, 1.0)})",
            f"changing({name})",
            f"stopping({name}, {draw.below(steps)})",
        )
    )
    in_pieces = f"pieces.run(brain, {draw.parts(steps)}, {stimulus})"
    made = call("brain.run", str(steps), stimulus, pieces=in_pieces)
    return replace(made, kind="partial")


def stimulate(draw: Draw) -> Call | None:
    return call("brain.stimulate", draw.name(), draw.values())


def inject(draw: Draw) -> Call | None:
    region = draw.region
    indices, current = draw.neurons(region), draw.current(region)
    return call("brain.inject_current", repr(region.name), indices, current)


def hold(draw: Draw) -> Call | None:
    return call("brain.hold", draw.name(), draw.values())


def release(draw: Draw) -> Call | None:
    return call("brain.release", draw.name())


def present(draw: Draw) -> Call | None:
    name, values, steps, rest = draw.name(), draw.values(), draw.below(40), draw.below(80)
    in_pieces = f"pieces.present(brain, {name}, {values}, {steps}, {draw.parts(rest)})"
    return call("brain.present", name, values, str(steps), str(rest), pieces=in_pieces)


def _inputs(n: int, current: str) -> str:
    return f"[[{current}] * {n}, [0.0] * {n}, [{current}] + [1.0] * {n - 1}]"


def present_many(draw: Draw) -> Call | None:
    region, read = draw.region, draw.name()
    inputs = _inputs(region.n_neurons, draw.current(region))
    shown = (repr(region.name), inputs, str(1 + draw.below(15)), str(draw.below(15)))
    from_rest = draw.one_of(("False", "True"))
    return call(
        "brain.present_many",
        *shown,
        read=read,
        from_rest=from_rest,
        pieces=f"pieces.present_many(brain, {', '.join(shown)}, {read}, {from_rest})",
    )


def respond(draw: Draw) -> Call | None:
    region, read = draw.region, draw.name()
    inputs = _inputs(region.n_neurons, draw.current(region))
    steps = str(1 + draw.below(20))
    in_pieces = f"pieces.respond(brain, {region.name!r}, {inputs}, {steps}, {read})"
    return call("brain.respond", repr(region.name), inputs, steps, read=read, pieces=in_pieces)


def sleep(draw: Draw) -> Call | None:
    duration = draw.real(5.0, 200.0)
    in_pieces = f"pieces.sleep(brain, {duration}, {5 + draw.below(40)})"
    return call("brain.sleep", duration, pieces=in_pieces)


def fall_asleep(draw: Draw) -> Call | None:
    return call("brain.fall_asleep", draw.real(5.0, 200.0))


def wake(draw: Draw) -> Call | None:  # noqa: ARG001
    return call("brain.wake")


def reward(draw: Draw) -> Call | None:
    label = repr(draw.projection()[0].label)
    return call(draw.one_of(("brain.reward", "brain.punish")), draw.real(0.0, 4.0), label)


def criticise(draw: Draw) -> Call | None:
    if draw.brain.critics and draw.chance(0.7):
        name = draw.one_of(list(draw.brain.critics))
        return call(f"brain.critics[{name!r}].reward", draw.real(-1.0, 2.0))
    labels = [draw.projection()[0].label for _ in range(1 + draw.below(2))]
    return call("brain.add_critic", draw.name(), repr(labels), tau_value=draw.maybe("90.0"))


def reset(draw: Draw) -> Call | None:
    projection = draw.projection()[1]
    return call(
        draw.one_of(("brain.reset_state", "brain.reset_traces", f"{projection}.reset_traces"))
    )


def settle(draw: Draw) -> Call | None:
    return call(f"{draw.projection()[1]}.settle")


def capture(draw: Draw) -> Call | None:
    window = draw.maybe(draw.real(5.0, 80.0))
    return call("brain.memory.capture", region=draw.maybe(draw.name(), 0.7), window=window)


def replay(draw: Draw) -> Call | None:
    n = len(draw.brain.memory.traces)
    return call("brain.memory.replay", f"brain.memory.traces[{draw.below(n)}]") if n else None


def imprint(draw: Draw) -> Call | None:
    region = draw.region
    groups = f"[{draw.neurons(region)}, {draw.neurons(region)}]"
    return call(
        "brain.memory.imprint",
        repr(region.name),
        groups,
        duration=draw.real(1.0, 20.0),
        gap=draw.one_of(("0.0", "7.0")),
        repetitions=draw.one_of(("1", "2")),
        current=draw.current(region),
    )


def complete(draw: Draw) -> Call | None:
    region = draw.region
    return call(
        "brain.memory.complete",
        repr(region.name),
        draw.neurons(region),
        duration=draw.real(1.0, 40.0),
        current=draw.current(region),
        lookup=draw.maybe("True"),
    )


def resume(draw: Draw) -> Call | None:
    steps, every = 1 + draw.below(60), 5 + draw.below(20)
    return call("pieces.resumed", "brain", str(steps), str(every), str(draw.chance(0.3)))


def record(draw: Draw) -> Call | None:
    k = draw.below(3)
    region, source = draw.region, draw.projection()[1]
    what = draw.one_of(
        (
            "'spikes'",
            f"'spikes', {region.name!r}, capacity=30",
            f"'rates', {region.name!r}, every=5.0",
            "'rhythms', every=3.0",
            f"'v', {region.name!r}, every=2.0, capacity=8, overflow='decimate'",
            f"'theta', {region.name!r}, neurons={draw.neurons(region)}",
            f"'weights', {source}, every=4.0",
        )
    )
    return look(
        f"recorders.pop({k}).detach() if {k} in recorders else "
        f"recorders.setdefault({k}, brain.record({what})).attached"
    )


def read_record(draw: Draw) -> Call | None:
    what = draw.one_of(("times", "dropped", "__len__()"))
    return look(f"[(type(r).__name__, r.{what}) for r in recorders.values()]")


LOOKS = (
    "brain.summary()",
    "brain.stats()",
    "repr(brain)",
    "brain.memory.traces",
    "brain.memory.last_sleep",
    "brain.asleep",
    "brain.oscillators.synchrony('theta')",
    "[brain.dopamine(p.label) for p in brain.projections]",
    "[p.weight for p in brain.projections]",
    "[p.eligibility for p in brain.projections]",
    "[p.delay for p in brain.projections]",
    "[(p.pre, p.post, p.nt, p.age) for p in brain.projections]",
    "[(p.resource, p.facilitation) for p in brain.projections]",
    "[(p.compartment, p.placement) for p in brain.projections]",
    "[p.identities for p in brain.projections]",
    "[p.to_scipy() for p in brain.projections]",
    "[(r.v, r.theta, r.activity) for r in brain.regions.values()]",
    "[(r.fired, r.total_spikes, r.last_spike_time) for r in brain.regions.values()]",
    "[(r.neuron_type, r.neuron_alive, r.neuron_age) for r in brain.regions.values()]",
    "[r.dendrite_v for r in brain.regions.values()]",
    "[(r.mean_activity, r.n_excitatory) for r in brain.regions.values()]",
    "[(c.value, c.td_error) for c in brain.critics.values()]",
    "[brain.oscillators.current(n) for n in brain.regions]",
    "[brain.metaplasticity.thresholds(r) for r in brain.regions.values()]",
    "[brain.memory.lookup(n, [0]) for n in brain.regions]",
    "brain.copy().fingerprint()",
)


def looking(draw: Draw) -> Call | None:
    return look(draw.one_of(LOOKS))


CALLS = (
    (8.0, run),
    (1.5, step),
    (3.0, run_with),
    (2.0, stimulate),
    (2.0, inject),
    (2.0, hold),
    (1.0, release),
    (3.0, present),
    (1.0, present_many),
    (1.0, respond),
    (1.0, sleep),
    (0.6, fall_asleep),
    (1.0, wake),
    (2.0, reward),
    (1.0, criticise),
    (1.5, reset),
    (0.3, settle),
    (1.0, capture),
    (0.7, replay),
    (0.7, imprint),
    (0.7, complete),
    (0.3, resume),
    (2.0, record),
    (0.7, read_record),
    (3.0, looking),
)
"""How often, and what."""
