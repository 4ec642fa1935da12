"""Commands of pages: they do what Python does, with its errors, and refused ones change nothing."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import string
from pathlib import Path

import numpy as np
import pytest

from engram import Brain, EngramError, InvalidValueError, RegionType, UnknownNameError
from engram.live import actions, safety, selection, settings
from engram.live.page import LivePage
from tests.unit.test_live_frames import built


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page that runs its brain; commands are carried out here and now."""
    monkeypatch.chdir(tmp_path)
    brain = built()
    brain.hold("eye", [0.8, 0.2])
    brain.run(300)
    with LivePage(brain, run=True) as page:
        yield page


def do(page, name, /, **arguments):
    return actions.carry_out(page, {"id": 1, "do": name, **arguments})


def run(page, steps):
    """As the loop does: twins follow."""
    page.brain.run(steps)
    page.catch_up()


def test_every_command_of_the_protocol_is_known():
    text = (Path(__file__).parents[2] / "docs" / "live_protocol.md").read_text()
    table = text[text.index("| `do` |") :].split("\n\n")[0]
    named = {
        word.strip(" `")
        for line in table.splitlines()[2:]
        for word in line.split("|")[1].split(",")
    }
    assert named - {"ping"} == set(actions.ACTIONS)


def test_stimuli_end_by_themselves(page):
    brain = page.brain
    assert do(page, "stimulate", region="cortex", values=[1.0, 0.0], duration=50)["driven"] == 30
    assert page.look() <= 50
    run(page, 49)
    page.look()
    assert brain.network.slots(brain.network.regions["cortex"], "held").any()
    run(page, 1)
    page.look()
    assert not brain.network.slots(brain.network.regions["cortex"], "held").any()


def test_painting_drives_these_neurons_only(page):
    do(page, "paint", region="cortex", neurons=[3, 5], amount=[0.5, 1.0], duration=None)
    held = page.brain.network.slots(page.brain.network.regions["cortex"], "held")
    assert np.flatnonzero(held).tolist() == [3, 5]
    assert held[5] == 2 * held[3] == page.brain.encoder.max_current
    do(page, "clear", region=None)
    assert not page.brain.network.tables["holding"].any()


def test_reward_and_punishment(page):
    target = "proj:eye->cortex"
    before = page.brain.dopamine(target)
    do(page, "reward", amount=2.0, target=target)
    assert page.brain.dopamine(target) == pytest.approx(before + 2.0)
    assert set(do(page, "punish", amount=1.0)["targets"]) == {
        p.label for p in page.brain.projections
    }
    assert page.brain.dopamine(target) == pytest.approx(before + 1.0)


def test_sleep_and_waking(page):
    do(page, "sleep", duration=2000.4)
    assert page.brain.asleep
    with pytest.raises(InvalidValueError, match="asleep"):
        do(page, "stimulate", region="eye", values=[1.0])
    run(page, 100)
    assert do(page, "wake")["duration"] == 100.0
    assert not page.brain.asleep


def test_damage_kills_those_neurons(page):
    assert do(page, "damage", region="cortex", neurons=[1, 2, 2])["killed"] == 2
    assert not page.brain.regions["cortex"].neuron_alive[[1, 2]].any()


def test_switches_and_parameters_take_the_errors_of_python(page):
    do(page, "switch", name="memory", on=False)
    assert page.brain.network.frozen["memory"]
    do(page, "switch", name="neuromodulation", on=False)
    do(page, "switch", name="neuromodulation", on=True)
    assert do(page, "set", part="growth", name="growth_interval", value=250)["value"] == 250.0
    assert page.brain.growth.growth_interval == 250.0
    with pytest.raises(InvalidValueError, match=r"growth_interval must be .*not -1"):
        do(page, "set", part="growth", name="growth_interval", value=-1)
    with pytest.raises(UnknownNameError, match="did you mean 'growth_interval'"):
        do(page, "set", part="growth", name="growth_intervall", value=1)
    assert do(page, "set", part="region:cortex", name="noise", value=1.5)["value"] == 1.5
    assert page.brain.regions["cortex"].noise == 1.5
    do(page, "set", part="rule:proj:eye->cortex", name="A_plus", value=0.5)
    assert page.brain.get_projection("eye", "cortex").rule.A_plus == 0.5
    with pytest.raises(UnknownNameError, match="no part"):
        do(page, "set", part="rule:region:nowhere", name="A_plus", value=0.5)


