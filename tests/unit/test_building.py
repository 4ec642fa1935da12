"""Building: fast ways give what slow ones give, and take little memory beside the result."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engram import (
    Brain,
    InvalidValueError,
    LogNormal,
    Neurotransmitter,
    Normal,
    RegionType,
    Uniform,
)
from engram.distributions import Distribution, draw, says
from engram.kernels.calls import kernel
from engram.kernels.constants import STREAM_DELAY, STREAM_WEIGHT, STREAM_WIRING
from engram.network import first_synapses, given
from engram.network.wiring import connect
from engram.state.invariants import check

S = RegionType.SENSORY
EXCITING, INHIBITING = Neurotransmitter.GLUTAMATE, Neurotransmitter.GABA


class Whole(Distribution):
    """Says nothing of itself."""

    def from_uniform(self, u):
        return 2.0 * np.sort(u)


class Steep(Distribution):
    """Goes up in few large steps, in double precision."""

    elementwise = rising = True

    def from_uniform(self, u):
        return np.floor(u.astype(np.float64) * 7.0) * 3.0


class Inherited(Normal):
    """Does not say that samples depend on their own number alone: they do not."""

    def from_normal(self, z):
        return super().from_normal(z - z.mean())


def two(n=60, m=50, dt=1.0, seed=1):
    brain = Brain(dt=dt, seed=seed, mechanisms="none")
    for name, size in (("a", n), ("b", m)):
        brain.add_region(name, S, size, 0.0, excitatory=1.0, max_neurons=size)
    return brain


def slow_in_degree(sources, targets, degree, seed, tag):
    """Floyd's sampling, with scalar draws."""
    pick = kernel("random.integer_below")
    found = []
    for t in targets:
        own = set()
        for k in range(degree):
            top = len(sources) - degree + k
            i = pick(np.uint64(seed), STREAM_WIRING, t, (tag << 32) + k, top + 1)
            own.add(top if i in own else i)
        found += [(int(sources[i]), int(t)) for i in own]
    return sorted(found)


def slow_random(sources, targets, p, seed, tag):
    """Gaps between successes, with scalar draws."""
    uniform, gap = kernel("random.uniform"), kernel("random.geometric_gap")
    log_miss = kernel("random.log_failure")(p)
    found = []
    for s in sources:
        position, step = -1, tag << 32
        while True:
            position += 1 + gap(uniform(np.uint64(seed), STREAM_WIRING, s, step), log_miss)
            step += 1
            if position >= len(targets):
                break
            if targets[position] != s:
                found.append((int(s), int(targets[position])))
    return found


def listed(rows):
    pre, post = rows.slots()
    return list(zip(pre.tolist(), post.tolist(), strict=True))


def test_wirings_are_those_of_scalar_draws():
    few, many = np.arange(8, 38), np.arange(20, 90, 2)
    rest = {"autapses": False, "seed": 5, "tag": 3}
    rows = connect("it", "in_degree", few, many + 80, density=0.0, in_degree=7, **rest)
    assert listed(rows) == slow_in_degree(few, many + 80, 7, 5, 3)
    rows = connect("it", "random", few, many, density=0.3, in_degree=None, **rest)
    assert listed(rows) == slow_random(few, many, 0.3, 5, 3)
    memory = np.full(5000, -1, np.int32)
    again = connect("it", "random", few, many, density=0.3, in_degree=None, memory=memory, **rest)
    assert listed(again) == listed(rows)
    assert np.shares_memory(again.post, memory)
    small = np.empty(3, np.int32)
    again = connect("it", "random", few, many, density=0.3, in_degree=None, memory=small, **rest)
    assert listed(again) == listed(rows)


def reference(pre, post, weight, steps):
    """Rows by (pre, delay, post), twins in the order they were given."""
    order = np.lexsort((post, steps, pre))
    return pre[order], post[order], steps[order], weight[order]


def expected(brain, pre, post, weights, delays, tag, dt, nt=EXCITING):
    """What drawing whole lists and sorting them gives."""
    n, seed = len(pre), brain.network.seed
    drawn = np.maximum(draw("it", weights, n, seed, STREAM_WEIGHT, tag), 0)
    ms = np.maximum(draw("it", delays, n, seed, STREAM_DELAY, tag), 0)
    steps = np.maximum(np.rint(ms / dt), 1).astype(int)
    return reference(pre, post, np.float32(nt.sign) * drawn, steps)


