"""`engram bench mnist-diagnosis`: what is varied, where it is kept, what comes out."""

import sqlite3

import numpy as np
import pytest
from typer.testing import CliRunner

from engram import datasets
from engram.circuits import image_settings
from engram.cli import app
from engram.errors import EngramError
from engram.learn import STDPClassifier
from engram.learn.bench import diagnosis
from engram.learn.bench.diagnosis import SWEEPS, VARIED, Plan, default_of, diagnose, report, trial
from engram.sweep import read_sweep

TINY = {"data": "digits", "neurons": 8, "images": 60, "held_out": 40, "seeds": 2}


def engram(*arguments):
    return CliRunner().invoke(app, [str(a) for a in ("bench", "mnist-diagnosis", *arguments)])


@pytest.mark.parametrize("neurons", [100, 400])
def test_defaults_are_those_of_the_classifier(neurons):
    plain = STDPClassifier(neurons).get_params()
    suits = image_settings("lif", neurons)
    for panels in SWEEPS.values():
        for panel in panels:
            assert default_of(panel.parameter) in panel.values
            if panel.parameter == "network":
                continue
            ((name, value),) = VARIED[panel.parameter](default_of(panel.parameter), neurons).items()
            usual = getattr(suits, name) if plain[name] is None else plain[name]
            assert value == pytest.approx(usual)


def test_tables_images_and_trials(tmp_path):
    plan = Plan(("readout", "time"), coarse=True, **TINY)
    calls = []
    text, found = diagnose(
        plan, tmp_path / "d", jobs=1, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(k, 12) for k in range(1, 13)]
    assert (found.status == "done").all()
    assert text == (tmp_path / "d" / "diagnosis.md").read_text()
    for words in (
        "## readout: network",
        "| trained * |",
        "| none |",
        "## time:",
        f"| {default_of('steps')} * |",
    ):
        assert words in text
    for name in plan.sweeps:
        assert (tmp_path / "d" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    # Longer presentations bring more spikes; pixels need no learning.
    spikes = found[found.parameter == "steps"].groupby("value").spikes.mean()
    short, usual, long = sorted(spikes.index)
    assert spikes[long] > spikes[usual] > spikes[short]
    assert (found[found.value == "none"].learning_cpu_ms == 0).all()
    with sqlite3.connect(tmp_path / "d" / "trials.db") as connection:
        rows = connection.execute(
            "SELECT json_extract(parameters, '$.value') AS steps, "
            "avg(json_extract(result, '$.spikes')) FROM trials "
            "WHERE json_extract(parameters, '$.about') = 'time' GROUP BY steps ORDER BY steps"
        ).fetchall()
    assert rows == [(v, pytest.approx(spikes[v])) for v in (short, usual, long)]
    calls.clear()
    again, _ = diagnose(plan, tmp_path / "d", jobs=1, progress=lambda *c: calls.append(c))
    assert again == text
    assert not calls


def test_what_is_learned_from_is_not_scored_with():
    data = datasets.digits()
    seen = []

    class Watched(STDPClassifier):
        def learn_features(self, X, **values):
            seen.append(X)
            return super().learn_features(X, **values)

        def transform(self, X):
            seen.append(X)
            return super().transform(X)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnosis, "STDPClassifier", Watched)
        trial(0, "time", "steps", 20, **{k: v for k, v in TINY.items() if k != "seeds"})
    learned, labelled, scored = ({row.tobytes() for row in X} for X in seen)
    assert learned == labelled
    assert len(seen[2]) == 40
    assert not learned & scored
    training = {row.tobytes() for row in data.X_train}
    assert (learned | scored) <= training


def test_a_trial_that_fails_is_named(tmp_path, monkeypatch):
    plan = Plan(("time",), coarse=True, **{**TINY, "seeds": 1})
    usual, long = default_of("steps"), SWEEPS["time"][0].values[-1]

    def broken(value, neurons):
        return {"steps": value if value <= usual else -1, "n_epochs": min(1, neurons)}

    monkeypatch.setitem(VARIED, "steps", broken)
    text, found = diagnose(plan, tmp_path, jobs=1, progress=False)
    assert (found.status == "failed").sum() == 1
    assert f"FAILED: steps = {long}, seed 0: " in text
    assert "steps must be at least 1" in text
    assert f"| {long} |  |  |  |  |" in text
    assert report(plan, read_sweep(tmp_path / "trials.db")) == text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sweeps": ("redout",)}, "did you mean 'readout'"),
        ({"sweeps": ()}, "no sweeps"),
        ({"data": "cifar"}, "data must be one of"),
        ({"images": 1400}, "more than the 1,43"),
        ({"neurons": 0}, "neurons must be at least 1"),
        ({"seeds": 0}, "seeds must be at least 1"),
    ],
)
def test_errors(tmp_path, values, words):
    with pytest.raises(EngramError, match=words):
        diagnose(Plan(**{**TINY, **values}), tmp_path / "d", jobs=1)
    assert not (tmp_path / "d").exists()


def test_the_command(tmp_path):
    output = tmp_path / "d"
    options = (
        "--sweeps",
        "time",
        "--data",
        "digits",
        "--neurons",
        8,
        "--images",
        60,
        "--held-out",
        40,
        "--seeds",
        1,
        "--jobs",
        1,
        "--output",
        output,
    )
    result = engram(*options)
    assert result.exit_code == 0, result.output
    assert "5 of 5 trials, 0 s left" in result.stderr
    assert f"| {default_of('steps')} * |" in result.stdout
    again = engram(*options)
    assert again.stdout == result.stdout
    assert again.stderr == ""
    assert len(read_sweep(output / "trials.db")) == 5
    wrong = engram("--sweeps", "times", "--output", tmp_path / "e")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("engram: diagnosis: no sweep 'times'")


def test_mnist_if_it_is_at_hand(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGRAM_DATA", str(tmp_path))
    assert diagnosis.at_hand() == "digits"
    monkeypatch.setattr(datasets, "mnist", lambda **values: np.zeros(len(values)))
    assert diagnosis.at_hand() == "mnist"