def test_settings_tell_every_parameter_as_it_is(page):
    described = settings.described(page.brain)
    json.dumps(described, allow_nan=False)
    parts = {part["part"]: part for part in described["parts"]}
    values = {p["name"]: p["value"] for p in parts["homeostasis"]["parameters"]}
    for name in type(page.brain.homeostasis).parameters():
        assert values[name] == getattr(page.brain.homeostasis, name)
    for part in parts.values():
        for parameter in part["parameters"]:
            if part["part"] != "encoder" and parameter["value"] is not None:
                # What is told can be set.
                value = parameter["value"]
                assert settings.assign(page.brain, part["part"], parameter["name"], value) == value


def test_rewinding_is_exact(page):
    first = page.brain
    step = do(page, "snapshot")["step"]
    before = first.fingerprint()
    run(page, 1200)
    after = first.fingerprint()
    found = do(page, "rewind", step=step)
    assert page.brain is not first
    assert found == {"step": step, "fingerprint": before}
    run(page, 1200)
    assert page.brain.fingerprint() == after
    assert do(page, "rewind", step=step)["fingerprint"] == before
    with pytest.raises(InvalidValueError, match="no snapshot of step 17; there are 300"):
        do(page, "rewind", step=17)


def test_snapshots_are_bounded(page, monkeypatch):
    from engram.live import snapshots

    monkeypatch.setattr(snapshots, "MOST", 3)
    for _ in range(5):
        run(page, 10)
        do(page, "snapshot")
    assert [s[0] for s in page.stages[0].snapshots.listed] == [330, 340, 350]
    size = sum(a.nbytes for a in page.stages[0].snapshots.at(350).state[1].values())
    monkeypatch.setattr(snapshots, "MOST_BYTES", int(1.5 * size))
    do(page, "snapshot")
    assert len(page.stages[0].snapshots.listed) == 1


def test_a_twin_has_the_same_future_for_the_same_input(page):
    assert do(page, "branch") == {"brain": 1}
    run(page, 700)
    twin = page.stages[1].brain
    assert twin.step_count == page.brain.step_count == 1000
    assert twin.fingerprint() == page.brain.fingerprint()
    do(page, "stimulate", brain=1, region="cortex", values=[1.0])
    run(page, 200)
    assert twin.fingerprint() != page.brain.fingerprint()
    do(page, "branch")
    with pytest.raises(InvalidValueError, match="at most 2 twins"):
        do(page, "branch")
    do(page, "drop", brain=1)
    with pytest.raises(InvalidValueError, match="there is no brain 1"):
        do(page, "wake", brain=1)
    with pytest.raises(InvalidValueError, match="brain 0 stays"):
        do(page, "drop")


def test_saving_and_loading_in_the_folder_only(page, tmp_path):
    fingerprint = page.brain.fingerprint()
    assert do(page, "save", name="one")["name"] == "one.engram"
    with pytest.raises(InvalidValueError, match="overwrite"):
        do(page, "save", name="one.engram")
    do(page, "save", name="one", overwrite=True)
    run(page, 50)
    (tmp_path / "within").mkdir()
    do(page, "load", name="one")
    assert page.brain.fingerprint() == fingerprint
    assert [f["name"] for f in do(page, "files")["brains"]] == ["one.engram"]
    outside = tmp_path.parent / "outside.engram"
    (tmp_path / "link.engram").symlink_to(outside)
    bad = ["../x", "a/b", "a\\b", "..", ".x", "", " x", "x" * 200, "a:b", "a\n", 3, None, "link"]
    for name in bad:
        with pytest.raises(EngramError):
            do(page, "save", name=name)
        with pytest.raises(EngramError):
            do(page, "load", name=name)
        with pytest.raises(EngramError):
            do(page, "record", name=name if name != "link" else "../link.film")
    assert not outside.exists()
    assert {p.name for p in tmp_path.iterdir()} == {"one.engram", "link.engram", "within"}


def test_a_script_keeps_its_own_brain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    brain = built()
    brain.run(10)
    with LivePage(brain, run=False) as page:
        for name, given in (("load", {"name": "x"}), ("rewind", {"step": 0}), ("snapshot", {})):
            with pytest.raises(InvalidValueError, match="a script runs this brain"):
                do(page, name, **given)
        do(page, "branch")
        brain.run(100)
        twin = page.stages[1].brain
        assert brain.step_count - 100 <= twin.step_count <= brain.step_count
    brain.run(10)
    assert page.closed


ON_SCRIPTS = [
    ("stimulate", {"region": "cortex", "values": [1.0]}),
    ("paint", {"region": "eye", "neurons": [1], "amount": 1.0}),
    ("clear", {"region": None}),
    ("reward", {"amount": 1.0}),
    ("punish", {"amount": 1.0}),
    ("sleep", {"duration": 300}),
    ("wake", {}),
    ("damage", {"region": "eye", "neurons": [*range(30)]}),
    ("damage", {"region": "cortex", "neurons": [*range(60)]}),
    *(("switch", {"name": name, "on": False}) for name in settings.SWITCHES),
    ("set", {"part": "growth", "name": "growth_interval", "value": 250}),
    ("reset", {}),
    ("rhythm", {"region": "cortex", "band": "theta", "amplitude": 2.0}),
    ("rhythm", {"region": "cortex", "band": "theta", "amplitude": 0.0}),
    ("branch", {}),
]


