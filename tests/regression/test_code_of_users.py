"""Models and rules of users: their own code runs, is found again, and its errors speak of it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numba
import pytest

from engram import (
    LIF,
    Brain,
    CheckpointError,
    InvalidTypeError,
    InvalidValueError,
    NeuronModel,
    Parameter,
    PlasticityRule,
    RegionType,
    load_brain,
    save_brain,
)
from engram.kernels.jit import JIT_DISABLED
from engram.network.rheobase import found_unit

S = RegionType.SENSORY
compiled = pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")

GAIN = 1.0


@numba.njit
def helper(current):
    return GAIN * current


class Driven(NeuronModel):
    states = {"v": 0.0}
    current_unit = 1.0

    @staticmethod
    def update(v, I, dt):  # noqa: E741
        return v + dt / 10.0 * (helper(I) - v), v >= 1.0

    @staticmethod
    def reset():
        return 0.0


class Around:
    class Inner(LIF):
        extra = Parameter(1.0)


def driven_by(gain):
    class Driven(NeuronModel):
        states = {"v": 0.0}
        current_unit = 1.0

        @staticmethod
        def update(v, I, dt):  # noqa: E741
            return v + dt / 10.0 * (gain * I - v), v >= 1.0

        @staticmethod
        def reset():
            return 0.0

    return Driven()


def brain_of(*models):
    brain = Brain(seed=1)
    for k, model in enumerate(models):
        brain.add_region(f"r{k}", S, 5, model=model, background=2.0, connectivity=0.0)
    return brain


def spikes(brain, steps=100):
    regions = brain.regions.values()
    before = [int(r.total_spikes.sum()) for r in regions]
    brain.run(steps)
    return [int(r.total_spikes.sum()) - n for r, n in zip(regions, before, strict=True)]


# -- whose code runs


def test_each_class_of_a_factory_runs_its_own_code():
    some, none = spikes(brain_of(driven_by(1.0), driven_by(0.0)))
    assert some > 0 == none


def test_a_global_of_a_helper_counts_as_it_is_when_the_brain_runs(monkeypatch):
    """Also for a brain that ran before: it and its copy have the same future."""
    brain = brain_of(Driven())
    assert spikes(brain)[0] > 0
    if not JIT_DISABLED:
        monkeypatch.setattr(sys.modules[__name__], "GAIN", 0.0)
        assert spikes(brain_of(Driven())) == [0]
        twin = brain.copy()
        assert spikes(brain) == spikes(twin) == [0]


def test_the_unit_of_a_model_is_not_that_of_older_code(monkeypatch):
    class Measured(Driven):
        current_unit = None

    before = found_unit(Measured())
    monkeypatch.setattr(sys.modules[__name__], "GAIN", 10.0)
    assert found_unit(Measured()) == pytest.approx(before / 10.0, rel=0.05)


# -- errors


def refused(model, line):
    with pytest.raises(InvalidValueError) as caught:
        brain_of(model).run(1)
    text = str(caught.value)
    assert text.startswith(f"{type(model).__name__}.")
    assert __file__ in text
    number = int(text.split("line ")[1].split(")")[0])
    assert line in Path(__file__).read_text().splitlines()[number - 1]
    assert caught.value.__cause__ is not None
    assert "nopython" not in text
    assert "\n" not in text
    return text


@numba.njit
def fails(x):
    return x.nothing  # at fault


def not_compiled(x):
    return x


@compiled
def test_errors_in_update_name_class_method_line_and_cause():
    class Helped(Driven):
        @staticmethod
        def update(v, dt):
            return v + fails(dt), v >= 1.0

    class Unknown(Driven):
        @staticmethod
        def update(v, dt):
            v = v + dt
            return v + unknown, v >= 1.0  # noqa: F821

    class Short(Driven):
        @staticmethod
        def update(v, dt):
            return v + dt

    class Plain(Driven):
        @staticmethod
        def update(v):
            return not_compiled(v), v >= 1.0

    class Reset(Driven):
        @staticmethod
        def reset():
            return "text"

    assert "Helped.update" in refused(Helped(), "x.nothing")
    assert "'unknown' is not defined" in refused(Unknown(), "v + unknown")
    assert "2 numbers, not float32" in refused(Short(), "@staticmethod")
    assert "@numba.njit" in refused(Plain(), "not_compiled(v)")
    assert "Reset.reset" in refused(Reset(), "@staticmethod")


@compiled
def test_errors_in_rules_do_so_too_and_the_brain_is_as_it_was():
    class Rule(PlasticityRule):
        pre_traces = post_traces = {}

        @staticmethod
        def on_post(w):
            return w.nothing

    brain = brain_of(Driven(), Driven())
    pathway = brain.connect_regions("r0", "r1", density=1.0, rule=Rule())
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match=r"Rule\.on_post .*'nothing'"):
        brain.run(1)
    assert brain.fingerprint() == before
    pathway.rule = None
    brain.run(1)


# -- classes found again


PROGRAM = """
import sys
from engram import LIF, Brain, Parameter, RegionType, load_brain, save_brain

class Mine(LIF):
    extra = Parameter(1.0)

