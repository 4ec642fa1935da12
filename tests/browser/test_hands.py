"""Every control, used, and what it did to the brain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engram import Brain, load_brain
from tests.browser.driving import Driver


def step(shown: Driver, n: int) -> None:
    """Make steps, and wait until they are shown."""
    before = shown.value("engram.session.brain.frame.step")
    shown.page.get_by_label("Steps to make").fill(str(n))
    shown.do("step")
    shown.until("engram.session.brain.frame?.step === x", before + n)


def test_sliders_stimulate(brain: Brain, shown: Driver) -> None:
    control = shown.control("stimulate")
    control.get_by_label("Values").fill("2")
    control.get_by_label("Values").press("Enter")
    control.get_by_label("Value 1").fill("1")
    control.get_by_label("Value 2").fill("0")
    control.get_by_label("For (ms)").fill("100")
    shown.do("stimulate")
    assert shown.answer(control) == "15 neurons driven."
    step(shown, 60)
    spikes = brain.regions["eye"].total_spikes[:30]
    assert spikes[:15].sum() > 3 * spikes[15:].sum()
    assert shown.value("engram.session.brain.ofRegion(0, 'held')") == 1
    shown.do("clear")
    shown.until("engram.session.brain.ofRegion(0, 'held') === 0")


def test_painting_stimulates_what_was_painted(brain: Brain, shown: Driver) -> None:
    control = shown.control("stimulate")
    control.get_by_text("Paint", exact=True).click()
    grid = control.locator(".eg-paint")
    box = grid.bounding_box()
    # 30 neurons stand in 6 columns and 5 rows: the second row, by mouse.
    shown.page.mouse.move(box["x"] + 3, box["y"] + 1.5 * box["height"] / 5)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 1.5 * box["height"] / 5, steps=20)
    shown.page.mouse.up()
    # And neuron 0, by keys.
    grid.focus()
    grid.press("Space")
    shown.do("stimulate")
    assert shown.answer(control) == "7 neurons driven."
    step(shown, 100)
    spikes = brain.regions["eye"].total_spikes[:30]
    painted = np.isin(np.arange(30), [0, *range(6, 12)])
    assert spikes[painted].min() > spikes[~painted].max()


def test_reward_and_punishment_reach_their_target(brain: Brain, shown: Driver) -> None:
    control = shown.control("reward-and-punish")
    label = "proj:eye->cortex"
    control.get_by_label("At").select_option(label)
    control.get_by_label("Amount").fill("3")
    shown.do("reward")
    assert shown.answer(control) == "Reached 1 pathway."
    row = [p.label for p in brain.projections].index(label)
    shown.until(
        "Math.abs(engram.session.brain.ofPathway(x[0], 'dopamine') - x[1]) < 1e-4",
        [row, brain.dopamine(label)],
    )
    assert brain.dopamine(label) > 2
    before = brain.dopamine(label)
    shown.do("punish")
    shown.until("engram.session.brain.ofPathway(x[0], 'dopamine') < x[1] - 2.5", [row, before])
    assert brain.dopamine(label) == pytest.approx(
        shown.value("engram.session.brain.ofPathway(x, 'dopamine')", row), abs=1e-4
    )


def test_sleep_and_wake(brain: Brain, shown: Driver) -> None:
    control = shown.control("sleep")
    control.get_by_label("For (s, simulated)").fill("50")
    shown.do("sleep")
    step(shown, 500)
    shown.until("engram.session.brain.frame.asleep")
    shown.until("document.querySelector('.engram-page').classList.contains('eg-asleep')")
    shown.until("document.querySelector('[data-control=sleep]').textContent.includes('asleep')")
    assert brain.memory.asleep
    assert -1 <= shown.value("engram.session.brain.frame.wave") <= 1
    shown.until("engram.scene.depth > 0.9")
    shown.look("sleep")
    shown.do("wake")
    shown.until("!engram.session.brain.frame.asleep")
    assert not brain.memory.asleep
    assert "Awake" in shown.answer(control)


def test_damage_by_number(brain: Brain, shown: Driver) -> None:
    control = shown.control("damage")
    control.get_by_label("Region").select_option("cortex")
    control.get_by_label("Neurons").fill("0-4, x")
    control.get_by_text("Choose these").click()
    assert "Write neurons as" in shown.answer(control)
    control.get_by_label("Neurons").fill("0-4, 7")
    control.get_by_text("Choose these").click()
    shown.do("damage")
    assert brain.regions["cortex"].n_alive_neurons == 80
    shown.do("damage")
    shown.until("engram.session.brain.region('cortex').alive.filter(x => x).length === 74")
    assert np.flatnonzero(~brain.regions["cortex"].neuron_alive[:80]).tolist() == [0, 1, 2, 3, 4, 7]
    shown.until("engram.session.brain.frame.neurons === 114")


def test_damage_by_lasso(brain: Brain, shown: Driver) -> None:
    control = shown.control("damage")
    control.get_by_text("Lasso").click()
    centre, inside = shown.value("probe.region(x)", "hand")
    radius = 1.15 * inside
    mouse = shown.page.mouse
    for k in range(25):
        angle = 2 * np.pi * k / 24
        x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
        mouse.move(float(x), float(y))
        if k == 0:
            mouse.down()
    mouse.up()
    shown.until("document.querySelector('[data-control=damage]').textContent.includes('hand 10')")
    assert (
        shown.value(
            "engram.scene.pictures.get(0).cloud.state.filter((x, i) => i % 4 === 3 && x).length"
        )
        >= 10
    )
    shown.do("damage")
    shown.do("damage")
    shown.until("engram.session.brain.region('hand').alive.every(x => !x)")
    assert brain.regions["hand"].n_alive_neurons == 0


def test_mechanisms_are_switched(brain: Brain, shown: Driver) -> None:
    control = shown.control("mechanisms")
    names = shown.value("engram.session.brain.settings.switches.map(s => s.name)")
    assert len(names) >= 6
    for name in names:
        before = shown.value(
            "engram.session.brain.settings.switches.find(s => s.name === x).on", name
        )
        control.locator(f"label:has(input[name='{name}'])").click()
        shown.until(
            "engram.session.brain.settings.switches.find(s => s.name === x[0]).on === x[1]",
            [name, not before],
        )
        assert control.locator(f"input[name='{name}']").is_checked() is not before
    assert brain.network.frozen["plasticity"]


def test_parameters_and_their_errors(brain: Brain, shown: Driver) -> None:
    control = shown.control("parameters")
    control.get_by_label("Of").select_option("growth")
    field = control.locator("[data-name=growth_interval]")
    field.locator("input").fill("250")
    field.locator("input").press("Enter")
    shown.until("probe.text('[data-name=growth_interval] .eg-answer').includes('250')")
    assert brain.growth.growth_interval == 250.0
    field.locator("input").fill("-3")
    field.locator("input").press("Enter")
    shown.until("probe.text('[data-name=growth_interval] .eg-error').includes('growth_interval')")
    assert brain.growth.growth_interval == 250.0
    assert field.locator("input").get_attribute("aria-invalid") == "true"
    control.locator("[data-name=neurogenesis] label").click()
    shown.until("document.querySelector('[data-name=neurogenesis] .eg-answer').textContent")
    assert brain.growth.neurogenesis is False


def test_rhythms_are_set_and_their_phase_is_shown(brain: Brain, shown: Driver) -> None:
    control = shown.control("rhythms")
    control.get_by_label("Region").select_option("cortex")
    control.get_by_label("Band").select_option("theta")
    control.get_by_label("Amplitude").fill("1.5")
    shown.do("rhythm")
    shown.until("engram.session.brain.rhythms.length === 1 && engram.session.brain.frame")
    assert brain.oscillators.amplitude("cortex", "theta") == 1.5
    step(shown, 40)
    assert shown.value("engram.session.brain.frame.rhythms[0]") == pytest.approx(
        brain.oscillators.phase("cortex", "theta") % (2 * np.pi), abs=1e-4
    )
    panel = shown.panel("rhythms")
    shown.until("document.querySelector('.eg-dial-phase')?.textContent.endsWith('°')")
    assert panel.locator(".eg-dials li").count() == 1
    shown.do("rhythm-end")
    shown.until("engram.session.brain.rhythms.length === 0")
    assert brain.oscillators.amplitude("cortex", "theta") == 0


def test_save_and_load(brain: Brain, shown: Driver, tmp_path: Path) -> None:
    step(shown, 50)
    control = shown.control("save-and-load")
    control.get_by_label("Name", exact=True).fill("kept")
    shown.do("save")
    assert "Saved kept.engram" in shown.answer(control)
    saved = brain.fingerprint()
    assert load_brain(tmp_path / "kept.engram").fingerprint() == saved
    shown.do("save")
    shown.until("document.querySelector('[data-control=save-and-load] .eg-error')")
    step(shown, 20)
    control.get_by_label("File", exact=True).select_option("kept.engram")
    shown.do("load")
    shown.until("engram.session.brain.frame?.step === 50")
    assert shown.served.brain.fingerprint() == saved


def test_two_pages_hear_of_each_other(shown: Driver, visit: Any) -> None:
    other = visit(shown.served.address)
    other.ready()
    other.until("engram.session.hello.pages === 2")
    shown.do("play")
    other.until("document.querySelector('[data-do=play]').textContent === 'Pause'")
    other.do("play")
    shown.until("document.querySelector('[data-do=play]').textContent === 'Play'")
    shown.command("reward", amount=1.0, target=None)
    other.until("document.querySelector('.eg-log').textContent.includes('Reward of 1.00')")