@pytest.mark.parametrize("asleep", [False, True])
def test_no_command_makes_the_calls_of_a_script_fail(asleep):
    brain = built()
    with LivePage(brain, run=False) as page:
        for name, given in ON_SCRIPTS:
            if asleep:
                brain.fall_asleep(100.0)
            if name in ("sleep", "wake"):
                with pytest.raises(InvalidValueError, match="a script runs this brain"):
                    do(page, name, **given)
            else:
                # What the brain refuses while it sleeps is refused; the script goes on.
                with contextlib.suppress(InvalidValueError):
                    do(page, name, **given)
            if asleep:
                brain.run(10)
                brain.wake()
            brain.stimulate("eye", [0.5])
            brain.hold("eye", [0.5])
            brain.present("cortex", [0.5], 5, rest=5)
            brain.release("eye")
            brain.sleep(20.0)


def test_twins_of_a_script_may_sleep():
    with LivePage(built(), run=False) as page:
        do(page, "branch")
        do(page, "sleep", brain=1, duration=100)
        assert page.stages[1].brain.asleep
        do(page, "wake", brain=1)


def test_flags_are_no_values(page):
    for values in ([True], [0.5, False], ["1"], [None], [[1.0]]):
        with pytest.raises(EngramError, match="stimulate: values"):
            do(page, "stimulate", region="eye", values=values)


def test_what_is_told_of_a_neuron(page):
    brain = page.brain
    found = do(page, "neuron", region="cortex", slot=7)
    region = brain.regions["cortex"]
    assert found["spikes"] == region.total_spikes[7]
    assert found["age"] == region.neuron_age[7]
    weights = []
    for way in brain.projections:
        if way.target == "cortex":
            which = way.post == 7
            weights += way.weight[which].tolist()
            told = [row for row in found["inputs"]["shown"] if row[0] == way.source]
            real = zip(way.pre[which], way.weight[which], way.delay[which], strict=True)
            assert sorted((p, pytest.approx(w), d) for _, p, w, _, d in told) == sorted(
                (int(p), float(w), float(d)) for p, w, d in real
            )
    assert found["inputs"]["n"] == len(weights)
    assert found["outputs"]["n"] == sum(
        int((way.pre == 7).sum()) for way in brain.projections if way.source == "cortex"
    )
    assert page.pace.sampling
    do(page, "neuron", region=None)
    assert not page.pace.sampling


def test_what_is_told_of_a_pathway(page):
    way = page.brain.get_projection("eye", "cortex")
    found = do(page, "pathway", label=way.label)
    assert found["n"] == way.n_synapses == sum(found["histogram"]["counts"])
    assert found["mean"] == pytest.approx(np.abs(way.weight).mean(), rel=1e-5)
    matrix = found["matrix"]
    shape = matrix["rows"], matrix["columns"]
    assert shape == (30, 60)
    count = np.frombuffer(base64.b64decode(matrix["count"]), "<u4").reshape(shape)
    mean = np.frombuffer(base64.b64decode(matrix["mean"]), "<f4").reshape(shape)
    dense = way.to_scipy().toarray()
    np.testing.assert_allclose(mean * count, np.abs(dense), rtol=1e-5, atol=1e-6)


def test_matrices_are_at_most_128_wide():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", RegionType.SENSORY, n_neurons=300, connectivity=0.0)
    brain.add_region("b", RegionType.MOTOR, n_neurons=20, connectivity=0.0)
    brain.connect_regions("a", "b", density=0.5)
    found = selection.pathway(brain, "proj:a->b")["matrix"]
    assert (found["rows"], found["columns"]) == (128, 20)


def test_playing_stepping_and_pausing(page):
    do(page, "pause")
    assert not page.pace.running
    do(page, "step", n=37)
    step = page.brain.step_count
    steps = page.look()
    assert steps <= 37
    done = 0
    while page.pace.running:
        page.brain.run(steps)
        done += steps
        page.pace.arrive(page.brain.step_count)
        steps = page.pace.leave(page.brain.step_count) if page.pace.running else 0
    assert page.brain.step_count == step + 37
    do(page, "speed", factor=0.5)
    assert page.pace.factor == 0.5
    with pytest.raises(InvalidValueError, match="factor"):
        do(page, "speed", factor=0.0)
    do(page, "speed", factor=None)
    do(page, "play")
    assert page.pace.running


