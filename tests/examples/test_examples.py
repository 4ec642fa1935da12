"""Every example runs, holds what it claims, and draws a picture when asked."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
MINE = (
    "quickstart",
    "custom_neuron",
    "custom_rule",
    "stp",
    "dendrites",
    "rhythms",
    "association",
    "assemblies",
    "sleep",
    "growth",
    "critic",
    "t_maze",
    "life",
)


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} >= set(MINE)


@pytest.mark.parametrize(
    "name",
    sorted(str(path.relative_to(EXAMPLES).with_suffix("")) for path in EXAMPLES.rglob("*.py")),
)
def test_example(name: str, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    source = (EXAMPLES / f"{name}.py").read_text()
    options = ["--output", str(picture)] if '"--output"' in source else []
    options += ["--quick"] if '"--quick"' in source else []
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *options],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip()
    if options:
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} <= {"picture.png"}


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("custom_neuron", "v = I + (v - I)", "v = I + 0.99 * (v - I)", "too fast"),
        ("custom_rule", "w + eta * (x - y * w)", "w + eta * x * y * w", "principal component"),
        ("dendrites", "RECEPTORS = NMDA(ratio=4.0", "RECEPTORS = NMDA(ratio=0.1", "supralinear"),
        ("assemblies", "if not plastic:", "if True:", "does not come back"),
        ("sleep", 'if arm == "frozen":', 'if arm != "shuffled":', "the order|strengthen"),
        ("critic", "prediction=prediction", "prediction=False", "does not come to predict"),
        ("t_maze", "if silenced and len(rates) == 1:", "if False:", "what the memory holds"),
        ("life", "A_minus=0.0, baseline", "A_plus=0.0, baseline", "not learned"),
        ("stp", "tau_rec=130.0, tau_facil=530.0", "tau_rec=800.0, tau_facil=10.0", "facilitate"),
    ],
)
def test_an_example_can_fail(name: str, old: str, new: str, words: str, tmp_path: Path) -> None:
    source = (EXAMPLES / f"{name}.py").read_text()
    assert source.count(old) == 1
    (tmp_path / "changed.py").write_text(source.replace(old, new))
    done = subprocess.run(
        [sys.executable, "changed.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
    assert re.search(words, done.stderr)
