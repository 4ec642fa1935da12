"""Counter-based random numbers: every draw is a pure function of where it is used.

A draw is ``hash(seed, stream, entity, step)``, so no generator state exists: results do not
depend on the order, chunking or number of threads in which draws are made, and nothing has to be
saved in a checkpoint.  The hash is Philox4x32-10 [1]_ with

    key     = (seed mod 2^32, seed div 2^32)
    counter = (entity mod 2^32, stream + 2^16 (entity div 2^32), step mod 2^32, step div 2^32)

for the scalar samplers.  The ``fill_*`` functions, which serve a contiguous range of neurons each
time step, let four neurons share one Philox block: neuron ``i`` reads word ``i mod 4`` of the
block with counter ``(i div 4, stream + 2^31, step mod 2^32, step div 2^32)``; for normals the
even neuron ``i`` and ``i + 1`` share their two words (Box-Muller).  The added 2^31 keeps fills and
scalar draws of the same stream on disjoint counters.

Only IEEE additions, multiplications, divisions, square roots and integer operations are used
(logarithms included), so a draw has the same bits on every machine, compiled or not.

Valid arguments: ``0 <= seed, step < 2^64``, ``0 <= stream < 2^16`` and ``0 <= entity < 2^47``
(``0 <= entity < 2^34`` for fills).  Numba types a Python integer as int64: pass a seed of 2^63 or
more as ``np.uint64``.

References
----------
.. [1] Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3.
   SC'11. doi:10.1145/2063384.2063405
.. [2] Wichura (1988). Algorithm AS 241: the percentage points of the normal distribution.
   Applied Statistics 37, 477-484. doi:10.2307/2347330
.. [3] Box & Muller (1958). A note on the generation of random normal deviates.
   Ann. Math. Statist. 29, 610-611. doi:10.1214/aoms/1177706645
.. [4] Lemire (2019). Fast random integer generation in an interval.
   ACM Trans. Model. Comput. Simul. 29, 3. doi:10.1145/3230636
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engram.kernels.exact import log_exact, quantile_below_half
from engram.kernels.jit import inner_jit

# Typed constants: Numba turns ``uint64 + literal`` into float64, NumPy does not.
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_U1 = np.uint64(1)
_U2 = np.uint64(2)
_U3 = np.uint64(3)
_U11 = np.uint64(11)
_U16 = np.uint64(16)
_U32 = np.uint64(32)
_U63 = np.uint64(63)
_FILL = np.uint64(1 << 31)
_LOW52 = np.uint64((1 << 52) - 1)

_TWO_M24 = np.float32(2.0**-24)
_TWO_M31 = np.float32(2.0**-31)
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_SIGN = np.uint32(0x80000000)
_SQRT_HALF_BITS = np.int32(0x3F3504F3)
_I23 = np.int32(23)
_W32_1 = np.uint32(1)
_W32_2 = np.uint32(2)
_W32_8 = np.uint32(8)

# log2(1 + f) = f L(f) on [sqrt(1/2) - 1, sqrt(2) - 1]; minimax, absolute error 2.1e-6:
# enough, since it moves a normal by no more than the rounding of float32 does.
_L0 = np.float32(1.44271348)
_L1 = np.float32(-0.721131859)
_L2 = np.float32(0.479348023)
_L3 = np.float32(-0.367489975)
_L4 = np.float32(0.322154765)
_L5 = np.float32(-0.206591705)

# sqrt(log 2) sin(pi v / 4) = v S(v^2) and sqrt(log 2) cos(pi v / 4) = C(v^2) on [-1, 1]; minimax,
# absolute errors 1e-9 and 3e-8.
_S0 = np.float32(0.6538868535)
_S1 = np.float32(-0.06722492785)
_S2 = np.float32(0.00207295439)
_S3 = np.float32(-2.986977781e-05)
_C0 = np.float32(0.8325545882)
_C1 = np.float32(-0.2567800345)
_C2 = np.float32(0.01319591999)
_C3 = np.float32(-0.0002654854112)

_GAP_MAX = 1 << 62


@inner_jit
def _round(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """One Philox round on words held in the low halves of uint64."""
    p0 = _M0 * c0
    p1 = _M1 * c2
    return (p1 >> _U32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _U32) ^ c3 ^ k1, p0 & _LOW


@inner_jit
def philox4x32(
    c0: int, c1: int, c2: int, c3: int, k0: int, k1: int
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Philox4x32-10 block function (doi:10.1145/2063384.2063405).

    Ten rounds of ``(c0, c1, c2, c3) -> (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1,
    lo(M0 c0))`` with ``M0 = 0xD2511F53``, ``M1 = 0xCD9E8D57``; the key gains the Weyl constants
    ``(0x9E3779B9, 0xBB67AE85)`` between rounds.

    Arguments are 32-bit words (as any integer type); so are the four results (as uint64).
    """
    x0 = np.uint64(c0)
    x1 = np.uint64(c1)
    x2 = np.uint64(c2)
    x3 = np.uint64(c3)
    a = np.uint64(k0)
    b = np.uint64(k1)
    for _ in range(9):
        x0, x1, x2, x3 = _round(x0, x1, x2, x3, a, b)
        a = (a + _W0) & _LOW
        b = (b + _W1) & _LOW
    return _round(x0, x1, x2, x3, a, b)


