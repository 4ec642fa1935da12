"""The key of a user's machine code: the same only if all is the same that goes into the code."""

from __future__ import annotations

import ctypes
import enum
import functools
import importlib
import sys
import textwrap
from collections import namedtuple

import numba
import numpy as np
import pytest

from engram import Brain, InvalidTypeError, NeuronModel, PlasticityRule, RegionType
from engram.engine.entries import check_model, rule_arguments
from engram.engine.freeze import frozen
from engram.kernels.jit import JIT_DISABLED

compiled = pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")


def key(function):
    return frozen(function).key


def defined(text, **scope):
    """A function f of a text, as a notebook's cell defines it."""
    found = {"np": np, "numba": numba, **scope}
    exec(textwrap.dedent(text), found)
    return found["f"]


def capturing(value):
    def f(x):
        return x + value

    return f


def deeper(value):
    def outer(other):
        return lambda x: x + value + other

    return outer(1.0)


class Place(enum.Enum):
    HERE, THERE = 1.0, 2.0


Pair = namedtuple("Pair", "a b")


# -- values


VALUES = [
    (1.0, 2.0),
    (1, 1.0),
    (1, True),
    (0.0, -0.0),
    (np.float32(1.0), np.float64(1.0)),
    (np.float32(1.0), np.float32(2.0)),
    ((1.0, 2.0), (1.0, 3.0)),
    ((1.0, (2.0,)), ((1.0, 2.0),)),
    ("a", "b"),
    ("ab", b"ab"),
    (None, 0),
    (np.arange(3.0), np.arange(3.0) + 1),
    (np.arange(3.0), np.arange(3.0, dtype=np.float32)),
    (np.arange(4.0), np.arange(4.0).reshape(2, 2)),
    (np.zeros((2, 3)), np.zeros((2, 3), order="F")),
    (Place.HERE, Place.THERE),
    (Pair(1.0, 2.0), (1.0, 2.0)),
    (np.float32, np.float64),
    (numba.float32, numba.float64),
    (np.dtype("f4"), np.dtype("f8")),
]


@pytest.mark.parametrize(("one", "other"), VALUES, ids=repr)
def test_values_that_differ_give_other_keys(one, other):
    """Captured, as a global, and as a default."""
    for make in (
        capturing,
        deeper,
        lambda value: defined("def f(x): return x + VALUE", VALUE=value),
        lambda value: defined("f = lambda x, y=VALUE: x + y", VALUE=value),
        lambda value: defined("def f(x, *, y=VALUE): return x + y", VALUE=value),
    ):
        assert key(make(one)) is not None
        assert key(make(one)) == key(make(one))
        assert key(make(one)) != key(make(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x): return x + 1.0", "def f(x): return x + 2.0"),
        ("def f(x): return x + 1", "def f(x): return x + 1.0"),
        ("def f(x): return x + 1.0", "def f(x): return x - 1.0"),
        ("def f(x): return np.sin(x)", "def f(x): return np.cos(x)"),
        ("def f(x): return (lambda y: y + 1.0)(x)", "def f(x): return (lambda y: y + 2.0)(x)"),
        ("def f(x): return x in (1, 2)", "def f(x): return x in (1, 3)"),
        ("def f(x, y): return x - y", "def f(y, x): return x - y"),
    ],
)
def test_code_that_differs_gives_other_keys(one, other):
    assert key(defined(one)) != key(defined(other))


def test_place_and_name_of_a_function_do_not_matter():
    moved = "# first\n\ndef g(x):\n    # says nothing\n    return x + 1.0\nf = g"
    assert key(defined("def f(x): return x + 1.0")) == key(defined(moved))


HELPERS = """
@numba.njit
def inner(x): return x + GAIN
@numba.njit
def middle(x): return inner(x)
def f(x): return middle(x)
"""


@compiled
def test_constants_of_helpers_count_at_any_depth():
    assert key(defined(HELPERS, GAIN=1.0)) == key(defined(HELPERS, GAIN=1.0))
    assert key(defined(HELPERS, GAIN=1.0)) != key(defined(HELPERS, GAIN=2.0))
    other = HELPERS.replace("x + GAIN", "x - GAIN")
    assert key(defined(HELPERS, GAIN=1.0)) != key(defined(other, GAIN=1.0))
    fast = HELPERS.replace("@numba.njit", "@numba.njit(fastmath=True)", 1)
    assert key(defined(HELPERS, GAIN=1.0)) != key(defined(fast, GAIN=1.0))


@compiled
def test_functions_that_call_each_other_have_a_key():
    text = """
    @numba.njit
    def even(n): return True if n == 0 else odd(n - 1)
    @numba.njit
    def odd(n): return LAST if n == 0 else even(n - 1)
    def f(n): return even(n)
    """
    assert key(defined(text, LAST=False)) == key(defined(text, LAST=False))
    assert key(defined(text, LAST=False)) != key(defined(text, LAST=True))


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules and imports the first; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def make(**texts):
        for name in set(sys.modules) - before:
            del sys.modules[name]
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text("import numba\n" + textwrap.dedent(text))
        importlib.invalidate_caches()
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        return importlib.import_module(next(iter(texts)))

    yield make
    for name in set(sys.modules) - before:
        del sys.modules[name]