def same(p, found, dt):
    for ours, theirs in zip((p.pre, p.post), found[:2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.rint(p.delay / dt), found[2])
    np.testing.assert_array_equal(p.weight, found[3].astype(np.float32))


@pytest.mark.parametrize("nt", [EXCITING, INHIBITING])
@pytest.mark.parametrize("delays", [2.0, Normal(3.0, 2.0), Uniform(0.0, 90.0), Steep(), Whole()])
@pytest.mark.parametrize("length", [1, 3, 20, 60, 900])
def test_pairs_are_dealt_as_sorting_would(length, delays, nt):
    rng = np.random.default_rng(length)
    brain = two(60, 700, dt=0.5)
    p = brain.connect_regions("a", "b", 0.0)
    n = length * 40
    pre, post = rng.integers(0, 60, n), rng.integers(0, 700, n)
    pre[1::5], post[1::5] = pre[::5], post[::5]  # twins
    tag = brain.network.tag + 1
    p.add_synapses(pre, post, Normal(0.5, 0.4), delays, nt)
    check(brain.network.tables)
    same(p, expected(brain, pre, post, Normal(0.5, 0.4), delays, tag, 0.5, nt), 0.5)


@pytest.mark.parametrize("wiring", ["random", "in_degree", "all_to_all", "all_but_one"])
def test_rows_are_parted_as_sorting_would(wiring):
    brain = two(50, 50, dt=0.5)
    options = {"random": {"density": 0.4}, "in_degree": {"in_degree": 20}}.get(wiring, {})
    weights, delays = Normal(0.5, 0.4), Normal(3.0, 2.0)
    p = brain.connect_regions("a", "b", wiring=wiring, weights=weights, delays=delays, **options)
    check(brain.network.tables)
    order = np.lexsort((p.post, p.pre))
    pre, post = p.pre[order], p.post[order]
    same(p, expected(brain, pre, post, weights, delays, brain.network.tag, 0.5), 0.5)


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8, list, "frozen", "every other"])
def test_lists_of_neurons_may_be_of_any_kind(kind):
    rng = np.random.default_rng(1)
    pre, post = rng.integers(0, 60, 90), rng.integers(0, 50, 90)
    found = []
    for given_ in (pre, post):
        made = given_.tolist() if kind is list else given_.astype(np.int32)
        if kind == "frozen":
            made.flags.writeable = False
        elif kind == "every other":
            made = np.repeat(made, 2)[::2]
        elif kind is not list:
            made = given_.astype(kind)
        found.append(made)
    brain = two()
    p = brain.connect_regions("a", "b", 0.0)
    tag = brain.network.tag + 1
    assert p.add_synapses(*found, Normal(0.5, 0.1), Normal(3.0, 1.0)) == 90
    same(p, expected(brain, pre, post, Normal(0.5, 0.1), Normal(3.0, 1.0), tag, 1.0), 1.0)
    for ours, theirs in zip(found, (pre, post), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_keys_too_long_for_32_bits_are_sorted_the_slow_way():
    brain = two(8, 70_000, dt=0.1)
    p = brain.connect_regions("a", "b", 0.0)
    rng = np.random.default_rng(1)
    pre, post = rng.integers(0, 8, 500), rng.integers(0, 70_000, 500)
    steps = rng.integers(1, 65_000, 500)
    steps[:2] = 1, 65_535
    p.add_synapses(pre, post, 0.5, steps * 0.1)
    check(brain.network.tables)
    same(p, reference(pre, post, np.full(500, 0.5), steps), 0.1)


DRAWN = [
    Normal(0.5, 0.3),
    Normal(-0.5, 0.3),
    Normal(0.5, 0.01),
    Uniform(0.1, 0.7),
    Uniform(-0.7, -0.1),
    LogNormal(0.5, 0.5),
    Whole(),
    Inherited(0.5, 0.3),
]


@pytest.mark.parametrize("values", DRAWN, ids=str)
def test_weights_drawn_in_parts_are_those_drawn_at_once(values, monkeypatch):
    network = Brain(seed=7).network
    whole = given.drawn_magnitudes(network, "it", INHIBITING, values, 1000, 3)
    room = np.empty(1000, np.int32)
    monkeypatch.setattr(given, "PART", 64)
    parts = given.drawn_magnitudes(network, "it", INHIBITING, values, 1000, 3, room)
    np.testing.assert_array_equal(np.asarray(parts, np.float32), np.asarray(whole, np.float32))
    assert np.shares_memory(parts, room) == says(values, "elementwise")
    if whole is not parts and isinstance(values, (Normal, Uniform)) and str(values).count("-"):
        with pytest.raises(InvalidValueError, match="excitatory synapses must not be negative"):
            given.drawn_magnitudes(network, "it", EXCITING, values, 1000, 3)


@pytest.mark.parametrize("dt", [0.1, 0.3, 1.0])
@pytest.mark.parametrize(
    "values",
    [
        Normal(3.0, 2.0),
        Uniform(0.0, 20.0),
        Uniform(-1.0, 20.0),
        Uniform(2.0, 2.0),
        Uniform(0.0, 5000.0),
        LogNormal(3.0, 2.0),
        Steep(),
        Whole(),
    ],
    ids=str,
)
def test_delays_drawn_in_parts_are_those_drawn_at_once(values, dt, monkeypatch):
    network = Brain(seed=7, dt=dt).network
    n = 20_000
    whole = given.drawn_delays(network, "it", values, n, 3)
    monkeypatch.setattr(given, "PART", 512)
    np.testing.assert_array_equal(given.drawn_delays(network, "it", values, n, 3), whole)


@pytest.mark.parametrize(
    ("values", "message"),
    [(Normal(-3.0, 1.0), "on average"), (Normal(60_000.0, 9_000.0), "they run from 0 to")],
)
def test_delays_out_of_range_are_refused_in_parts_too(values, message, monkeypatch):
    network = Brain(seed=7).network
    monkeypatch.setattr(given, "PART", 512)
    with pytest.raises(InvalidValueError, match=message):
        given.drawn_delays(network, "it", values, 5000, 3)


def test_steps_change_where_a_rising_distribution_says():
    values, dt = Uniform(0.02, 3.0), 0.1
    guide, limit, shortest = given.tabled(values, dt)
    for k, m in enumerate(limit):
        u = np.array([m - 1, m], np.float32) * np.float32(2.0**-24)
        assert list(np.rint(values.from_uniform(u) / dt)) == [
            max(shortest + k, 0),
            shortest + k + 1,
        ]
    assert len(guide) == 4096
    assert given.tabled(Normal(1.0, 0.1), dt) is None
    assert given.tabled(Uniform(-1.0, 1.0), dt) is None


def test_what_fails_at_the_end_leaves_nothing(monkeypatch):
    brain = two()
    brain.connect_regions("b", "a", 0.1)
    before = brain.fingerprint()

    def fail(*_args, **_named):
        raise MemoryError

    for make in (
        lambda: brain.connect_regions("a", "b", 0.3),
        lambda: brain.add_region("c", S, 40, 0.5),
        lambda: brain.projections[-1].add_synapses([0], [0]),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(first_synapses.layout, "settle", fail)
            patch.setattr(first_synapses.layout, "amend", fail)
            with pytest.raises(MemoryError):
                make()
        assert brain.fingerprint() == before
        check(brain.network.tables)


PEAK = """
import re, sys
from pathlib import Path
from engram import STDP, Brain, CurrentLIF, Normal

def memory(what):
    # Not from getrusage: that knows what the process that started this one took.
    found = re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024

def build(n, degree):
    brain = Brain(dt=0.1, seed=1, mechanisms="none", threads=1)
    own = 0.0 if sys.argv[1] != "own" else degree / n
    for name in ("a", "b")[: 1 if own else 2]:
        brain.add_region(name, n_neurons=n, max_neurons=n, connectivity=own, model=CurrentLIF)
    if not own:
        wiring = {"in_degree": degree} if sys.argv[1] != "random" else {"density": degree / n}
        brain.connect_regions(
            "a", "b", weights=Normal(0.5, 0.1), delays=Normal(1.5, 0.7), source_type=None,
            wiring="random" if sys.argv[1] == "random" else "in_degree",
            rule=STDP() if sys.argv[1] == "STDP" else None, **wiring,
        )
    return brain

build(100, 20)
before = memory("VmRSS")
tables = build(5000, 800).network.tables
most = memory("VmHWM") - before
kept = sum(a.nbytes for arrays in (tables.arrays, *tables.blocks) for a in arrays.values())
print(most / kept)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
@pytest.mark.parametrize("kind", ["in_degree", "random", "own", "STDP"])
def test_building_takes_little_more_memory_than_the_result(kind):
    done = subprocess.run(
        [sys.executable, "-c", PEAK, kind], capture_output=True, text=True, check=True
    )
    # 1.1 to 1.3 are usual; whole lists of both ends, and an order of them, took 4.
    assert float(done.stdout) < 1.5
