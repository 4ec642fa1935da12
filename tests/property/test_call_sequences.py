"""Some random sequences of calls to a brain and three twins; the benchmark plays thousands."""

from __future__ import annotations

import pytest

from benchmarks.reliability import draws, sequences, structure
from benchmarks.reliability.draws import call
from benchmarks.reliability.twins import Failure, Twins
from engram.network import lazy

MODELS = ("Izhikevich", "LIF", "PoissonSource")
RULES = ("None", "'stdp'", "'reward_stdp'")
"""Few, since each has loops of its own to be compiled."""


def test_sequences_of_calls_keep_twins_the_same(monkeypatch):
    for source in draws.MODELS.keys() - MODELS:
        monkeypatch.delitem(draws.MODELS, source)
    monkeypatch.setattr(draws, "RULES", RULES)
    for seed in range(40):
        row = sequences.examine(seed, 25, shrink=False)
        assert "failure" not in row, f"seed {seed}: {row['text']}\n{row['script']}"


def test_sequences_with_lazy_neurons_keep_twins_the_same(monkeypatch):
    """Regions are small here, and would be stepped: so all that may be lazy is, at once."""
    lively = structure.MODELS.copy()
    monkeypatch.setattr(structure, "MODELS", {k: v for k, v in lively.items() if "CurrentLIF" in k})
    monkeypatch.setattr(draws, "RULES", RULES)
    monkeypatch.setattr(lazy, "LEAST_NEURONS", 1)
    monkeypatch.setattr(lazy, "WORTH", 1e9)
    been_lazy = 0
    for seed in range(100, 125):
        steps: list[sequences.Step] = []
        twins = sequences.lived(seed, steps, 25, mechanisms="none")
        been_lazy += bool(twins.brain.network.tables["lazy"].any())
    assert been_lazy > 2


def test_what_differs_is_noticed():
    twins = Twins(seed=1)
    twins.play("brain.add_region('r', RegionType.SENSORY, 3, 0.0)")
    with pytest.raises(Failure, match="difference"):
        twins.play("brain.run(3)", "pieces.run(brain, [2])")


def test_an_error_that_is_not_engrams_is_noticed(monkeypatch):
    monkeypatch.setattr("engram.life.integer", None)
    with pytest.raises(Failure, match="raw error"):
        Twins(seed=1).play("brain.run(3)")


def test_a_failure_is_shrunk_to_the_calls_it_needs():
    steps = [
        ("play", call("brain.add_region", "'r'", "RegionType.SENSORY", "3").source),
        ("play", "brain.run(5)"),
        ("copy", "copy"),
        ("play", "brain.run(3)", "pieces.run(brain, [1])"),
        ("play", "brain.step()"),
    ]
    given = {"dt": 1.0, "seed": 1}
    found = sequences.failure_of(given, steps)
    assert found is not None
    fewer = sequences.shrunk(given, steps, found.kind)
    assert fewer == [steps[0], steps[3]]
    text = sequences.script(given, fewer, str(found))
    with pytest.raises(Failure, match="difference"):
        exec(compile(text, "script", "exec"), {})
