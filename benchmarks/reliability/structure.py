"""Random calls that build a brain, change its structure and set its parameters."""

from __future__ import annotations

from benchmarks.reliability.draws import INPUTS, MODELS, Call, Draw, assigned, call

MOST_REGIONS, MOST_PROJECTIONS = 4, 9

TYPES = ("SENSORY", "ASSOCIATION", "MEMORY", "MOTOR", "REWARD")
BANDS = ("'delta'", "'theta'", "'alpha'", "'beta'", "'gamma'")


def add_region(draw: Draw) -> Call | None:
    if len(draw.brain.regions) >= MOST_REGIONS:
        return None
    free = [f"r{k}" for k in range(MOST_REGIONS) if f"r{k}" not in draw.brain.regions]
    n = 1 + draw.below(10)
    model = draw.one_of(list(MODELS)) if draw.chance(0.5) else "Izhikevich"
    degree = draw.chance(0.15)
    return call(
        "brain.add_region",
        repr(free[0]),
        f"RegionType.{draw.one_of(TYPES)}",
        str(n),
        draw.one_of(("0.0", "0.3", "0.6")),
        max_neurons=draw.maybe(str(n + draw.below(6)), 0.9),
        model=None if model == "Izhikevich" else model,
        excitatory=draw.maybe(draw.one_of(("0.5", "1.0", "0.0"))),
        variation=draw.maybe("0.1", 0.2),
        patterns=draw.maybe("FiringPattern.CHATTERING", 0.1),
        background=draw.maybe(draw.real(0.0, 1.5 * INPUTS[model.partition("(")[0]]), 0.7),
        noise=draw.maybe(draw.one_of(("0.0", "2.0"))),
        wiring="'in_degree'" if degree else None,
        in_degree="2" if degree else None,
        autapses=draw.maybe("True", 0.2),
        weights=draw.maybe(draw.weights()),
        inhibitory_weights=draw.maybe("2.0", 0.1),
        delays=draw.maybe(draw.delays()),
        w_max=draw.maybe("6.0", 0.2),
        rule=draw.maybe(draw.rule(), 0.6),
        stp=draw.maybe(draw.stp()),
    )


def connect(draw: Draw) -> Call | None:
    if len(draw.brain.projections) >= MOST_PROJECTIONS:
        return None
    way = draw.one_of(("random", "random", "in_degree", "all_to_all", "one_to_one", "all_but_one"))
    return call(
        "brain.connect_regions",
        draw.name(),
        draw.name(),
        draw.one_of(("0.0", "0.3", "0.7")),
        draw.one_of(("False", "False", "True")),
        draw.transmitter() if draw.chance(0.4) else "Neurotransmitter.GLUTAMATE",
        wiring=None if way == "random" else repr(way),
        in_degree="2" if way == "in_degree" else None,
        weights=draw.maybe(draw.weights()),
        delays=draw.maybe(draw.delays()),
        source_type=draw.maybe(draw.one_of(("None", "NeuronType.INHIBITORY"))),
        target_type=draw.maybe("NeuronType.EXCITATORY", 0.1),
        w_min=draw.maybe("0.1", 0.1),
        w_max=draw.maybe("8.0", 0.2),
        rule=draw.maybe(draw.rule(), 0.6),
        stp=draw.maybe(draw.stp()),
        modulation=draw.maybe(
            draw.one_of(
                ("True", "False", "DopamineRelease(release=2.0)", "AcetylcholineRelease(floor=0.4)")
            ),
            0.15,
        ),
    )


def lively(draw: Draw) -> Call | None:  # noqa: ARG001
    return call("lively", "brain")


def add_neuron(draw: Draw) -> Call | None:
    kind = draw.one_of(("NeuronType.EXCITATORY", "NeuronType.INHIBITORY"))
    pattern = draw.maybe("FiringPattern.FAST_SPIKING", 0.2)
    return call(f"{draw.region_source()[1]}.add_neuron", kind, pattern=pattern)