@inner_jit
def words(
    seed: int, stream: int, entity: int, step: int
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four independent 32-bit words of the draw ``(seed, stream, entity, step)``."""
    s = np.uint64(seed)
    e = np.uint64(entity)
    t = np.uint64(step)
    c1 = np.uint64(stream) | ((e >> _U32) << _U16)
    return philox4x32(e & _LOW, c1, t & _LOW, t >> _U32, s & _LOW, s >> _U32)


@inner_jit
def uniform(seed: int, stream: int, entity: int, step: int) -> float:
    """Uniform float64 in [0, 1) with 53 bits: ``floor(2^-11 X) 2^-53``, X a 64-bit word.

    Hash: doi:10.1145/2063384.2063405.
    """
    w0, w1, _, _ = words(seed, stream, entity, step)
    return np.float64(((w0 << _U32) | w1) >> _U11) * 2.0**-53


@inner_jit
def uniform4(seed: int, stream: int, entity: int, step: int) -> tuple[float, float, float, float]:
    """Four independent uniforms in [0, 1) of 32 bits each, ``w 2^-32``, for the price of one.

    Hash: doi:10.1145/2063384.2063405.  The first two share their bits with :func:`uniform`.
    """
    w0, w1, w2, w3 = words(seed, stream, entity, step)
    return (
        np.float64(w0) * 2.0**-32,
        np.float64(w1) * 2.0**-32,
        np.float64(w2) * 2.0**-32,
        np.float64(w3) * 2.0**-32,
    )


@inner_jit
def integer_below(seed: int, stream: int, entity: int, step: int, n: int) -> np.int64:
    """Uniform integer in [0, n): ``floor(n X 2^-64)``, X a 64-bit word, 1 <= n <= 2^32.

    Multiply-shift without rejection (doi:10.1145/3230636); the bias is below ``n 2^-64``.
    """
    w0, w1, _, _ = words(seed, stream, entity, step)
    m = np.uint64(n)
    return np.int64((w0 * m + ((w1 * m) >> _U32)) >> _U32)


@inner_jit
def normal(seed: int, stream: int, entity: int, step: int) -> float:
    """Standard normal float64, ``Phi^-1`` of a 53-bit uniform on bin centres; |z| <= 8.21.

    Quantile function AS 241 (doi:10.2307/2347330); hash doi:10.1145/2063384.2063405.
    """
    w0, w1, _, _ = words(seed, stream, entity, step)
    bits = (w0 << _U32) | w1
    p = (np.float64((bits >> _U11) & _LOW52) + 0.5) * 2.0**-53
    z = quantile_below_half(p)
    return -z if (bits >> _U63) == _U1 else z


@inner_jit
def derived_seed(seed: int, stream: int, key: int) -> np.uint64:
    """A seed of 64 bits for a key."""
    w0, w1, _, _ = words(seed, stream, key, 0)
    return (w0 << _U32) | w1


@inner_jit
def derived_seeds(
    seed: int, stream: int, keys: npt.NDArray[np.int64], out: npt.NDArray[np.uint64]
) -> None:
    """Write a seed of 64 bits for each key."""
    for k in range(len(keys)):
        out[k] = derived_seed(seed, stream, keys[k])


@inner_jit
def log_failure(p: float) -> float:
    """``log(1 - p)`` for :func:`geometric_gap`, accurate for small p; -inf at p = 1.

    Kahan's correction: with ``u = fl(1 - p)``, ``log(1 - p) = log(u) p / (1 - u)``.
    """
    u = 1.0 - p
    if u <= 0.0:
        return -math.inf
    if u == 1.0:
        return -p
    return log_exact(u) * (p / (1.0 - u))


@inner_jit
def geometric_gap(u: float, log1mp: float) -> int:
    """Number of failures before the next success of a Bernoulli(p) sequence.

    ``floor(log(1 - u) / log(1 - p))`` for u uniform in [0, 1) and ``log1mp = log_failure(p)``:
    Bernoulli wiring costs one draw per synapse made instead of one per candidate pair.
    Returns at most 2^62, the answer for p = 0.
    """
    if log1mp >= 0.0:
        return _GAP_MAX
    gap = log_exact(1.0 - u) / log1mp
    if gap >= 4.0e18:
        return _GAP_MAX
    return int(gap)


@inner_jit
def _block(
    seed: int, stream: int, block: int, step: int
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """The Philox block shared by neurons ``4 block`` to ``4 block + 3`` in a fill."""
    s = np.uint64(seed)
    t = np.uint64(step)
    c1 = np.uint64(stream) | _FILL
    return philox4x32(np.uint64(block) & _LOW, c1, t & _LOW, t >> _U32, s & _LOW, s >> _U32)


@inner_jit
def uniform_of(seed: int, stream: int, entity: int, step: int) -> np.float32:
    """The value that :func:`fill_uniform` gives neuron ``entity``."""
    w0, w1, w2, w3 = _block(seed, stream, entity >> 2, step)
    lane = entity & 3
    w = w0 if lane == 0 else w1 if lane == 1 else w2 if lane == 2 else w3
    return word_to_uniform(np.uint32(w))


@inner_jit
def normal_of(seed: int, stream: int, entity: int, step: int) -> np.float32:
    """The value that :func:`fill_normal` gives neuron ``entity``."""
    w0, w1, w2, w3 = _block(seed, stream, entity >> 2, step)
    if entity & 2:
        w0, w1 = w2, w3
    even, odd = words_to_normals(np.uint32(w0), np.uint32(w1))
    return odd if entity & 1 else even


@inner_jit
def _fill_blocks(
    out: npt.NDArray[np.uint32], first_block: int, seed: int, stream: int, step: int
) -> None:
    """Write ``len(out) // 4`` whole Philox blocks."""
    s = np.uint64(seed)
    t = np.uint64(step)
    b = np.uint64(first_block)
    for j in range(len(out) >> 2):
        # philox4x32 written out: LLVM finds it too long to inline, and a call in the loop would
        # stop vectorisation (4 ns per number instead of 1).
        x0 = (b + np.uint64(j)) & _LOW
        x1 = np.uint64(stream) | _FILL
        x2 = t & _LOW
        x3 = t >> _U32
        k0 = s & _LOW
        k1 = s >> _U32
        for _ in range(9):
            x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
            k0 = (k0 + _W0) & _LOW
            k1 = (k1 + _W1) & _LOW
        x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
        # Unsigned indices: a signed one might wrap around, which stops vectorisation.
        i = np.uint64(j) << _U2
        out[i] = np.uint32(x0)
        out[i + _U1] = np.uint32(x1)
        out[i + _U2] = np.uint32(x2)
        out[i + _U3] = np.uint32(x3)


@inner_jit
def fill_words(
    out: npt.NDArray[np.uint32], first_entity: int, seed: int, stream: int, step: int
) -> None:
    """Write a word of 32 bits to each entry, ``out[i]`` for neuron ``first_entity + i``.

    ``first_entity`` must be a multiple of 4, and ``out`` contiguous.
    """
    whole = len(out) & ~3
    _fill_blocks(out[:whole], first_entity >> 2, seed, stream, step)
    w0, w1, w2, w3 = _block(seed, stream, (first_entity + whole) >> 2, step)
    for i in range(whole, len(out)):
        lane = i & 3
        out[i] = np.uint32(w0 if lane == 0 else w1 if lane == 1 else w2 if lane == 2 else w3)


@inner_jit
def word_to_uniform(word: np.uint32) -> np.float32:
    """Uniform float32 in [0, 1): ``floor(word 2^-8) 2^-24``."""
    return np.float32(np.int32(np.uint32(word) >> _W32_8)) * _TWO_M24


@inner_jit
def words_to_normals(w0: np.uint32, w1: np.uint32) -> tuple[np.float32, np.float32]:
    """Two independent standard normals from two 32-bit words, Box-Muller in octants.

    ``z = +-sqrt(-2 log a) (cos, sin)(pi / 4 + y)`` with ``a = (floor(w0 / 2) + 1/2) 2^-31``, the
    angle ``y`` uniform in [-pi/4, pi/4) from the low 30 bits of w1 and the two signs from its
    top 2 bits (doi:10.1214/aoms/1177706645).  Turning by pi/4 makes both coordinates positive
    before the signs, so no quadrant has to be selected: ``sqrt(2) cos(pi/4 + y) = cos y - sin y``,
    ``sqrt(2) sin(pi/4 + y) = cos y + sin y``.

    |z| <= 6.661.  Absolute error below 4e-6, except in pairs of radius under 0.01 (5 in 10^5),
    where the rounding of ``a`` near 1 moves z by up to 2.5e-4.

    Branch-free and free of libm: a loop over it vectorises and has the same bits everywhere.
    """
    u0 = np.uint32(w0)
    u1 = np.uint32(w1)
    a = (np.float32(np.int32(u0 >> _W32_1)) + _HALF) * _TWO_M31
    # a = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).
    bits = np.float32(a).view(np.int32)
    k = np.int32(np.int32(bits - _SQRT_HALF_BITS) >> _I23)
    f = np.int32(bits - np.int32(k << _I23)).view(np.float32) - _ONE
    # Estrin's scheme: Horner's is one long chain of dependent operations.
    f2 = f * f
    log_lo = (_L3 * f + _L2) * f2 + (_L1 * f + _L0)
    r = np.sqrt(-(np.float32(k) + f * ((_L5 * f + _L4) * (f2 * f2) + log_lo)))
    v = np.float32(np.uint32(u1 << _W32_2).view(np.int32)) * _TWO_M31
    v2 = v * v
    s = v * (((_S3 * v2 + _S2) * v2 + _S1) * v2 + _S0)
    c = ((_C3 * v2 + _C2) * v2 + _C1) * v2 + _C0
    even = np.uint32(np.float32(r * (c - s)).view(np.uint32) ^ np.uint32(u1 & _SIGN))
    odd = np.uint32(
        np.float32(r * (c + s)).view(np.uint32) ^ np.uint32(np.uint32(u1 << _W32_1) & _SIGN)
    )
    return np.uint32(even).view(np.float32), np.uint32(odd).view(np.float32)


@inner_jit
def _to_uniforms(bits: npt.NDArray[np.uint32]) -> None:
    for i in range(len(bits)):
        bits[i] = np.float32(word_to_uniform(bits[i])).view(np.uint32)


@inner_jit
def _to_normals(bits: npt.NDArray[np.uint32]) -> None:
    for j in range(len(bits) >> 1):
        i = np.uint64(j) << _U1
        even, odd = words_to_normals(bits[i], bits[i + _U1])
        bits[i] = np.float32(even).view(np.uint32)
        bits[i + _U1] = np.float32(odd).view(np.uint32)


@inner_jit
def _whole_blocks(first_entity: int, lo: int, hi: int) -> tuple[int, int]:
    """Bounds of the part of ``[lo, hi)`` that consists of whole Philox blocks."""
    head = min(lo + (-(first_entity + lo) & 3), hi)
    return head, max(head, hi - ((first_entity + hi) & 3))


@inner_jit
def fill_uniform(
    out: npt.NDArray[np.float32],
    first_entity: int,
    lo: int,
    hi: int,
    seed: int,
    stream: int,
    step: int,
) -> None:
    """Write uniforms in [0, 1) of 24 bits to ``out[lo:hi]``, one per neuron.

    ``out[i] = floor(W 2^-8) 2^-24`` with W the word of neuron ``first_entity + i``
    (doi:10.1145/2063384.2063405), whatever the bounds of the chunk.  ``out`` must be contiguous.
    """
    head, tail = _whole_blocks(first_entity, lo, hi)
    for i in range(lo, head):
        out[i] = uniform_of(seed, stream, first_entity + i, step)
    # The words become numbers in place: a single array needs no scratch and cannot alias.
    bits = out[head:tail].view(np.uint32)
    _fill_blocks(bits, (first_entity + head) >> 2, seed, stream, step)
    _to_uniforms(bits)
    for i in range(tail, hi):
        out[i] = uniform_of(seed, stream, first_entity + i, step)


@inner_jit
def fill_normal(
    out: npt.NDArray[np.float32],
    first_entity: int,
    lo: int,
    hi: int,
    seed: int,
    stream: int,
    step: int,
) -> None:
    """Write standard normals to ``out[lo:hi]``, one per neuron.

    Neurons ``first_entity + i`` = 2n and 2n + 1 get the two Box-Muller normals
    (:func:`words_to_normals`, doi:10.1214/aoms/1177706645) of their two words, whatever the bounds
    of the chunk.  ``out`` must be contiguous.
    """
    head, tail = _whole_blocks(first_entity, lo, hi)
    for i in range(lo, head):
        out[i] = normal_of(seed, stream, first_entity + i, step)
    # The words become numbers in place: a single array needs no scratch and cannot alias.
    bits = out[head:tail].view(np.uint32)
    _fill_blocks(bits, (first_entity + head) >> 2, seed, stream, step)
    _to_normals(bits)
    for i in range(tail, hi):
        out[i] = normal_of(seed, stream, first_entity + i, step)


@inner_jit
def uniform_at(
    entities: npt.NDArray[np.int64], out: npt.NDArray[np.float32], seed: int, stream: int, step: int
) -> None:
    """Write the value that :func:`fill_uniform` gives each of these neurons."""
    for k in range(len(entities)):
        out[k] = uniform_of(seed, stream, entities[k], step)
