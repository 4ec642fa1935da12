"""Functions that are exact to double precision on every machine, from arithmetic alone."""

import math

import numpy as np

from engram.kernels.jit import inner_jit

_U52 = np.uint64(52)
_LOW52 = np.uint64((1 << 52) - 1)
_BITS_OF_ONE = np.uint64(1023 << 52)
_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
# AS 241 polynomials, highest power first, without the leading coefficient.
_A = (
    3.3430575583588128105e4,
    6.7265770927008700853e4,
    4.5921953931549871457e4,
    1.3731693765509461125e4,
    1.9715909503065514427e3,
    1.3314166789178437745e2,
    3.3871328727963666080e0,
)
_B = (
    2.8729085735721942674e4,
    3.9307895800092710610e4,
    2.1213794301586595867e4,
    5.3941960214247511077e3,
    6.8718700749205790830e2,
    4.2313330701600911252e1,
    1.0,
)
_C = (
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
_D = (
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)
_E = (
    2.71155556874348757815e-5,
    1.24266094738807843860e-3,
    2.65321895265761230930e-2,
    2.96560571828504891230e-1,
    1.78482653991729133580e0,
    5.46378491116411436990e0,
    6.65790464350110377720e0,
)
_F = (
    1.42151175831644588870e-7,
    1.84631831751005468180e-5,
    7.86869131145613259100e-4,
    1.48753612908506148525e-2,
    1.36929880922735805310e-1,
    5.99832206555887937690e-1,
    1.0,
)


@inner_jit
def log_exact(x: float) -> float:
    """Natural logarithm of a positive normal float64, the same bits on every machine.

    ``log(2^k (1 + f)) = k log 2 + f - f^2/2 + s (f^2/2 + R(s^2))`` with ``s = f / (2 + f)``, the
    fdlibm scheme; error below 1 ulp.  The C library's ``log`` differs between platforms.
    """
    bits = np.float64(x).view(np.uint64)
    k = np.int64(bits >> _U52) - 1023
    m = np.uint64((bits & _LOW52) | _BITS_OF_ONE).view(np.float64)
    if m > 1.4142135623730951:
        m = m * 0.5
        k += 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    t2 = z * (
        0.6666666666666735130
        + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591))
    )
    h = 0.5 * f * f
    return k * _LN2_HI - ((h - (s * (h + (t1 + t2)) + k * _LN2_LO)) - f)


@inner_jit
def quantile_below_half(p: float) -> float:
    """``-Phi^-1(p)`` for 0 < p <= 1/2, AS 241 PPND16 (doi:10.2307/2347330)."""
    q = 0.5 - p
    if q <= 0.425:
        r = 0.180625 - q * q
        num = 2.5090809287301226727e3
        for c in _A:
            num = num * r + c
        den = 5.2264952788528545610e3
        for c in _B:
            den = den * r + c
        return q * num / den
    r = math.sqrt(-log_exact(p))
    if r <= 5.0:
        r = r - 1.6
        num = 7.74545014278341407640e-4
        for c in _C:
            num = num * r + c
        den = 1.05075007164441684324e-9
        for c in _D:
            den = den * r + c
        return num / den
    r = r - 5.0
    num = 2.01033439929228813265e-7
    for c in _E:
        num = num * r + c
    den = 2.04426310338993978564e-15
    for c in _F:
        den = den * r + c
    return num / den
