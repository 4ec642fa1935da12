"""A world and a digit pad beside a brain; what they tell is made up here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engram import Brain
from engram.live.page import LivePage
from engram.live.views import Message, Views
from tests.browser.driving import Driver

GRID = {
    "type": "world", "brain": 0, "kind": "grid", "size": 5, "goal": [4, 4], "walls": [[1, 2]],
    "at": [0, 3], "episode": 12, "step": 5, "action": "right",
    "actions": ["up", "right", "down", "left"], "reward": 0.0, "return": 0.5, "value": 0.4,
    "learning": True,
}  # fmt: skip
CART = GRID | {
    "kind": "cartpole", "x": 1.2, "angle": 0.1, "x_limit": 2.4, "angle_limit": 0.209,
    "action": "left", "actions": ["left", "right"],
}  # fmt: skip


class World(Views):
    """Shows one moment of a world."""

    def __init__(self, world: Message) -> None:
        self.world = dict(world)
        self.asked: list[str] = []

    def described(self) -> Message:
        return {"world": self.world["kind"], "digits": False}

    def messages(self) -> list[Message]:
        return [self.world]

    def do(self, name: str, arguments: Message) -> Message:
        self.asked.append(name)
        if name == "explore":
            self.world["learning"] = arguments["on"]
        return {}


class Digits(Views):
    """Takes everything for a seven."""

    def __init__(self) -> None:
        self.pixels = np.zeros(0)

    def described(self) -> Message:
        return {"world": None, "digits": True}

    def do(self, name: str, arguments: Message) -> Message:
        assert name == "digit"
        self.pixels = np.array(arguments["pixels"])
        scores = {str(k): -abs(7.0 - k) for k in range(10)}
        return {
            "label": "7", "region": "cortex", "scores": scores, "neurons": [[3, 5], [8, 2]],
            "input": {"region": "eye", "rates": []},
        }  # fmt: skip


Serve = Callable[..., LivePage]
Visit = Callable[..., Driver]


@pytest.mark.parametrize(("world", "words"), [(GRID, "right"), (CART, "left")])
def test_a_world_is_drawn_and_steered(
    brain: Brain, serve: Serve, visit: Visit, world: Any, words: str
) -> None:
    views = World(world)
    driver = visit(serve(brain, views=views).address)
    driver.ready()
    panel = driver.panel("world")
    driver.do("step")
    driver.until("probe.text('.eg-world-words').includes(x)", f"Episode 12, step 5, {words}.")
    assert "expected 0.40" in panel.inner_text()
    drawn = len(set(driver.value("probe.reds('[data-panel=world] .eg-plot')")))
    assert drawn > 3
    driver.do("world_reset")
    driver.until("engram.session.waiting.size === 0")
    panel.get_by_text("Learns").click()
    driver.until("engram.session.world.learning === false")
    assert views.asked == ["world_reset", "explore"]
    driver.look(f"world-{world['kind']}")


def test_without_a_world_or_digits_there_is_no_panel(shown: Driver) -> None:
    assert shown.page.locator("[data-panel=world]").is_hidden()
    assert shown.page.locator("[data-panel=digit-pad]").is_hidden()


def test_a_digit_is_drawn_and_answered(brain: Brain, serve: Serve, visit: Visit) -> None:
    views = Digits()
    driver = visit(serve(brain, views=views).address)
    driver.ready()
    panel = driver.panel("digit-pad")
    pad = panel.locator(".eg-pad")
    box = pad.bounding_box()
    at = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in at]
    driver.page.mouse.move(*points[0])
    driver.page.mouse.down()
    for point in points[1:]:
        driver.page.mouse.move(*point, steps=10)
    driver.page.mouse.up()
    driver.until("probe.text('.eg-digit') === '7'")
    image = views.pixels.reshape(28, 28)
    assert image[7, 9:19].min() > 0.5
    assert image[2].max() == 0
    assert "3 (5 spikes), 8 (2 spikes)" in panel.inner_text()
    assert panel.locator(".eg-scores li").count() == 10
    marked = "engram.scene.pictures.get(0).cloud.state.filter((x, i) => i % 4 === 3 && x).length"
    assert driver.value(marked) == 2
    driver.look("digits")
    panel.get_by_text("Wipe").click()
    assert driver.value(marked) == 0
    # By keys alone: pen down in the middle, three cells to the right, ask.
    pad.focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight", "Space"):
        pad.press(key)
    driver.do("digit")
    driver.until("probe.text('.eg-digit') === '7'")
    image = views.pixels.reshape(28, 28)
    assert image[13, 14:17].min() > 0.5
    assert image[:10].max() == 0