def kill(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    return call(f"{source}.kill_neurons", draw.neurons(region, 2))


def add_synapses(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    n = 1 + draw.below(3)
    pre, post = draw.living(projection.source, n), draw.living(projection.target, n)
    if pre is None or post is None:
        return None
    delays = draw.one_of(("1.0", repr([1.0 + 3.0 * k for k in range(n)]), "Uniform(1.0, 40.0)"))
    weights = draw.maybe(repr(0.5 * (projection.w_min + projection.w_max)), 0.5)
    return call(
        f"{source}.add_synapses",
        pre,
        post,
        weights=weights,
        delays_ms=delays,
        nt=draw.maybe(draw.transmitter()),
    )


def add_one(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    pre, post = draw.living(region.name, 1), draw.living(region.name, 1)
    if pre is None or post is None:
        return None
    return call(
        f"{source}.add_one_synapse", pre[1:-1], post[1:-1], delay_ms=draw.maybe(draw.real(1, 20))
    )


def inhibit(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    if region.n_alive_synapses > 200:
        return None
    return call(f"{source}.add_lateral_inhibition", draw.real(0.5, 3.0))


def remove_synapses(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    n = projection.n_synapses
    if not n:
        return None
    which = [draw.below(n) for _ in range(1 + draw.below(3))]
    whole = draw.chance(0.1)
    return call(f"{source}.remove_synapses", f"[True] * {n}" if whole else repr(which))


def set_rule(draw: Draw) -> Call | None:
    return assigned(f"{draw.projection()[1]}.rule", draw.rule())


def set_stp(draw: Draw) -> Call | None:
    return assigned(f"{draw.projection()[1]}.stp", draw.stp())


def set_frozen(draw: Draw) -> Call | None:
    return assigned(f"{draw.projection()[1]}.frozen", draw.one_of(("True", "False")))


def set_modulation(draw: Draw) -> Call | None:
    value = draw.one_of(
        (
            "None",
            "DopamineRelease()",
            "AcetylcholineRelease(tau=90.0)",
            "SerotoninRelease(tau=90.0)",
        )
    )
    return assigned(f"{draw.projection()[1]}.modulation", value)


def set_weight(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    n, low, high = projection.n_synapses, projection.w_min, projection.w_max
    one = repr(round(low + (high - low) * float(draw.rng.random()), 4))
    value = draw.one_of((one, f"np.linspace({low!r}, {high!r}, {n})", f"{source}.weight * 0.9"))
    return assigned(f"{source}.weight", value)


def set_bound(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    if draw.chance(0.3):
        return assigned(f"{source}.w_min", repr(round(0.3 * projection.w_max, 3)))
    scale = draw.one_of((0.5, 0.9, 1.5))
    return assigned(f"{source}.w_max", repr(round(scale * projection.w_max, 4)))


def set_amplitude(draw: Draw) -> Call | None:
    name = draw.one_of(("A_plus", "A_minus"))
    return assigned(f"{draw.projection()[1]}.{name}", draw.real(0.0, 0.3))


def normalize(draw: Draw) -> Call | None:
    projection, source = draw.projection()
    target = draw.brain.regions[projection.target]
    return call(
        f"{source}.normalize",
        draw.real(0.5, 10.0),
        neurons=draw.maybe(draw.neurons(target)),
        norm=draw.maybe("2", 0.2),
    )


def dendrites(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    tree = draw.one_of(
        (
            "'pyramidal'",
            "'point'",
            "'interneuron'",
            "Morphology((Branch('a', 200.0, 2.0), Branch('b', 150.0, 1.0, 0)))",
        )
    )
    deep = draw.chance(0.4) and hasattr(region.model, "soma")
    return call(
        f"{source}.enable_morphology",
        tree,
        dynamics="'compartments'" if deep else None,
        nmda="NMDA()" if deep and draw.chance(0.4) else None,
    )


def place(draw: Draw) -> Call | None:
    source = draw.projection()[1]
    if draw.chance(0.5):
        value = draw.one_of(("None", "'soma'", "'basal'", "{'tuft': 1, 'basal': 2}", "'a'"))
        return assigned(f"{source}.placement", value)
    return assigned(f"{source}.compartment", draw.one_of(("0", "1", "2")))


def mechanism(draw: Draw) -> Call | None:
    names = ("stdp", "reward_stdp", "homeostasis", "metaplasticity", "growth", "memory", "encoder")
    name = draw.one_of(names)
    found = draw.parameter(getattr(draw.brain, name))
    return found and assigned(f"brain.{name}.{found[0]}", found[1])


def part(draw: Draw) -> Call | None:
    """A parameter of a model, a rule and the like."""
    region, of_region = draw.region_source()
    projection, of_projection = draw.projection()
    parts = [
        (region.model, f"{of_region}.model"),
        (projection.rule, f"{of_projection}.rule"),
        (projection.stp, f"{of_projection}.stp"),
        (projection.modulation, f"{of_projection}.modulation"),
        *((c, f"brain.critics[{n!r}]") for n, c in draw.brain.critics.items()),
    ]
    chosen, source = draw.one_of([p for p in parts if p[0] is not None])
    found = draw.parameter(chosen)
    return found and assigned(f"{source}.{found[0]}", found[1])


def region_setting(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    name, value = draw.one_of(
        (
            ("background", draw.background(region)),
            ("noise", draw.real(0.0, 5.0)),
            ("theta_plus", draw.real(0.0, 0.3)),
            ("tau_theta", draw.real(5.0, 500.0)),
        )
    )
    return assigned(f"{source}.{name}", value)


def state(draw: Draw) -> Call | None:
    region, source = draw.region_source()
    name = draw.one_of(list(region.model.states))
    if draw.chance(0.3):
        return call(f"{source}.theta.fill", draw.real(0.0, 2.0))
    return call(f"{source}.state({name!r}).fill", repr(region.model.states[name]))


def encoder(draw: Draw) -> Call | None:
    kind = draw.one_of(("RATE", "TEMPORAL", "POPULATION"))
    noise = draw.one_of(("0.0", "0.0", "0.1"))
    return assigned(
        "brain.encoder",
        f"StimulusEncoder(EncodingStrategy.{kind}, {draw.real(5.0, 40.0)}, {noise}, cycle=20.0)",
    )


def enable_plasticity(draw: Draw) -> Call | None:
    projection = draw.projection()[0]
    return call(
        "brain.enable_projection_plasticity",
        repr(projection.source),
        repr(projection.target),
        A_plus=draw.maybe("0.2"),
        A_minus=draw.maybe("0.1"),
    )


SWITCHES = (
    "freeze_plasticity",
    "freeze_structural_plasticity",
    "freeze_homeostatic_scaling",
    "freeze_adaptive_thresholds",
    "disable_memory",
    "disable_oscillations",
    "disable_neuromodulation",
    "disable_reward_modulated_plasticity",
)


def switch(draw: Draw) -> Call | None:
    name = draw.one_of([s for s in SWITCHES if hasattr(draw.brain, s)])
    if draw.chance(0.6):
        name = f"un{name}" if name.startswith("freeze") else name.replace("disable", "enable")
    return call(f"brain.{name}")


def rhythm(draw: Draw) -> Call | None:
    what = draw.below(5)
    head = "brain.oscillators"
    if what == 0:
        return call(
            f"{head}.set",
            draw.name(),
            draw.one_of(BANDS),
            draw.maybe(draw.real(0.0, 4.0), 0.8) or "None",
            frequency=draw.maybe(draw.real(1.0, 60.0)),
            phase=draw.maybe(draw.real(-4.0, 4.0)),
        )
    if what == 1:
        return call(f"{head}.use_defaults", region=draw.maybe(draw.name(), 0.8))
    if what == 2:
        return call(
            f"{head}.nest", draw.name(), draw.one_of(BANDS), within="'theta'", depth=draw.real(0, 1)
        )
    if what == 3:
        return call(
            f"{head}.couple",
            draw.name(),
            draw.name(),
            draw.one_of(BANDS),
            draw.real(0.0, 20.0),
            lag=draw.maybe(draw.real(-1.0, 1.0)),
            bidirectional=draw.maybe("True"),
        )
    projection = draw.projection()[0]
    return call(
        f"{head}.gate_learning",
        repr(projection.source),
        repr(projection.target),
        draw.one_of(BANDS),
        draw.real(0.0, 1.0),
        region=draw.maybe(draw.name()),
    )


def process(draw: Draw) -> Call | None:
    made = draw.one_of(("Census()", "Rewiring(interval=40.0)", "Census(interval=7.0)"))
    return call("brain.add_process", made)


CALLS = (
    (2.0, add_region),
    (3.0, connect),
    (1.0, lively),
    (1.5, add_neuron),
    (1.5, kill),
    (2.0, add_synapses),
    (1.0, add_one),
    (0.4, inhibit),
    (1.0, remove_synapses),
    (1.5, set_rule),
    (1.5, set_stp),
    (0.7, set_frozen),
    (1.0, set_modulation),
    (1.0, set_weight),
    (0.7, set_bound),
    (0.5, set_amplitude),
    (0.7, normalize),
    (1.5, dendrites),
    (1.0, place),
    (3.0, mechanism),
    (1.5, part),
    (1.5, region_setting),
    (0.7, state),
    (0.7, encoder),
    (0.5, enable_plasticity),
    (2.5, switch),
    (2.0, rhythm),
    (0.5, process),
)
"""How often, and what."""