def test_refused_while_a_stimulus_is_presented(page):
    page.brain.network.presenting = True
    try:
        for name, given in (
            ("branch", {}),
            ("save", {"name": "x"}),
            ("stimulate", {"region": "eye", "values": [1.0]}),
            ("snapshot", {}),
            ("reset", {}),
        ):
            with pytest.raises(InvalidValueError, match="presenting"):
                do(page, name, **given)
    finally:
        page.brain.network.presenting = False


# -- fuzzed messages

WORDS = [
    *("eye", "cortex", "proj:eye->cortex", "region:cortex", "growth", "noise", "memory", "theta"),
    *("growth_interval", "", "x" * 300, "../../etc/passwd", "\x00", "\ud800", "__class__", "NaN"),
]
NUMBERS = [0, 1, -1, 3, 0.5, 1e308, -1e308, 2**63, 2**70, 1e-320, 17.25, True, False, None]
KEYS = sorted({key for _, names in actions.ACTIONS.values() for key in names})


def anything(draw: random.Random, depth: int = 0):
    kind = draw.randrange(8 if depth < 3 else 5)
    if kind < 3:
        return draw.choice(NUMBERS)
    if kind == 3:
        return draw.choice(WORDS)
    if kind == 4:
        return "".join(draw.choices(string.printable, k=draw.randrange(12)))
    if kind < 7:
        return [anything(draw, depth + 1) for _ in range(draw.randrange(5))]
    return {draw.choice(WORDS): anything(draw, depth + 1) for _ in range(draw.randrange(3))}


def message(draw: random.Random) -> dict:
    name = draw.choice([*actions.ACTIONS, "nothing", "__init__"])
    wanted = actions.ACTIONS.get(name, (None, ()))[1]
    given = {key: anything(draw) for key in wanted if draw.random() < 0.85}
    if draw.random() < 0.1:
        given[draw.choice([*KEYS, "brain", "extra"])] = anything(draw)
    return {"id": draw.choice([1, 1, 1, 1, -1, "x", 2**60]), "do": name, **given}


QUERIES = {"files", "weights", "fingerprint", "trace", "neuron", "pathway"}


def test_ten_thousand_fuzzed_messages(page, tmp_path):
    draw = random.Random(20261130)
    refused = accepted = 0
    before = page.brain.fingerprint()
    for k in range(10_000):
        brain = page.brain
        given = message(draw)
        if given["do"] in ("save", "record") and accepted > 50:
            # The disk is slow, and names are tried by another test.
            given["name"] = draw.choice(["../x", 3, None, "a/b"])
        try:
            read = safety.read(json.dumps(given))
            actions.carry_out(page, read)
        except EngramError:
            refused += 1
            if k % 20 == 0:
                assert page.brain is brain
                assert page.brain.fingerprint() == before, given
        else:
            accepted += 1
            if given["do"] not in QUERIES:
                page.brain.run(3)
            before = page.brain.fingerprint()
    assert refused > 5000
    assert accepted > 500
    page.brain.check()
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))


def test_ten_thousand_texts_that_are_no_messages():
    draw = random.Random(7)
    good = '{"id":1,"do":"set","part":"growth","name":"pruning","value":[1,{"a":"b"}]}'
    alphabet = '{}[]",:0129eE+-. \\u/abntrfls\x00é\ud83d'
    understood = 0
    for _ in range(10_000):
        text = list(good)
        for _ in range(draw.randrange(1, 6)):
            at = draw.randrange(len(text))
            text[at : at + draw.randrange(3)] = draw.choices(alphabet, k=draw.randrange(3))
        try:
            found = safety.read("".join(text))
        except EngramError:
            continue
        understood += 1
        assert isinstance(found["do"], str)
    assert 0 < understood < 9_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9 + "]" * 9,
        '{"id":1,"do":"play","x":' + "[" * 100_000,
        '{"id":1,"do":"play","x":NaN}',
        '{"id":1,"do":"play","x":Infinity}',
        '{"id":1.5,"do":"play"}',
        '{"id":true,"do":"play"}',
        '{"do":"play"}',
        '{"id":9007199254740992,"do":"play"}',
        '{"id":1,"do":"ping","brain":-1}',
        '{"id":1,"do":"ping","brain":true}',
        '{"id":1}',
        "[]",
        '"play"',
        "",
        " " * (safety.MOST_BYTES + 1),
        "é" * (safety.MOST_BYTES // 2 + 1),
    ],
)
def test_texts_that_are_refused(text):
    with pytest.raises(EngramError):
        safety.read(text)


def test_brackets_within_strings_are_no_depth():
    assert safety.read('{"id":1,"do":"' + "[{" * 50 + '\\""}')["do"].startswith("[{")
