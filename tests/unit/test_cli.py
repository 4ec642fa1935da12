"""The command line: what it prints, what it writes, and its exit codes."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engram import (
    Brain,
    CurrentLIF,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    __version__,
    load_brain,
    save_brain,
)
from engram.cli import app
from engram.demo import life as lived


def engram(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    brain = Brain(seed=9, dt=0.5)
    brain.add_region("eye", RegionType.SENSORY, n_neurons=10, background=10.0)
    brain.add_region("hand", RegionType.MOTOR, n_neurons=5)
    brain.connect_regions("eye", "hand", density=0.5, stp=ShortTermPlasticity(U=0.3))
    brain.regions["hand"].enable_morphology()
    brain.run(200)
    return save_brain(brain, tmp_path / "brain")


def test_version_and_help() -> None:
    result = engram("--version")
    assert result.exit_code == 0
    assert result.output == f"engram {__version__}\n"
    result = engram("--help")
    assert result.exit_code == 0
    for command in ("demo", "info", "run"):
        assert command in result.output


def test_info_shows_what_is_there(saved: Path) -> None:
    result = engram("info", saved)
    assert result.exit_code == 0, result.output
    for words in ("seed 9", "dt 0.5 ms", "step 200", "0.1 s", "Izhikevich", "U=0.3", "RewardSTDP"):
        assert words in result.output
    brain = load_brain(saved)
    rows = [line.split() for line in result.output.splitlines()]
    for projection in brain.projections:
        expected = [projection.source, projection.target, str(projection.n_synapses)]
        assert expected in [row[:3] for row in rows]


def test_info_cuts_nothing(tmp_path: Path) -> None:
    brain = Brain(seed=9)
    brain.add_region("a", n_neurons=5, model=CurrentLIF(tau_m=15.125, v_th=-51.0625))
    brain.add_region("b", n_neurons=5)
    rule = RewardSTDP(A_plus=0.212345, A_minus=0.123456, tau_plus=17.125, tau_minus=21.25)
    brain.connect_regions("a", "b", density=0.5, rule=rule)
    result = engram("info", save_brain(brain, tmp_path / "brain"))
    assert "\u2026" not in result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("a -> b: ")]
    for words in ("A_plus=0.212345", "A_minus=0.123456", "tau_plus=17.125", "tau_minus=21.25"):
        assert words in line
    assert "a: CurrentLIF(tau_m=15.125, v_th=-51.0625)\n" in result.output


def test_run_carries_on_as_the_library_does(saved: Path, tmp_path: Path) -> None:
    brain = load_brain(saved)
    brain.run(150)
    untouched = saved.read_bytes()
    result = engram("run", saved, "--steps", 150, "--output", tmp_path / "later")
    assert result.exit_code == 0, result.output
    assert load_brain(tmp_path / "later").fingerprint() == brain.fingerprint()
    assert saved.read_bytes() == untouched
    assert "step 350" in result.output
    result = engram("run", saved, "--steps", 150)
    assert result.exit_code == 0
    assert load_brain(saved).fingerprint() == brain.fingerprint()


@pytest.mark.parametrize("command", [["info"], ["run", "--steps", "3"]])
@pytest.mark.parametrize("content", [None, b"no brain"])
def test_a_bad_file_is_one_line(command: list[str], content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "bad.engram"
    if content is not None:
        path.write_bytes(content)
    result = engram(command[0], path, *command[1:])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("engram: ")
    assert str(path) in result.stderr
    assert result.stderr.count("\n") == 1


def test_run_refuses_before_it_runs(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Brain, "run", lambda *_, **__: pytest.fail("it ran"))
    result = engram("run", saved, "--steps", 3, "--output", tmp_path / "nowhere" / "brain")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
    assert engram("run", saved, "--steps", -1).exit_code == 2


def test_an_interrupt_is_one_line_and_saves_nothing(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = saved.read_bytes()
    monkeypatch.setattr(Brain, "run", interrupted)
    result = engram("run", saved, "--steps", 3)
    assert result.exit_code == 130
    assert result.stderr == "engram: interrupted\n"
    assert saved.read_bytes() == before


# -- the demonstration


def test_demo_holds_and_draws(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    result = engram("demo", "--no-iris", "--output", path)
    assert result.exit_code == 0, result.output
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "Iris" not in result.output
    assert result.output.count("\u2713") == 9
    assert "\u2717" not in result.output


def test_demo_without_scikit_learn_leaves_iris_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.split(".")[:2] == ["engram", "learn"]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    result = engram("demo", "--output", tmp_path / "picture.png")
    assert result.exit_code == 0, result.output
    assert result.output.count("\u2713") == 9
    (line,) = [line for line in result.output.splitlines() if "Iris" in line]
    assert 'pip install ".[learn]"' in line


def test_demo_fails_when_a_claim_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lived, "STEPS", 1200)
    monkeypatch.setattr(lived, "MORE", 100)
    monkeypatch.setattr(lived, "REWARD_AT", 500)
    monkeypatch.setattr(lived, "PUNISH_AT", 700)
    monkeypatch.setattr(lived, "PLAUSIBLE_HZ", (0.5, 1.0))
    result = engram("demo", "--no-iris", "--output", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert "\u2717" in result.stdout
    assert "the demonstration failed: " in result.stderr
    assert "cortex fires at a plausible rate" in result.stderr
    assert "synapses gone" in result.stderr  # None is old enough to be pruned.
    assert "bit for bit" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_demo_sees_a_brain_that_reward_does_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lived, "STEPS", 1200)
    monkeypatch.setattr(lived, "MORE", 100)
    monkeypatch.setattr(lived, "REWARD_AT", 500)
    monkeypatch.setattr(lived, "PUNISH_AT", 700)
    monkeypatch.setattr(Brain, "reward", lambda *_, **__: None)
    monkeypatch.setattr(Brain, "punish", lambda *_, **__: None)
    life = lived.live(1, lambda _: nullcontext(False))
    assert life.rewarded == 0.0
    assert life.punished == 0.0
    held = dict(lived.check(life))
    assert [held[text] for text in held if "changed" in text] == [False, False]
    life.loaded = "another"
    assert not next(holds for text, holds in lived.check(life) if "bit for bit" in text)


def test_a_picture_of_no_known_kind(tmp_path: Path) -> None:
    result = engram("demo", "--no-iris", "--output", tmp_path / "picture.xyz")
    assert result.exit_code == 2
    assert "picture.xyz" in result.stderr
