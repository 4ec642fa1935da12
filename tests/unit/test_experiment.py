"""Experiments from files: built as the library builds them; errors name the line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from engram import Brain, CurrentLIF, load_brain
from engram.cli import app, health
from engram.cli.experiment import load, run
from engram.cli.tables import places_of, read
from engram.errors import EngramError

PAGE = Path(__file__).parents[2] / "docs" / "experiments.md"
SMALL = """\
[brain]
seed = 3

[regions.a]
neurons = 20
type = "sensory"

[regions.b]
neurons = 10
model = { name = "CurrentLIF", tau_m = 15.0 }

[[projections]]
source = "a"
target = "b"
density = 0.5

[[record]]
what = "spikes"

[[protocol]]
present = "a"
values = [0.9, 0.1]
steps = 50
rest = 10
reward = 1.0
target = "proj:a->b"
run = 20
repeat = 3
"""


def engram(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def written(folder: Path, text: str = SMALL) -> Path:
    path = folder / "e.toml"
    path.write_text(text)
    return path


def by_hand() -> Brain:
    """What SMALL says, in Python."""
    brain = Brain(seed=3)
    brain.add_region("a", "sensory", n_neurons=20)
    brain.add_region("b", n_neurons=10, model=CurrentLIF(tau_m=15.0))
    brain.connect_regions("a", "b", density=0.5)
    for _ in range(3):
        brain.present("a", [0.9, 0.1], steps=50, rest=10)
        brain.reward(1.0, target="proj:a->b")
        brain.run(20)
    return brain


def test_a_file_does_what_the_program_does(tmp_path: Path) -> None:
    result = engram("run", written(tmp_path))
    assert result.exit_code == 0, result.output
    folder = tmp_path / "e-results"
    assert load_brain(folder / "brain").fingerprint() == by_hand().fingerprint()
    brain = by_hand()
    with np.load(folder / "recordings.npz") as found:
        for name in ("a", "b"):
            assert len(found[f"spikes.{name}.times"]) == brain.regions[name].total_spikes.sum()
    assert (folder / "spikes.png").read_bytes().startswith(b"\x89PNG")
    assert "step 240" in result.output


def test_seed_and_folder_can_be_given(tmp_path: Path) -> None:
    text = SMALL + "[output]\npictures = false\n"
    result = engram("run", written(tmp_path, text), "--seed", 4, "--output", tmp_path / "x")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["brain.engram", "recordings.npz"]
    assert load_brain(tmp_path / "x" / "brain").seed == 4


@pytest.mark.parametrize("line", ['folder = "kept"\n', ""])
def test_output_replaces_the_folder_of_the_file(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, SMALL + "[output]\npictures = false\n" + line)
    result = engram("run", path, "--output", tmp_path / "other")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.toml", "other"]
    assert load(path).folder == tmp_path / ("kept" if line else "e-results")


def test_results_are_replaced_only_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL + "[output]\npictures = false\n")
    assert engram("run", path).exit_code == 0
    kept = (tmp_path / "e-results" / "brain.engram").read_bytes()
    again = engram("run", path, "--seed", 9)
    assert again.exit_code == 2
    assert "there are results already" in again.stderr
    assert (tmp_path / "e-results" / "brain.engram").read_bytes() == kept
    assert engram("run", path, "--seed", 9, "--overwrite").exit_code == 0
    assert (tmp_path / "e-results" / "brain.engram").read_bytes() != kept


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("at", "steps"), [(3, 80), (0, 0)])
def test_what_was_recorded_before_an_interrupt_is_kept(tmp_path: Path, at: int, steps: int) -> None:
    path = written(tmp_path, SMALL + "[output]\npictures = false\n")
    experiment = load(path)
    experiment.acts.insert(at, (0, interrupt))
    with pytest.raises(KeyboardInterrupt):
        run(experiment, None)
    kept = tmp_path / "e-results" / "recordings.npz"
    assert kept.is_file() == bool(steps)
    if steps:
        assert load_brain(tmp_path / "e-results" / "brain").step_count == steps
        assert np.load(kept)["spikes.a.times"].max() <= steps


def test_acts_can_be_in_ms(tmp_path: Path) -> None:
    text = SMALL.replace("seed = 3", "seed = 3\ndt = 0.5")
    steps = [n for n, _ in load(written(tmp_path, text)).acts]
    for key, value in (("steps", 25.0), ("rest", 5), ("run", 10.0)):
        text = re.sub(rf"^{key} = \d+", f"{key}_ms = {value}", text, flags=re.M)
    assert [n for n, _ in load(written(tmp_path, text)).acts] == steps


def test_progress_is_written_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engram.cli.LINES_EVERY", 0.0)
    result = engram("run", written(tmp_path))
    assert re.search(r"^\d+ of 240 steps", result.stderr, re.M)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("neurons = 20", "neurns = 20", 5, "'neurns' is not known here; did you mean 'neurons'?"),
        ('type = "sensory"', 'tipe = "sensory"', 6, "did you mean 'type'"),
        ("neurons = 20", 'neurons = "20"', 5, "must be a whole number"),
        ("neurons = 20", "neurons = -2", 5, "n_neurons"),
        ('"sensory"', '"sensori"', 6, "sensori"),
        ('"CurrentLIF"', '"CurrentLIFF"', 10, "currentlif"),
        ("tau_m = 15.0", "tau_mm = 15.0", 10, "tau_mm"),
        ('source = "a"', 'source = "c"', 13, "'c'"),
        ("density = 0.5", "density = 1.5", 15, "density"),
        ('what = "spikes"', 'what = "spikez"', 18, "spikez"),
        ('present = "a"', 'present = "c"', 21, "no region 'c'"),
        ("values = [0.9, 0.1]", "values = 0.9", 22, "must be a list"),
        ('target = "proj:a->b"', 'target = "proj:b->a"', 26, "proj:b->a"),
        ("repeat = 3", "repeat = 0", 28, "'repeat' must be from 1"),
        ("run = 20", "run = -10", 27, "'run' must be a number from 0 on, not -10"),
        ("run = 20", "sleep = -5", 27, "'sleep' must be a number from 0 on, not -5"),
        ("run = 20", "sleep = inf", 27, "'sleep' must be a number from 0 on, not inf"),
        ("run = 20", "run_for = 20", 27, "did you mean 'run'?"),
        ("run = 20", "run = 20\nrun_ms = 20", 28, "not both"),
        ("run = 20", "run = = 1000", 27, "Invalid value, at column 7 of: 'run = = 1000'"),
        ("rest = 10", "rest = -10", 24, "'rest' must be a number from 0 on, not -10"),
        ('present = "a"', "", 22, "'values' has no meaning here"),
        ("repeat = 3", "repeat = 3\nrepeat = 4", 29, "overwrite"),
        ("seed = 3", "seed = [3", 2, ""),
        ("seed = 3", "dt = 100.0", 2, "dt"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert SMALL.count(old) >= 1
    path = written(tmp_path, SMALL.replace(old, new, 1))
    result = engram("run", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    found = re.match(rf"engram: {re.escape(str(path))}:(\d+): (.*)\n\Z", result.stderr)
    assert found, result.stderr
    if "[3" not in new:
        assert int(found[1]) == line, result.stderr
    assert words in found[2]
    assert [p.name for p in tmp_path.iterdir()] == ["e.toml"]


def test_nothing_to_do_is_refused(tmp_path: Path) -> None:
    for text, words in (
        ("", "no region"),
        ("[regions.a]\nneurons = 3\n", "nothing happens"),
        ("[regions.a]\nneurons = 3\n[[protocol]]\nrepeat = 2\n", ":3:"),
        ("[[regions]]\nneurons = 3\n", "'regions' must be a table"),
        ("[regions.a]\nneurons = 3\n[[protocol]]\nrun = 2\n[outputs]\n", "did you mean 'output'"),
    ):
        with pytest.raises(EngramError, match=words):
            load(written(tmp_path, text))
    (tmp_path / "e.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(EngramError, match="UTF-8"):
        read(tmp_path / "e.toml")


def test_lines_of_places() -> None:
    text = 'a = 1\n[b.c]\nd = [\n  1,\n]\ne = "[x] = 3"\n[[f]]\ng = 1\n[[f]]\ng.h = 2 # i = 3\n'
    lines = places_of(text)
    assert lines["a",] == 1
    assert (lines["b", "c"], lines["b", "c", "d"], lines["b", "c", "e"]) == (2, 3, 6)
    assert (lines["f", 0], lines["f", 0, "g"], lines["f", 1], lines["f", 1, "g", "h"]) == (
        7,
        8,
        9,
        10,
    )
    assert not any("i" in place or "x" in place for place in lines)


def test_options_of_one_kind_are_refused_for_the_other(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert engram("run", path, "--steps", 3).exit_code == 2
    brain = tmp_path / "b.engram"
    assert "takes --steps" in engram("run", brain).stderr


def test_the_page_runs(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    result = engram("run", written(tmp_path, text))
    assert result.exit_code == 0, result.output
    names = {p.name for p in (tmp_path / "results").iterdir()}
    assert names >= {"brain.engram", "recordings.npz", "spikes.png", "v.cortex.png"}
    with np.load(tmp_path / "results" / "recordings.npz") as found:
        assert found["v.cortex.values"].shape[1] == 3
        assert len(found["proj:eye->cortex.times"]) == 17


# -- engram new, engram doctor


def test_new_projects_run(tmp_path: Path) -> None:
    for kind, name in (
        ("script", "brain.py"),
        ("notebook", "brain.ipynb"),
        ("config", "experiment.toml"),
    ):
        result = engram("new", tmp_path / "p", "--kind", kind)
        assert result.exit_code == 0, result.output
        assert (tmp_path / "p" / name).exists()
        again = engram("new", tmp_path / "p", "--kind", kind)
        assert (again.exit_code, "already" in again.stderr) == (2, True)
    assert engram("new", tmp_path / "q", "--kind", "poem").exit_code == 2
    script = subprocess.run(
        [sys.executable, "-W", "error", "brain.py"],
        cwd=tmp_path / "p",
        capture_output=True,
        text=True,
    )
    assert script.returncode == 0, script.stderr
    assert (tmp_path / "p" / "spikes.png").exists()
    book = json.loads((tmp_path / "p" / "brain.ipynb").read_text())
    assert all(not cell.get("outputs") for cell in book["cells"])
    code = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code")
    namespace: dict[str, object] = {}
    exec(code.replace('"brain")', f'"{tmp_path}/n")'), namespace)
    twin = load_brain(tmp_path / "p" / "brain")
    assert load_brain(tmp_path / "n").fingerprint() == twin.fingerprint()
    made = load(tmp_path / "p" / "experiment.toml")
    for _, act in made.acts:
        act()
    assert made.brain.fingerprint() == twin.fingerprint()


def test_doctor_knows_every_extra() -> None:
    project = tomllib.loads((PAGE.parents[1] / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"]) - {"docs", "dev"}
    assert set(health.EXTRAS) == extras


def test_doctor_finds_what_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    result = engram("doctor")
    assert result.exit_code == 0, result.output
    for words in ("engram", "numba", "cache", "threads", "extra viz", "GPU"):
        assert words in result.output
    assert result.output.count("\nok ") == 3
    monkeypatch.setattr(health, "self_test", lambda: iter([("a thing", False)]))
    bad = engram("doctor")
    assert bad.exit_code == 1
    assert "FAILED" in bad.output
