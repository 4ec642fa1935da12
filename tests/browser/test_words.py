"""Figures and words of the page say what is true, and the same in every place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engram import Brain, save_brain
from engram.live.page import LivePage
from tests.browser.driving import Driver

FIGURES = """[...document.querySelectorAll('.eg-label')].map((label, k) => [
  label.querySelector('.eg-label-rate').textContent,
  document.querySelectorAll('[data-panel=rates] .eg-legend-figure')[k]?.textContent])"""


def steps(shown: Driver, n: int) -> None:
    before = shown.value("engram.session.brain.frame.step")
    shown.command("step", n=n)
    shown.until("engram.session.brain.frame?.step === x", before + n)


def test_a_rate_is_one_in_both_places_and_stays_after_a_step(brain: Brain, shown: Driver) -> None:
    shown.command("stimulate", region="eye", values=[1.0], duration=None)
    steps(shown, 800)
    steps(shown, 1)
    rates = [f"{region.mean_activity:.1f} Hz" for region in brain.regions.values()]
    assert brain.regions["eye"].mean_activity > 1.0
    shown.until(f"JSON.stringify({FIGURES}) === JSON.stringify(x)", [[r, r] for r in rates])
    assert "running mean over 1 s" in shown.panel("rates").inner_text()


def test_the_diary_says_what_was_given_and_what_is_sampled(brain: Brain, shown: Driver) -> None:
    shown.command("reward", amount=2.0, target="proj:eye->cortex")
    steps(shown, 40)
    diary = "document.querySelector('[data-panel=what-happens]').innerText"
    shown.until(f"{diary}.includes('Reward of 2.00 at proj:eye->cortex')")
    shown.settled()
    assert "sampled: dopamine" not in shown.value(diary)
    brain.reward(2.0, "proj:eye->cortex")
    steps(shown, 40)
    shown.until(f"{diary}.includes('Reward by the program at proj:eye->cortex, sampled')")
    assert "sampled at frames" in shown.value(diary)


def test_the_head_of_a_folded_panel_goes_on(shown: Driver) -> None:
    panel = shown.panel("whole-life")
    panel.locator("summary").click()
    steps(shown, 2000)
    shown.until("probe.text('[data-panel=whole-life] .eg-panel-figure') === '2.00 s'")


def test_pathways_at_rest_share_a_line(brain: Brain, shown: Driver) -> None:
    names = "[...document.querySelectorAll(x + ' .eg-legend li')].map(li => li.innerText)"
    place = "[data-panel=dopamine-and-other-transmitters]"
    shown.panel(place.split("=")[1][:-1])
    steps(shown, 1)
    shown.until(f"{names}.length === 1 && {names}[0].includes('e-3')", place)
    assert shown.value(names, place)[0].split("\n") == ["all: at rest", "5.0e-3"]
    shown.command("reward", amount=2.0, target="proj:eye->cortex")
    steps(shown, 1)
    shown.until(f"{names}.length === 2", place)
    seen, others = (text.split("\n") for text in shown.value(names, place))
    assert seen == ["eye → cortex", f"{brain.dopamine('proj:eye->cortex'):.2f}"]
    assert others == ["others: at rest", "5.0e-3"]
    widths = shown.value(
        "[...document.querySelectorAll(x + ' li')].map(li => li.offsetWidth)", place
    )
    assert widths[1] > 1.5 * widths[0]


def test_the_matrix_has_a_colour_bar(shown: Driver) -> None:
    panel = shown.panel("pathway")
    panel.get_by_label("Pathway", exact=True).select_option("proj:eye->cortex")
    bar = panel.get_by_label("Colours of the mean weights in the matrix")
    bar.wait_for(state="visible")
    shown.until("document.querySelector('[aria-label^=\"Colours of the mean\"]').dataset.most")
    told = shown.command("weights", label="proj:eye->cortex")
    assert float(bar.get_attribute("data-most")) == pytest.approx(told["matrix"]["most"], abs=0.006)
    shown.look("bar")


def test_bounds_that_nobody_meets_are_not_told(shown: Driver) -> None:
    control = shown.control("parameters")
    control.get_by_label("Of").select_option("region:cortex")
    texts = control.locator(".eg-parameter p.eg-quiet").all_inner_texts()
    assert any(" or more" in text or "above " in text for text in texts)
    assert not any("0000000000" in text or "e+" in text for text in texts)


def test_a_script_has_no_rewind_and_the_page_says_so(
    brain: Brain, visit: Callable[..., Driver]
) -> None:
    with LivePage(brain, run=False) as page:
        page.start()
        driver = visit(page.address)
        driver.page.wait_for_selector(".eg-ready")
        row = driver.page.locator(".eg-transport-row", has_text="Rewind")
        assert "a script runs" in row.inner_text()
        assert row.locator("input").is_disabled()
        assert driver.page.locator("[data-do=snapshot]").is_disabled()
        assert driver.page.locator("h1").inner_text().strip() == "Engram"


def test_a_loaded_brain_gives_the_page_its_name(shown: Driver, brain: Brain, tmp_path: Any) -> None:
    save_brain(brain, tmp_path / "mine")
    shown.value("engram.command('load', { name: 'mine.engram' })")
    shown.until("document.querySelector('.eg-title').textContent === 'mine.engram'")