@compiled
def test_attributes_of_modules_count(modules):
    text = "import helper_of_a_test as h\ndef f(x): return h.go(x) + h.GAIN"
    helper = "@numba.njit\ndef go(x): return x + SHIFT\nGAIN, SHIFT = {}, {}"

    def of(gain, shift):
        made = modules(model_of_a_test=text, helper_of_a_test=helper.format(gain, shift))
        return key(made.f)

    keys = {of(1.0, 1.0), of(2.0, 1.0), of(1.0, 2.0)}
    assert None not in keys
    assert len(keys) == 3
    assert of(1.0, 1.0) in keys


def test_a_file_edited_after_its_import_does_not_matter(modules, tmp_path):
    made = modules(model_of_a_test="GAIN = 1.0\ndef f(x): return x + GAIN")
    before = key(made.f)
    (tmp_path / "model_of_a_test.py").write_text("GAIN = 2.0\ndef f(x): return x + GAIN")
    assert key(made.f) == before
    assert key(importlib.reload(made).f) != before


@numba.vectorize
def own_ufunc(x):
    return x + 1.0


@numba.njit("float64(float64)")
def of_given_types(x):
    return x + 1.0


def not_compiled(x):
    return x


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(200_000),
        np.zeros(2, object),
        ctypes.CFUNCTYPE(ctypes.c_double)(lambda: 1.0),
        object(),
        [1.0],
        {"a": 1.0},
        not_compiled,
        functools.partial(not_compiled, 1.0),
        *([] if JIT_DISABLED else [own_ufunc, of_given_types]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_not_be_told_gives_no_key(value):
    assert key(capturing(value)) is None
    assert key(defined("def f(x): return VALUE", VALUE=value)) is None


# -- the watch


@compiled
def test_a_watch_sees_what_changes():
    table = np.arange(3.0)
    text = "@numba.njit\ndef h(x): return x + GAIN + TABLE[0]\ndef f(x): return h(x) + abs(x)"
    f = defined(text, GAIN=1.0, TABLE=table)
    scope = f.__globals__
    watch = frozen(f).watch
    assert not watch.changed()
    scope["GAIN"] = 2.0
    assert watch.changed()
    watch = frozen(f).watch
    scope["abs"] = float
    assert watch.changed()
    watch = frozen(f).watch
    f.__code__ = (lambda x: x).__code__
    assert watch.changed()
    watch = frozen(scope["h"]).watch
    table[0] = 5.0
    assert watch.changed()


def test_a_watch_sees_captured_variables_and_attributes_of_modules(modules):
    def pair():
        value = 1.0

        def f(x):
            return x + value

        def put(new):
            nonlocal value
            value = new

        return f, put

    f, put = pair()
    watch = frozen(f).watch
    put(2.0)
    assert watch.changed()
    made = modules(
        model_of_a_test="import helper_of_a_test as h\ndef f(x): return x + h.GAIN",
        helper_of_a_test="GAIN = 1.0",
    )
    watch = frozen(made.f).watch
    assert not watch.changed()
    made.h.GAIN = 2.0
    assert watch.changed()


# -- twins


@compiled
def test_a_twin_forgets_what_was_compiled_of_helpers_before(modules):
    """Numba itself goes on with the values of the first compilation."""
    made = modules(
        model_of_a_test="import helper_of_a_test as h\ndef f(x): return h.go(x) + h.GAIN",
        helper_of_a_test="GAIN = 1.0\n@numba.njit\ndef go(x): return x + GAIN",
    )
    assert made.h.go(0.0) == 1.0
    assert frozen(made.f).function(0.0) == 2.0
    made.h.GAIN = 2.0
    assert made.h.go(0.0) == 1.0  # Numba
    assert frozen(made.f).function(0.0) == 4.0


@compiled
def test_twins_compute_what_the_functions_do():
    text = """
    @numba.njit
    def fall(n): return n if n <= 0.0 else fall(n - STEP)
    def f(x, y=SHIFT): return fall(x) + TABLE[1] + PAIR[0] + len(PAIR) + y
    """
    scope = {"STEP": np.float32(1.0), "SHIFT": 2.0, "TABLE": np.arange(3.0), "PAIR": (1.0, 2)}
    f = defined(text, **scope)
    assert frozen(f).function(3.0) == 0.0 + 1.0 + 1.0 + 2 + 2.0
    assert frozen(deeper(2.0)).function(1.0) == 4.0


# -- functions that are none


def test_what_is_no_function_is_refused_with_its_name():
    class Partial(NeuronModel):
        states = {"v": 0.0}
        update = staticmethod(functools.partial(lambda gain, v: (v, v > gain), 1.0))

    class Generator(NeuronModel):
        states = {"v": 0.0}

        @staticmethod
        def update(v):
            yield v

    class Rule(PlasticityRule):
        pre_traces = post_traces = {}
        on_post = staticmethod(functools.partial(max, 1.0))

    with pytest.raises(InvalidTypeError, match=r"Partial\.update must be a function"):
        check_model(Partial)
    with pytest.raises(InvalidTypeError, match=r"Generator\.update must return"):
        Brain(seed=1).add_region("a", RegionType.SENSORY, 5, model=Generator())
    with pytest.raises(InvalidTypeError, match=r"Rule\.on_post must be a function"):
        rule_arguments(Rule)
