"""Play, pause, step, speed, snapshots, twins: what the page shows is what the brain has."""

from __future__ import annotations

import numpy as np
import pytest

from engram import Brain
from engram.network.population import n_alive
from tests.browser.driving import Driver


def test_what_is_first_seen_is_the_brain(brain: Brain, shown: Driver) -> None:
    assert shown.value("engram.session.state") == "connected"
    assert shown.value("engram.session.brain.regions.map(r => r.name)") == list(brain.regions)
    assert shown.value("engram.session.brain.pathways.map(p => p.label)") == [
        p.label for p in brain.projections
    ]
    for name, region in brain.regions.items():
        alive, excitatory = shown.value(
            "(r => [r.alive, r.excitatory])(engram.session.brain.region(x))", name
        )
        assert np.array_equal(alive, region.neuron_alive)
        assert np.array_equal(excitatory, region.neuron_type == 0)
    shown.until("document.querySelector('[data-figure=neurons]').textContent !== '–'")
    assert shown.figure("neurons") == str(sum(r.n_alive_neurons for r in brain.regions.values()))
    assert shown.figure("synapses") == f"{sum(p.n_synapses for p in brain.projections):,}"
    labels = shown.page.locator(".eg-label-name").all_inner_texts()
    assert labels == list(brain.regions)
    assert "WebGL2" in shown.value("engram.scene.renderer.kind")
    shown.look("first")


def test_the_picture_has_light_where_neurons_are(shown: Driver) -> None:
    assert shown.value("probe.lit()") > 0.9


def test_steps_are_made_and_counted(brain: Brain, shown: Driver) -> None:
    shown.page.get_by_label("Steps to make").fill("7")
    shown.do("step")
    shown.until("engram.session.brain.frame.step === 7")
    assert brain.step_count == 7
    shown.until("document.querySelector('[data-figure=time]').textContent === '0.01 s'")
    spikes = sum(int(region.total_spikes.sum()) for region in brain.regions.values())
    assert shown.value("engram.session.brain.count('spikes')") == spikes


def test_play_and_pause(brain: Brain, shown: Driver) -> None:
    shown.do("play")
    shown.until("engram.session.brain.frame.running && engram.session.brain.frame.step > 50")
    assert shown.page.locator("[data-do=play]").inner_text() == "Pause"
    shown.do("play")
    shown.until("!engram.session.brain.frame.running && !engram.session.brain.settings.running")
    shown.settled()
    assert shown.value("engram.session.brain.frame.step") == brain.step_count
    shown.until("document.querySelector('.eg-chip').textContent === 'paused'")
    for i, region in enumerate(brain.regions.values()):
        alive, theta = shown.value(
            "['alive', 'theta'].map(name => engram.session.brain.ofRegion(x, name))", i
        )
        assert alive == region.n_alive_neurons
        assert theta == pytest.approx(float(region.theta[region.neuron_alive].mean()), abs=1e-4)


def test_speeds(shown: Driver) -> None:
    shown.page.get_by_text("Real time", exact=True).click()
    shown.until("engram.session.brain.settings.speed === 1")
    shown.page.get_by_text("Slow", exact=True).click()
    shown.until("engram.session.brain.settings.speed === 0.1")
    shown.page.get_by_label("How slow").fill("2")
    shown.until("engram.session.brain.settings.speed === 0.01")
    shown.page.get_by_text("Fastest", exact=True).click()
    shown.until("engram.session.brain.settings.speed === null")


def test_the_raster_shows_the_spikes(brain: Brain, shown: Driver) -> None:
    record = brain.record("spikes", "eye")
    brain.hold("eye", [1.0])
    shown.page.get_by_label("Steps to make").fill("40")
    for _ in range(3):
        before = brain.step_count
        shown.do("step")
        shown.until("engram.session.brain.frame.step === x", before + 40)
    rows, steps = shown.value("probe.raster()")
    raster = shown.value("engram.session.brain.regions[0].raster")
    known = [t for t in steps if t >= 0]
    seen = {(raster[r], t) for r, t in zip(rows, steps, strict=True) if r < len(raster)}
    since = min(known)
    true = {
        (int(n), round(t / brain.dt))
        for t, n in zip(*record.spikes("eye"), strict=True)
        if int(n) in raster and round(t / brain.dt) >= since
    }
    assert len(true) > 50
    assert seen == true


def test_rewind_goes_back_exactly(brain: Brain, shown: Driver) -> None:
    start = brain.fingerprint()
    shown.do("snapshot")
    shown.until("engram.session.brain.snapshots.some(s => s[0] === 0)")
    shown.page.get_by_label("Steps to make").fill("300")
    shown.do("step")
    shown.until("engram.session.brain.frame.step === 300")
    assert brain.fingerprint() != start
    slider = shown.page.get_by_label("Rewind to a snapshot")
    shown.value("document.querySelector('.eg-rewind').focus()")
    slider.press("Home")
    shown.until("engram.session.brain.frame?.step === 0")
    assert shown.served.brain.fingerprint() == start
    assert shown.command("fingerprint") == {"fingerprint": start}


def test_a_twin_goes_on_beside(brain: Brain, shown: Driver) -> None:
    control = shown.control("twin")
    shown.do("branch")
    shown.until("engram.session.brains.size === 2 && engram.scene.pictures.size === 2")
    assert shown.page.locator(".eg-twin-sign").is_visible()
    twin = shown.served.stages[1].brain
    assert twin.fingerprint() == brain.fingerprint()
    control.get_by_label("Controls act on").select_option("1")
    stimulate = shown.control("stimulate")
    shown.do("stimulate")
    assert "driven" in shown.answer(stimulate)
    shown.page.get_by_label("Steps to make").fill("200")
    shown.do("step")
    shown.until("engram.session.brains.get(1).frame?.step === 200")
    assert twin.fingerprint() != brain.fingerprint()
    for number, one in enumerate((brain, twin)):
        spikes = sum(int(region.total_spikes.sum()) for region in one.regions.values())
        assert shown.value("engram.session.brains.get(x).count('spikes')", number) == spikes
    shown.look("twin")
    shown.do("drop")
    shown.until("engram.session.brains.size === 1 && engram.scene.pictures.size === 1")
    assert control.get_by_label("Controls act on").is_hidden()
    assert n_alive(brain.network, brain.network.regions["eye"]) == 30
