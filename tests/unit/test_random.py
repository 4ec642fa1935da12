"""The random-number kernel: published vectors, bit identity, distributions, independence."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
import pytest
from scipy import special, stats

import engram
from engram.kernels import constants
from engram.kernels.calls import kernel


class _Kernels:
    """The kernels of `engram.kernels.random`, as Python can call them."""

    def __getattr__(self, name: str):
        return kernel(f"random.{name}")


rnd = _Kernels()

FF = 0xFFFFFFFF
N = 400_000
# Draws are fixed, so a p-value either always passes or never does; with some 15 of them, 1e-3 would
# reject a perfect generator too often.
ALPHA = 1e-5
many = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="too many draws for plain Python")


def _fill(name: str, n: int, seed: int = 1, stream: int = constants.STREAM_NOISE, step: int = 0):
    out = np.empty(n, dtype=np.float32)
    getattr(rnd, name)(out, 0, 0, n, seed, stream, step)
    return out


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((0, 0, 0, 0, 0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((FF, FF, FF, FF, FF, FF), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_vectors(args, expected):
    assert " ".join(f"{int(w):08x}" for w in rnd.philox4x32(*args)) == expected
    assert " ".join(f"{int(w):08x}" for w in rnd.philox4x32(*map(np.uint32, args))) == expected


def test_counter_layout():
    seed, stream, entity, step = 0x1122334455667788, 3, 0x0000000599AABBCC, 0x0123456789ABCDEF
    assert rnd.words(seed, stream, entity, step) == rnd.philox4x32(
        0x99AABBCC, 3 | (5 << 16), 0x89ABCDEF, 0x01234567, 0x55667788, 0x11223344
    )
    fill = rnd.philox4x32(1234 >> 2, 3 | (1 << 31), 0x89ABCDEF, 0x01234567, 0x55667788, 0x11223344)
    assert rnd.uniform_of(seed, stream, 1234, step) == np.float32((fill[2] >> 8) * 2.0**-24)


def _digest() -> str:
    """A hash of the bits of a sample of everything the module computes."""
    h = hashlib.sha256()
    for seed, entity, step in [(0, 0, 0), (2**64 - 1, 2**40 + 7, 2**33 + 1), (12345, 99, 10**6)]:
        # A Python int above 2^63 - 1 does not fit the int64 that Numba types it as.
        seed = np.uint64(seed)
        where = (seed, constants.STREAM_MODEL, entity, step)
        draws = [rnd.uniform(*where), rnd.normal(*where), *rnd.uniform4(*where)]
        gap = rnd.geometric_gap(draws[0], rnd.log_failure(0.01))
        ints = [*rnd.words(*where), rnd.integer_below(*where, 1000), gap]
        h.update(np.array(draws, dtype=np.float64).tobytes())
        h.update(np.array([int(i) for i in ints], dtype=np.uint64).tobytes())
        near = entity % 2**30
        h.update(np.float32(rnd.normal_of(seed, 2, near, step)).tobytes())
    for step in range(40):
        h.update(np.float64(rnd.normal(7, 1, 5, step)).tobytes())
        h.update(np.float64(rnd.log_failure(rnd.uniform(7, 2, 5, step) ** 9)).tobytes())
    for fill in (rnd.fill_uniform, rnd.fill_normal):
        out = np.zeros(403, dtype=np.float32)
        fill(out, 10, 3, 401, np.uint64(2**63 + 5), constants.STREAM_NOISE, 77)
        h.update(out.tobytes())
    w = np.array([0, 1, 2, 2**31 - 1, 2**31, 2**32 - 1, 2**30, 3 * 2**30 - 1], dtype=np.uint32)
    for a in w:
        for b in w:
            h.update(np.array(rnd.words_to_normals(a, b), dtype=np.float32).tobytes())
        h.update(np.float32(rnd.word_to_uniform(a)).tobytes())
    return h.hexdigest()


# Changes only if the definition of a draw changes: every stored result changes with it.
DIGEST = "1b76c5dac3ee181fc4779a9d79fae6be7fd0864a654af2546a57bc169b23e221"


def test_bits_are_the_same_compiled_and_pinned():
    assert _digest() == DIGEST


def test_bits_are_the_same_in_plain_python():
    root = Path(engram.__file__).parents[1]
    code = (
        "import importlib.util as u; "
        f"s = u.spec_from_file_location('t', {str(Path(__file__))!r}); "
        "m = u.module_from_spec(s); s.loader.exec_module(m); print(m._digest())"
    )
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == DIGEST


@pytest.mark.parametrize("name", ["uniform", "normal"])
def test_fill_does_not_depend_on_chunks_or_offset(name):
    fill, one = getattr(rnd, f"fill_{name}"), getattr(rnd, f"{name}_of")
    whole = _fill(f"fill_{name}", 100)
    assert whole.tolist() == [one(1, constants.STREAM_NOISE, i, 0) for i in range(100)]
    for cuts in ([0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 100], [0, 50, 50, 51, 100], [0, 37, 100]):
        out = np.full(100, np.nan, dtype=np.float32)
        for lo, hi in pairwise(cuts):
            fill(out, 0, lo, hi, 1, constants.STREAM_NOISE, 0)
        np.testing.assert_array_equal(out, whole)
    for first in range(8):
        out = np.full(100 - first, np.nan, dtype=np.float32)
        fill(out, first, 2, 90, 1, constants.STREAM_NOISE, 0)
        np.testing.assert_array_equal(out[2:90], whole[first + 2 : first + 90])
        assert np.isnan(out[:2]).all()
        assert np.isnan(out[90:]).all()


@many
def test_uniform_distribution():
    u = _fill("fill_uniform", N)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert u.mean(dtype=np.float64) == pytest.approx(0.5, abs=4 / np.sqrt(12 * N))
    assert u.var(dtype=np.float64) == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 180 / N))
    assert stats.kstest(u.astype(np.float64), "uniform").pvalue > ALPHA
    assert rnd.word_to_uniform(np.uint32(FF)) == np.float32(1 - 2.0**-24)
    scalar = [rnd.uniform(3, constants.STREAM_WIRING, i, 0) for i in range(20_000)]
    assert stats.kstest(scalar, "uniform").pvalue > ALPHA
    four = np.array([rnd.uniform4(3, constants.STREAM_WIRING, i, 0) for i in range(5000)])
    assert stats.kstest(four.ravel(), "uniform").pvalue > ALPHA
    np.testing.assert_allclose(four[:, 0], scalar[:5000], atol=2.0**-32)


@many
def test_normal_distribution():
    z = _fill("fill_normal", N).astype(np.float64)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(N))
    assert z.var() == pytest.approx(1, abs=4 * np.sqrt(2 / N))
    assert stats.skew(z) == pytest.approx(0, abs=4 * np.sqrt(6 / N))
    assert stats.kurtosis(z) == pytest.approx(0, abs=4 * np.sqrt(24 / N))
    assert stats.kstest(z, "norm").pvalue > ALPHA
    # The two halves of a Box-Muller pair must be normal and independent each on its own.
    for half in (z[::2], z[1::2]):
        assert stats.kstest(half, "norm").pvalue > ALPHA
    for f in (np.abs, np.square, np.sign):
        assert abs(np.corrcoef(f(z[::2]), f(z[1::2]))[0, 1]) < 4 / np.sqrt(N / 2)
    scalar = [rnd.normal(3, constants.STREAM_WEIGHT, i, 0) for i in range(20_000)]
    assert stats.kstest(scalar, "norm").pvalue > ALPHA


@many
def test_normal_tails():
    n, steps = 200_000, 100
    out = np.empty(n, dtype=np.float32)
    counts = np.zeros(4)
    for step in range(steps):
        rnd.fill_normal(out, 0, 0, n, 2, constants.STREAM_NOISE, step)
        counts += [np.count_nonzero(np.abs(out) > c) for c in (3, 4, 4.5, 5)]
    expected = 2 * special.ndtr([-3, -4, -4.5, -5]) * n * steps
    assert np.all(np.abs(counts - expected) < 4.5 * np.sqrt(expected))
    top = max(rnd.words_to_normals(np.uint32(0), np.uint32(2**30 - 1 - 2**29)))
    edge = max(rnd.words_to_normals(np.uint32(0), np.uint32(2**29 - 1)))
    assert max(top, edge) == pytest.approx(np.sqrt(64 * np.log(2)), rel=1e-5)


@many
def test_normals_match_box_muller_in_double_precision():
    rng = np.random.default_rng(0)
    w = rng.integers(0, 2**32, size=(20_000, 2)).astype(np.uint32)
    w[:2000, 0] >>= rng.integers(0, 32, 2000).astype(np.uint32)
    w[2000:4000, 0] = FF - (w[2000:4000, 0] >> rng.integers(0, 32, 2000).astype(np.uint32))
    z = np.array([rnd.words_to_normals(a, b) for a, b in w])
    r = np.sqrt(-2 * np.log(((w[:, 0] >> 1) + 0.5) * 2.0**-31))
    angle = np.pi / 4 * (1 + (w[:, 1] << np.uint32(2)).view(np.int32) * 2.0**-31)
    signs = 1.0 - 2.0 * np.stack([w[:, 1] >> 31, (w[:, 1] >> 30) & 1], axis=1)
    exact = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1) * signs
    ordinary = r > 0.01
    np.testing.assert_allclose(z[ordinary], exact[ordinary], atol=4e-6)
    np.testing.assert_allclose(z, exact, atol=2.5e-4)


def test_normal_extreme_words_are_finite():
    w = np.array([0, 1, 2, 2**29, 2**30, 2**31 - 1, 2**31, 2**32 - 1], dtype=np.uint32)
    z = np.array([rnd.words_to_normals(a, b) for a in w for b in w])
    assert np.isfinite(z).all()
    assert np.abs(z).max() < 6.67


@many
def test_scalar_normal_is_the_exact_quantile():
    for i in range(2000):
        w0, w1, _, _ = rnd.words(5, constants.STREAM_WEIGHT, i, 0)
        bits = (int(w0) << 32) | int(w1)
        z = -special.ndtri(((bits >> 11 & (2**52 - 1)) + 0.5) * 2.0**-53)
        z = -z if bits >> 63 else z
        assert rnd.normal(5, constants.STREAM_WEIGHT, i, 0) == pytest.approx(
            z, rel=1e-13, abs=1e-15
        )
    for p in (0.5, 0.3, 0.075, 1e-3, 1e-8, 1e-11, 1e-14, 2.0**-54):
        assert kernel("exact.quantile_below_half")(p) == pytest.approx(-special.ndtri(p), rel=1e-14)


def test_log_and_log_failure():
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [np.exp(rng.uniform(-700, 700, 2000)), 1 + rng.uniform(-0.5, 0.5, 2000) ** 5]
    )
    mine = np.array([rnd.log_exact(v) for v in x])
    np.testing.assert_allclose(mine, np.log(x), rtol=3e-16)
    p = 10.0 ** rng.uniform(-20, 0, 2000)
    mine = np.array([rnd.log_failure(v) for v in p])
    np.testing.assert_allclose(mine, np.log1p(-p), rtol=1e-15)


def _correlation(a, b):
    return abs(np.corrcoef(a, b)[0, 1]) * np.sqrt(len(a))


@many
@pytest.mark.parametrize("name", ["fill_uniform", "fill_normal"])
@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"seed": 1 + 2**32},
        {"stream": constants.STREAM_INPUT},
        {"step": 1},
        {"step": 2**32},
    ],
)
def test_neighbouring_seeds_streams_and_steps_are_uncorrelated(name, other):
    a, b = _fill(name, 100_000), _fill(name, 100_000, **other)
    assert np.mean(a == b) < 1e-3
    assert _correlation(a, b) < 4
    assert _correlation(a[1:], b[:-1]) < 4


@many
def test_neurons_are_uncorrelated():
    for name in ("fill_uniform", "fill_normal"):
        a = _fill(name, 100_000)
        for lag in range(1, 9):
            assert _correlation(a[lag:], a[:-lag]) < 4


def test_streams_are_distinct():
    ids = [v for k, v in vars(constants).items() if k.startswith("STREAM_")]
    assert len(ids) == len(set(ids)) == 14
    assert max(ids) < 2**16


@many
def test_integer_below():
    n, draws = 37, 37_000
    k = np.array([rnd.integer_below(1, constants.STREAM_WIRING, i, 0, n) for i in range(draws)])
    assert k.min() == 0
    assert k.max() == n - 1
    assert stats.chisquare(np.bincount(k, minlength=n)).pvalue > ALPHA
    for size in (1, 2, 3, 1000, 2**31 + 1, 2**32 - 1, 2**32):
        for i in range(50):
            w0, w1, _, _ = rnd.words(9, 1, i, 0)
            exact = (((int(w0) << 32) | int(w1)) * size) >> 64
            assert rnd.integer_below(9, 1, i, 0, size) == exact < size


@many
def test_geometric_gap():
    p, n = 0.1, 20_000
    log1mp = rnd.log_failure(p)
    gaps = np.array([rnd.geometric_gap(rnd.uniform(4, 1, i, 0), log1mp) for i in range(n)])
    bins = np.bincount(np.minimum(gaps, 40), minlength=41)
    q = (1 - p) ** np.arange(41)
    expected = np.append(p * q[:-1], q[-1]) * n
    assert stats.chisquare(bins, expected).pvalue > ALPHA
    assert rnd.geometric_gap(0.0, log1mp) == 0
    assert rnd.geometric_gap(0.999, rnd.log_failure(1.0)) == 0
    assert rnd.geometric_gap(0.5, rnd.log_failure(0.0)) == 2**62
    assert rnd.geometric_gap(0.5, rnd.log_failure(1e-300)) == 2**62


@pytest.mark.parametrize("n", [1, 3, 4, 1000, 1023])
def test_words_are_those_of_the_uniform_fill(n):
    words, uniforms = np.zeros(n, np.uint32), np.zeros(n, np.float32)
    kernel("random.fill_words")(words, 1024, np.uint64(77), 14, 5)
    kernel("random.fill_uniform")(uniforms, 1024, 0, n, np.uint64(77), 14, 5)
    assert np.array_equal((words >> 8) * 2.0**-24, uniforms)
