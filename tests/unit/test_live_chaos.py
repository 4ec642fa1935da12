"""After whatever commands: a twin, a rewound brain and a loaded one have the original's future."""

from __future__ import annotations

import contextlib
import random

import pytest

from engram import EngramError
from engram.live import actions, settings
from engram.live.page import LivePage
from tests.unit.test_live_frames import built

STEPS = 700
NONSENSE = [-1, 0, 0.5, 1, 3, 17.25, 50, 250, 1e3, 1e6, 1e308, True, False, "x", None]
REGIONS = {"eye": 30, "cortex": 60}
LABELS = ["proj:eye->cortex", "region:cortex", None]


def command(draw: random.Random, page: LivePage) -> dict:
    """One that pages know, with arguments that may make sense or not."""
    region = draw.choice([*REGIONS])
    slots = draw.sample(range(REGIONS[region]), draw.randrange(1, REGIONS[region] + 1))
    duration = draw.choice([None, 1, 30, 400])
    part = draw.choice(settings.described(page.brain)["parts"])
    name = draw.choice(part["parameters"])["name"]
    values = [draw.random() for _ in range(draw.randrange(1, 5))]
    return draw.choice(
        [
            {"do": "stimulate", "region": region, "values": values, "duration": duration},
            {"do": "paint", "region": region, "neurons": slots, "amount": 1.0},
            {"do": "clear", "region": draw.choice([region, None])},
            {"do": "reward", "amount": draw.random(), "target": draw.choice(LABELS)},
            {"do": "punish", "amount": draw.random(), "target": draw.choice(LABELS)},
            {"do": "sleep", "duration": draw.choice([50, 500, 5000])},
            {"do": "wake"},
            {"do": "damage", "region": region, "neurons": slots},
            {"do": "switch", "name": draw.choice([*settings.SWITCHES]), "on": draw.random() < 0.5},
            {"do": "set", "part": part["part"], "name": name, "value": draw.choice(NONSENSE)},
            {"do": "set", "part": part["part"], "name": name, "value": draw.choice(NONSENSE)},
            {"do": "reset"},
            {
                "do": "rhythm",
                "region": region,
                "band": draw.choice(["delta", "theta", "alpha", "beta", "gamma"]),
                "amplitude": draw.choice([0, 2.0, 30.0]),
                "frequency": draw.choice([None, 0.5, 7.0, 41.0]),
            },
            {"do": "replay", "index": 0},
            {"do": "neuron", "region": region, "slot": slots[0]},
            {"do": "snapshot"},
        ]
    )


def do(page: LivePage, name: str, /, **given):
    return actions.carry_out(page, {"id": 1, "do": name, **given})


def advance(page: LivePage, steps: int) -> bool:
    """As the loop does, between looks; whether the brain went all the way."""
    end = page.brain.step_count + steps
    while page.brain.step_count < end:
        for stage in page.stages.values():
            stage.sample()
            stage.end_stimuli()
        step = page.brain.step_count
        ends = [stage.next_end(step) for stage in page.stages.values()]
        try:
            page.brain.run(min([end - step, *(e for e in ends if e is not None)]), progress=False)
        except EngramError:
            return False
        page.catch_up()
    return True


@pytest.mark.filterwarnings("ignore:Region .* in a seizure")
@pytest.mark.parametrize("seed", range(30))
def test_branches_rewinds_and_files_have_one_future(seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = random.Random(seed)
    with LivePage(built(), run=True) as page:
        page.pace.watched = 1
        accepted = 0
        for _ in range(60):
            given = command(draw, page)
            with contextlib.suppress(EngramError):
                do(page, given.pop("do"), **given)
                accepted += 1
            if draw.random() < 0.5 and not advance(page, draw.randrange(1, 60)):
                # Its numbers are no longer finite: that is said, and ends the nonsense.
                return
        assert accepted > 20
        step = do(page, "snapshot")["step"]
        do(page, "save", name="kept")
        ending = dict(page.stages[0].until)
        do(page, "branch")
        if not advance(page, STEPS):
            return
        future = page.brain.fingerprint()
        assert page.stages[1].brain.fingerprint() == future
        do(page, "rewind", step=step)
        assert advance(page, STEPS)
        assert page.brain.fingerprint() == future
        if ending:
            # When they end is known to the page, and stands in no file.
            return
        do(page, "load", name="kept")
        assert advance(page, STEPS)
        assert page.brain.fingerprint() == future


def test_a_rewound_brain_ends_its_stimuli(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with LivePage(built(), run=True) as page:
        do(page, "stimulate", region="eye", values=[1.0], duration=100)
        step = do(page, "snapshot")["step"]
        assert advance(page, STEPS)
        future = page.brain.fingerprint()
        do(page, "rewind", step=step)
        assert advance(page, STEPS)
        assert page.brain.fingerprint() == future
