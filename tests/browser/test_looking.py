"""Neurons and pathways looked at; themes, widths, keys, names for screen readers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engram import Brain
from tests.browser.driving import Driver


def test_a_click_chooses_a_neuron(brain: Brain, shown: Driver) -> None:
    slot = shown.value("probe.lone(x)", "hand")
    shown.page.mouse.click(*shown.value("probe.neuron(x)", ["hand", slot]))
    shown.until(
        "document.querySelector('[data-panel=neuron] .eg-panel-figure').textContent === x",
        f"hand {slot}",
    )
    shown.page.get_by_label("Steps to make").fill("50")
    shown.do("step")
    shown.until(
        "engram.session.brain.frame.step === 50 && engram.session.brain.voltage.values.length > 0"
    )
    times, values = shown.value(
        "[engram.session.brain.voltage.times, engram.session.brain.voltage.values]"
    )
    assert times[-1] == pytest.approx(50.0)
    assert values[-1] == pytest.approx(float(brain.regions["hand"].v[slot]), abs=1e-3)
    inputs = sum(int((p.post == slot).sum()) for p in brain.projections if p.target == "hand")
    outputs = sum(int((p.pre == slot).sum()) for p in brain.projections if p.source == "hand")
    titles = shown.page.locator("[data-panel=neuron] h4").all_inner_texts()
    assert [int(t.split()[0].replace(",", "")) for t in titles] == [inputs, outputs]
    assert shown.value("engram.scene.pictures.get(0).arcs.count") > 0
    shown.look("neuron")
    shown.page.locator("[data-panel=neuron]").get_by_text("Let go").click()
    shown.until("engram.scene.pictures.get(0).arcs.count === 0")


def test_a_neuron_is_chosen_by_keyboard(brain: Brain, shown: Driver) -> None:
    panel = shown.panel("neuron")
    panel.get_by_label("Region").select_option("cortex")
    panel.get_by_label("Neuron", exact=True).fill("5")
    panel.get_by_label("Neuron", exact=True).press("Enter")
    shown.until(
        "document.querySelector('[data-panel=neuron] .eg-panel-figure').textContent === 'cortex 5'"
    )
    tree = shown.value("engram.scene.pictures.get(0).neuron.dendrite")
    # The soma is no part of the tree.
    known = brain.regions["cortex"].morphology.compartments
    assert tree["parent"] == [int(parent) - 1 for parent in known.parent[1:]]
    assert shown.value("engram.scene.pictures.get(0).arcs.count") >= 2 * len(tree["parent"])
    panel.get_by_label("Neuron", exact=True).fill("100000")
    panel.get_by_label("Neuron", exact=True).press("Enter")
    shown.until("document.querySelector('[data-panel=neuron] .eg-error')?.textContent")


def test_a_pathway_has_its_weights(brain: Brain, shown: Driver) -> None:
    panel = shown.panel("pathway")
    label = "proj:eye->cortex"
    panel.get_by_label("Pathway", exact=True).select_option(label)
    shown.until("document.querySelector('[data-panel=pathway] .eg-matrix').width === 80")
    path = brain.get_projection("eye", "cortex")
    told: dict[str, Any] = shown.command("weights", label=label)
    assert sum(told["histogram"]["counts"]) == told["n"] == path.n_synapses
    assert told["mean"] == pytest.approx(float(np.abs(path.weight).mean()), rel=1e-5)
    assert f"{path.n_synapses:,} synapses" in panel.inner_text()
    assert shown.value("engram.scene.pictures.get(0).tracts.chosen") == [
        p.label for p in brain.projections
    ].index(label)
    pixels = shown.value("probe.reds('.eg-matrix')")
    dark = min(pixels)
    lit = np.reshape(np.array(pixels) > dark, (30, 80))
    there = np.zeros((30, 80), bool)
    there[path.pre, path.post] = True
    assert np.array_equal(lit, there)
    shown.look("pathway")


def test_a_click_chooses_a_pathway(shown: Driver) -> None:
    at = shown.value("probe.pathway(x)", "proj:eye->cortex")
    shown.page.mouse.click(*at)
    shown.until(
        "document.querySelector('[data-panel=pathway] select').value.startsWith('proj:eye->cortex')"
    )


def test_the_camera_by_hand_and_by_keys(shown: Driver) -> None:
    canvas = shown.page.locator(".eg-canvas")
    before = shown.value("[...engram.scene.camera.goal]")
    canvas.focus()
    canvas.press("ArrowLeft")
    canvas.press("+")
    canvas.press("Shift+ArrowUp")
    after = shown.value("[...engram.scene.camera.goal]")
    assert all(a != b for a, b in zip(before[:1] + before[2:], after[:1] + after[2:], strict=True))
    canvas.press("0")
    assert shown.value("[...engram.scene.camera.goal]") == pytest.approx(before)
    box = canvas.bounding_box()
    shown.page.mouse.move(box["x"] + 20, box["y"] + 20)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 120, box["y"] + 40, steps=4)
    shown.page.mouse.up()
    shown.page.mouse.wheel(0, 240)
    turned = shown.value("[...engram.scene.camera.goal]")
    assert turned[0] != before[0]
    assert turned[2] > before[2]
    shown.page.locator(".eg-label", has_text="hand").click()
    assert shown.value("engram.scene.camera.goal[2]") < before[2]


def test_keys_run_the_brain(brain: Brain, shown: Driver) -> None:
    shown.page.locator(".eg-canvas").focus()
    shown.page.keyboard.press(".")
    shown.until("engram.session.brain.frame.step === 1")
    shown.page.keyboard.press("Space")
    shown.until("engram.session.brain.frame.running")
    shown.page.keyboard.press("Space")
    shown.until("!engram.session.brain.settings.running")
    assert brain.step_count > 1


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_contrast(shown: Driver, scheme: str) -> None:
    for _ in range(3):
        if (
            shown.value("engram.root.dataset.theme") == scheme
            and shown.value("engram.prefs.values.theme") != "auto"
        ):
            break
        shown.do("theme")
    assert shown.value("engram.root.dataset.theme") == scheme
    shown.look(scheme)
    worst = shown.value("probe.contrast()")
    assert worst["text"] >= 4.5
    assert worst["button"] >= 4.5
    assert worst["edge"] >= 3
    assert worst["drawn"] >= 3


def test_everything_has_a_name_and_can_be_reached(shown: Driver) -> None:
    for fold in shown.page.locator("details:not([open])").all():
        if fold.is_visible():
            fold.locator("summary").click()
    assert shown.value("probe.unnamed()") == []
    assert shown.value("probe.unreachable()") == []
    assert shown.page.locator("[aria-live=polite][role=log]").count() == 1
    assert shown.value("probe.outline('[data-do=step]')") == "solid"


def test_what_happens_is_read_out(shown: Driver) -> None:
    shown.command("reward", amount=2.0, target=None)
    shown.until("document.querySelector('[role=log]').textContent.includes('Reward of 2.00')")


def test_a_phone_has_room_for_all(shown: Driver, visit: Any) -> None:
    phone = visit(shown.served.address, viewport={"width": 375, "height": 740}, has_touch=True)
    phone.ready()
    for fold in phone.page.locator("details:not([open])").all():
        if fold.is_visible():
            fold.locator("summary").click()
    assert phone.value("document.documentElement.scrollWidth") <= 375
    assert phone.value("probe.wide(375)") == []
    assert phone.value("document.querySelector('.eg-middle').getBoundingClientRect().height") > 200
    phone.value("document.querySelector('.engram-page').scrollTo(0, 0)")
    phone.look("phone")


def test_calm_and_reduced_motion(shown: Driver, visit: Any) -> None:
    assert shown.value("engram.scene.calm") is False
    shown.do("calm")
    assert shown.value("engram.scene.calm") is True
    context = {"reduced_motion": "reduce"}
    still = visit(shown.served.address, **context)
    still.ready()
    assert still.value("engram.scene.calm") is True
    assert still.value("engram.scene.camera.smooth") is False


def test_the_notice_on_flashing(shown: Driver) -> None:
    notice = shown.page.locator(".eg-banner-notice")
    assert "three times a second" in notice.inner_text()
    notice.get_by_text("All right").click()
    assert notice.is_hidden()
    shown.page.reload()
    shown.ready()
    assert notice.is_hidden()


def test_sides_fold_away(shown: Driver) -> None:
    wide = shown.value("engram.scene.width")
    for name in ("controls", "panels"):
        shown.do(f"fold-{name}")
        assert shown.page.locator(f".eg-{name}").is_hidden()
    shown.until("engram.scene.width > x + 400", wide)
    shown.do("fold-panels")
    assert shown.page.locator(".eg-panels").is_visible()