if __name__ == "__main__":
    if sys.argv[1] == "save":
        brain = Brain(seed=1)
        brain.add_region("a", RegionType.SENSORY, 5, model=Mine(extra=2.0))
        save_brain(brain, "brain")
    else:
        brain = load_brain("brain", allow={"class": Mine, "main": "__main__:Mine"}[sys.argv[1]])
        assert type(brain.regions["a"].model) is Mine
    print(brain.fingerprint())
"""


@pytest.fixture
def script(tmp_path):
    """Runs a script in a folder of its own, or another program beside it."""
    (tmp_path / "my_script.py").write_text(PROGRAM)

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1]

    run.folder = tmp_path
    return run


def test_a_class_of_the_script_is_found_again(script):
    saved = script("my_script.py", "save")
    path = script.folder / "brain.engram"
    assert script("my_script.py", "class") == saved
    assert script("my_script.py", "main") == saved
    # From elsewhere, too: as a file, and as a module.
    file = f"{script.folder / 'my_script.py'}:Mine"
    brain = load_brain(path, allow=file)
    kind = type(brain.regions["a"].model)
    assert brain.fingerprint() == saved
    assert load_brain(path, allow=[kind]).fingerprint() == saved
    assert load_brain(path, allow=file).regions["a"].model.extra == 2.0
    again = save_brain(brain, script.folder / "again")
    assert load_brain(again, allow=[kind]).fingerprint() == saved
    del sys.modules[kind.__module__]
    said = script("-m", "engram.cli", "run", "brain.engram", "--steps", "1", "--allow", file)
    assert said.startswith("saved: ")


def test_a_class_of_a_prompt_is_found_again_in_a_module(script, monkeypatch):
    monkeypatch.setattr(Around.Inner, "_path", "__main__:Around.Inner")
    path = save_brain(brain_of(Around.Inner()), script.folder / "b")
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="not part of Engram"):
        load_brain(path)
    assert type(load_brain(path, allow=[Around.Inner]).regions["r0"].model) is Around.Inner


@pytest.mark.parametrize(
    ("allow", "error", "text"),
    [
        ([int], InvalidTypeError, "classes of models"),
        ([1], InvalidTypeError, "classes of models"),
        (["Mine"], InvalidValueError, "file.py:Class"),
        ("none.py:Inner", CheckpointError, "no Python file"),
        ([Driven], CheckpointError, "not part of Engram"),
    ],
)
def test_what_can_not_be_allowed_is_refused(tmp_path, allow, error, text):
    class Inner(LIF, saved_as="nowhere:Inner"):
        pass

    path = save_brain(brain_of(Inner()), tmp_path / "b")
    from engram import parameters

    del parameters._paths["nowhere:Inner"]
    with pytest.raises(error, match=text):
        load_brain(path, allow=allow)


def test_a_file_that_fails_is_named(tmp_path):
    (tmp_path / "bad_of_a_test.py").write_text("1 / 0")
    path = save_brain(brain_of(Around.Inner()), tmp_path / "b")
    with pytest.raises(CheckpointError, match=r"bad_of_a_test\.py.*ZeroDivisionError"):
        load_brain(path, allow=f"{tmp_path / 'bad_of_a_test.py'}:Around.Inner")
    assert "bad_of_a_test" not in sys.modules


def test_classes_that_a_file_could_not_tell_apart_are_not_saved(tmp_path):
    brain = brain_of(driven_by(1.0), driven_by(0.0))
    with pytest.raises(CheckpointError, match=r"driven_by\.<locals>\.Driven.*saved_as"):
        save_brain(brain, tmp_path / "b")
    with pytest.raises(CheckpointError, match="saved_as"):
        brain.checkpoint_every(tmp_path / "c", steps=1).take()
    assert not list(tmp_path.glob("*.engram"))
    assert brain.copy().fingerprint() == brain.fingerprint()


# -- other processes


def test_brains_with_models_of_ones_own_are_copied_and_pickled():
    brain = brain_of(Driven(), Around.Inner(extra=3.0))
    brain.run(5)
    for twin in (copy.deepcopy(brain), pickle.loads(pickle.dumps(brain))):
        assert twin.fingerprint() == brain.fingerprint()
        assert type(twin.regions["r1"].model) is Around.Inner
    local = brain_of(driven_by(1.0))
    assert copy.deepcopy(local).fingerprint() == local.fingerprint()


def test_workers_get_brains_with_models_of_the_script(tmp_path):
    program = textwrap.dedent("""
        import multiprocessing as mp, sys
        from engram import LIF, Brain, Parameter, RegionType

        class Mine(LIF):
            extra = Parameter(1.0)

        def told(brain):
            return brain.fingerprint(), brain

        if __name__ == "__main__":
            brain = Brain(seed=1)
            brain.add_region("a", RegionType.SENSORY, 5, model=Mine(extra=2.0))
            for how in sys.argv[1:]:
                with mp.get_context(how).Pool(1) as pool:
                    there, back = pool.apply(told, (brain,))
                assert there == back.fingerprint() == brain.fingerprint(), how
            print("done")
    """)
    (tmp_path / "workers.py").write_text(program)
    ways = [w for w in ("spawn", "fork") if w in multiprocessing.get_all_start_methods()]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "workers.py"), *ways],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
