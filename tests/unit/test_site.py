"""The site: figures come from results, the reference has every public name, links are checked."""

from __future__ import annotations

import importlib.util
import re
import types
from pathlib import Path

import numpy as np
import pytest

import engram
from benchmarks import facts

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NUMBERS = re.compile(r"(?<![\w./-])\d+(?:[.,]\d+)*(?:\s?(?:%|x\b|times\b|ms\b|s\b|seeds?\b))")
"""What a measured figure looks like."""


def script(name: str) -> types.ModuleType:
    """A script of the folder docs, as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def marked() -> list[Path]:
    """Pages with figures."""
    return [page for page in facts.pages() if "<!-- fact:" in page.read_text(encoding="utf-8")]


def test_there_are_pages_with_figures() -> None:
    names = {page.name for page in marked()}
    assert names >= {"README.md", "performance.md", "evidence.md", "compare.md"}


@pytest.mark.parametrize("page", marked(), ids=lambda p: p.name)
def test_figures_are_those_of_the_results(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert facts.filled(text) == text, "run: python -m benchmarks.facts"
    assert text.count("<!-- fact:") == text.count("<!-- end -->") == len(facts.PLACE.findall(text))
    for line in text.splitlines():
        # Such a line would be shown as it is, not as Markdown.
        bare = re.sub(r"^[-*] ", "", line.strip())
        assert not bare.startswith("<!-- fact:") or bare.endswith("-->"), line


def typed(text: str) -> list[str]:
    """Figures that stand outside of code, links and marked places."""
    for gone in (facts.PLACE, re.compile(r"```.*?```", re.S), re.compile(r"`[^`]*`")):
        text = gone.sub(" ", text)
    return NUMBERS.findall(text)


MAY_SAY: dict[str, set[str]] = {
    "evidence.md": {"99 %"},
    "memory.md": {"10 ms", "100 ms", "20 times", "25 times", "30 %", "300 ms", "5 s"},
}
"""Figures of others, which we have not measured; defaults, and what a measurement is made with."""


@pytest.mark.parametrize("page", marked(), ids=lambda p: p.name)
def test_no_figure_is_typed(page: Path) -> None:
    assert set(typed(page.read_text(encoding="utf-8"))) <= MAY_SAY.get(page.name, set())


def test_typed_figures_are_found() -> None:
    assert typed("It is 4.2 times as fast, 95.3 % right") == ["4.2 times", "95.3 %"]
    assert typed("<!-- fact: x -->95 %<!-- end --> in `3 s`, Python 3.11") == []


def test_a_changed_figure_is_found() -> None:
    text = (DOCS / "performance.md").read_text(encoding="utf-8")
    assert facts.filled(text.replace("0.0746", "0.0646")) == text


def test_the_reference_has_every_public_name() -> None:
    maker = script("make_api")
    listed = [name for names in maker.GROUPS.values() for name in names]
    assert sorted(listed) == sorted(n for n in engram.__all__ if n != "__version__")
    whole = {f"engram.{n}" for n in engram.MODULES} - set(maker.MODULES)
    assert whole == {"engram.recording", "engram.live"}  # of the second, its modules have pages
    assert set(engram.recording.__all__) <= set(listed)
    for name, text in maker.pages().items():
        stored = (DOCS / "api" / name).read_text(encoding="utf-8")
        assert stored == text, "run: python docs/make_api.py"


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">x</a><a href="c.html">y</a>')
    (tmp_path / "b.html").write_text(
        '<p id="here"></p><script src="https://elsewhere.org/x.js"></script><a href="https://x.org">'
    )
    assert sorted(script("check_links").faults(tmp_path)) == [
        "a.html: c.html leads nowhere",
        "a.html: there is no place b.html#there",
        "b.html: fetches https://elsewhere.org/x.js",
    ]


# -- Brunel's network


def page_code(page: str) -> list[str]:
    """The Python blocks of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


def brunel_in_numpy(steps: int, seed: int) -> float:
    """The mean rate of the excitatory neurons, Hz: the same equations, in a plain loop."""
    rng = np.random.default_rng(seed)
    n_e, n_i, c_e, c_i, J, g, eta, tau, dt = 4000, 1000, 400, 100, 0.2, 5.0, 2.0, 20.0, 0.1
    n, delay, refractory = n_e + n_i, 15, 20
    pre = [
        np.concatenate(
            [rng.choice(n_e, c_e, replace=False), n_e + rng.choice(n_i, c_i, replace=False)]
        )
        for _ in range(n)
    ]
    order = np.argsort(np.concatenate(pre), kind="stable")
    post = np.repeat(np.arange(n), c_e + c_i)[order]
    ends = np.cumsum(np.bincount(np.concatenate(pre), minlength=n))[:-1]
    onto = np.split(post, ends)
    mean_input = eta * 20.0 / (J * c_e * tau) * dt * c_e
    v, rest = np.zeros(n), np.zeros(n, int)
    arriving = np.zeros((delay + 1, n))
    fired = 0
    for t in range(steps):
        slot = t % (delay + 1)
        v = np.where(rest > 0, v, v * np.exp(-dt / tau))
        jump = arriving[slot] + J * rng.poisson(mean_input, n)
        arriving[slot] = 0.0
        v = np.where(rest > 0, v, v + jump)
        rest = np.maximum(rest - 1, 0)
        spikes = np.flatnonzero(v > 20.0)
        v[spikes], rest[spikes] = 10.0, refractory
        later = (t + delay) % (delay + 1)
        for k in spikes:
            arriving[later][onto[k]] += J if k < n_e else -g * J
        fired += int((spikes < n_e).sum())
    return fired / n_e / (steps * dt / 1000.0)


def test_brunels_network_takes_at_most_twenty_lines_and_is_right() -> None:
    code = page_code("migration/brian2.md")[0]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 20
    module = types.ModuleType("brunel")
    exec(compile(code, "brian2.md", "exec"), vars(module))
    times, _ = vars(module)["spikes"].spikes("E")
    rate = len(times) / 4000 / 0.3
    assert rate == pytest.approx(brunel_in_numpy(3000, seed=1), rel=0.05)
