"""The neuron models, for one neuron and one step (see `engram.neurons`).

``*_update`` is the hot path: branch-free float32 arithmetic without library calls, so that a loop
over neurons vectorises and gives the same bits on every machine; it returns the new states and
whether the neuron fires. ``*_reset`` runs only for those that fire, from the state at the start of
the step; it may branch and works in float64.
"""

import math

import numpy as np

from engram.kernels.jit import inline_jit, jit

# float32 * a Python float is float64 under Numba: every constant is wrapped.
f32 = np.float32
_0, _05, _1 = f32(0.0), f32(0.5), f32(1.0)
_12TH = f32(1.0 / 12.0)
_TINY = f32(1e-6)

# ------------------------------------------------------------------ Izhikevich
# Shifted variable w = v + 62.5: w' = 0.04 w^2 + F,  F = I - u - 16.25 (no cancellation of
# 0.04v^2+5v+140, and the linear term is gone).
_6TH, _QMAX = f32(1.0 / 6.0), f32(6.0)
_AL, _VS, _FS, _VP = f32(0.04), f32(62.5), f32(16.25), f32(30.0)
_S0, _S1, _C0, _C1 = f32(105.0), f32(10.0), f32(105.0), f32(45.0)
_SIXTH, _TWELFTH = 1.0 / 6.0, 1.0 / 12.0
_DPI = f32(-9.8)  # D < -pi^2: the flow has gone once round, whatever v was


@inline_jit
def _decay_coef(x):
    """1 - exp(-x) for small x >= 0: relative error x^4/720, always in [0, 0.93]."""
    return x / (_1 + x * (_05 + x * _12TH))


@inline_jit
def _izh_sub(v, u, k, b, J, h, ah, al_h):
    """v: exact Riccati (Moebius) flow with u frozen at its mean over the sub-step, extrapolated
    to second order; u: exact relaxation towards b * mean(v), the mean from end values and end
    slopes (v' reaches 340 mV/ms, the trapezoid alone costs 4x the sub-steps).
    tanh(sqrt D)/sqrt D ~ (105+10D)/(105+45D+D^2), kept as a fraction: one division."""
    w = v + _VS
    aw = al_h * w
    F0 = J - u
    hg = ah * (b * v - u)  # h u'
    hhg = ah * (b * (h * F0 + aw * w) - hg)  # h^2 u''
    hF = h * (F0 - (_05 * hg + _6TH * hhg))
    D = -al_h * hF
    S = _S0 + _S1 * D
    C = _C0 + D * (_C1 + D)
    den = C - aw * S
    pole = den <= _TINY
    v1 = v + S * (hF + aw * w) / (_1 if pole else den)
    crossed = pole | (v1 >= _VP) | (D < _DPI)
    v1 = _VP if crossed else v1
    dv = v1 - v
    q = ah - al_h * (w + w + dv)  # (v'(0) - v'(h)) h / dv, nearly
    q = q if q < _QMAX else _QMAX  # keeps the mean between v and v1
    V = v + dv * (_05 + _12TH * q)
    return v1, u + k * (b * V - u), crossed


@inline_jit
def izhikevich_update(v, u, a, b, I, theta, dt):
    """One step of v' = 0.04 v^2 + 5 v + 140 - u + I - theta, u' = a (b v - u), reset left out.

    Against a 25th-order Taylor solution, seven patterns, currents up to rheobase + 150: all spike
    counts equal and times within 0.07 ms at dt = 0.1; counts within 2.4 % at dt = 1.
    """
    ah = a * dt
    J = (I - theta) - _FS
    v1, u1, crossed = _izh_sub(v, u, _decay_coef(ah), b, J, dt, ah, _AL * dt)
    # v >= 30 is a crossing carried over from the last step.
    return v1, u1, crossed | (v >= _VP)


@jit
def _izh_cross(w, F):
    """Time for w' = 0.04 w^2 + F to go from w to 92.5 (inf: never)."""
    wp = 92.5
    if w >= wp:
        return 0.0
    num = wp - w
    q = F + 0.04 * wp * w
    k = 0.04 * F * num * num
    s = q * q
    if q > 0.0 and abs(k) < 0.25 * s:
        # T atan(z) / z with T = num / q and z^2 = 0.04 F T^2 = k / s of either sign, as a fraction:
        # error below 1e-7. One division, as they take longest.
        ss = 945.0 * s * s
        return num * (ss + k * (735.0 * s + 64.0 * k)) / (q * (ss + k * (1050.0 * s + 225.0 * k)))
    r = math.sqrt(0.04 * abs(F))
    if F > 0.0:
        return math.atan2(r * num, q) / r
    if q <= 0.0 or r * num >= q:  # at or below the unstable fixed point
        return math.inf
    return 0.5 * math.log((q + r * num) / (q - r * num)) / r


@jit
def _izh_relax(v, v1, u, a, b, t, f0, f1):
    """u after a time t in which v, of slopes f0 and f1, went from v to v1."""
    V = 0.5 * (v + v1) + (a * t * (v1 - v) + t * (max(f0, -400.0) - max(f1, -400.0))) * _TWELFTH
    x = a * t
    return u + x / (1.0 + x * (0.5 + x * _TWELFTH)) * (b * V - u)


@jit
def _izh_step64(v, u, a, b, J, h):
    """Same sub-step in float64, stopping at v = 30: (v, u, elapsed)."""
    w = v + 62.5
    f0 = J - u + 0.04 * w * w
    g = a * (b * v - u)
    gg = a * (b * min(f0, 400.0) - g)
    t = h
    F = J - u - t * (0.5 * g + t * gg * _SIXTH)
    D = -0.04 * h * h * F
    S = 105.0 + 10.0 * D
    den = 105.0 + D * (45.0 + D) - 0.04 * h * w * S
    v1 = 30.0
    if den > 1e-9 and D > -9.8:
        v1 = min(v + h * S * (F + 0.04 * w * w) / den, 30.0)
    if v1 >= 30.0:
        for _ in range(2):  # the mean of u depends on the crossing time
            t = min(_izh_cross(w, F), h)
            F = J - u - t * (0.5 * g + t * gg * _SIXTH)
    w1 = v1 + 62.5
    f1 = J - u - t * (g + 0.5 * t * gg) + 0.04 * w1 * w1
    return v1, _izh_relax(v, v1, u, a, b, t, f0, f1), t


@jit
def _izh_rise(v, u, a, b, J, h):
    """From below 30 mV to the crossing, which comes within h: (u, elapsed).

    In two parts, the second from where v takes off: the mean of u up to there and from there is
    known well enough.
    """
    t = min(_izh_cross(v + 62.5, J - u - 0.25 * h * a * (b * v - u)), h)
    v, u, elapsed = _izh_step64(v, u, a, b, J, 0.7 * t)
    if v >= 30.0:
        return u, elapsed
    w = v + 62.5
    f0 = J - u + 0.04 * w * w
    g = a * (b * v - u)
    gg = a * (b * min(f0, 400.0) - g)
    t -= elapsed
    F = J - u - t * (0.5 * g + t * gg * _SIXTH)
    # Not found in float64: it crossed at the very end.
    t = min(_izh_cross(w, F), h - elapsed)
    f1 = J - u - t * (g + 0.5 * t * gg) + 0.04 * 92.5 * 92.5
    return _izh_relax(v, 30.0, u, a, b, t, f0, f1), elapsed + t


@jit
def izhikevich_reset(v, u, a, b, c, d, I, theta, dt):
    """The step of a neuron that fires: up to the crossing, the reset, and the rest from there."""
    v, u, a, b, dt = float(v), float(u), float(a), float(b), float(dt)
    J = float(I) - float(theta) - 16.25
    if v >= 30.0:
        left = dt + min(v - 30.0, dt)  # 30 + time owed: see below
    else:
        u, elapsed = _izh_rise(v, u, a, b, J, dt)
        left = dt - elapsed
    v = float(c)
    u += float(d)
    if left > 0.0:
        v, u, t = _izh_step64(v, u, a, b, J, left)
        if v >= 30.0:
            # One spike per step: the second waits, and 30 + (time it is late, ms)
            # hands the unused time to the next step.
            v = 30.0 + min(max(left - t, 0.0), dt)
    return f32(v), f32(u)


# ------------------------------------------------------------------ exp, log in float32
# numpy scalars and Numba both have .view(): the same bits with and without the JIT.
# Integer arithmetic promotes to int64 under Numba; the int32 casts bring it back.
_LOG2E, _LN2H, _LN2L = f32(1.44269504088896341), f32(0.693359375), f32(-2.12194440e-4)
_MAGIC = f32(12582912.0)  # 1.5 * 2^23: adding it rounds to an integer
_E0, _E1, _E2 = f32(1.9875691500e-4), f32(1.3981999507e-3), f32(8.3334519073e-3)
_E3, _E4, _E5 = f32(4.1665795894e-2), f32(1.6666665459e-1), f32(5.0000001201e-1)
_ZMIN, _ZMAX = f32(-87.0), f32(88.0)
_I23, _I127 = np.int32(23), np.int32(127)


@inline_jit
def _exp_parts(z):
    """2^n and expm1(r), z = n ln 2 + r, z clamped to [-87, 88]."""
    z = z if z > _ZMIN else _ZMIN
    z = z if z < _ZMAX else _ZMAX
    n = (f32(z * _LOG2E) + _MAGIC) - _MAGIC  # float32 even when z is not
    r = (z - n * _LN2H) - n * _LN2L
    r2 = r * r  # Estrin: the neuron loop is bound by latency, Horner's chain is twice as long
    p = ((_E1 + _E0 * r) * r2 + (_E3 + _E2 * r)) * r2 + (_E5 + _E4 * r)
    q = r + r2 * p
    s = np.int32((np.int32(n) + _I127) << _I23).view(np.float32)
    return s, q


@inline_jit
def fast_exp(z):
    s, q = _exp_parts(z)
    return s + s * q


@inline_jit
def shunted_izhikevich_update(v, u, g_exc, g_inh, I, theta, a, b, E_inh, dt):
    """The conductance of inhibition acts first, exactly; the rest as in `izhikevich_update`."""
    v = E_inh + (v - E_inh) * fast_exp(-g_inh * dt)
    return izhikevich_update(v, u, a, b, I + g_exc, theta, dt)


@jit
def shunted_izhikevich_reset(v, u, g_exc, g_inh, I, theta, a, b, c, d, E_inh, dt):
    """The step of a neuron that fires."""
    v = E_inh + (v - E_inh) * fast_exp(-g_inh * dt)
    return izhikevich_reset(v, u, a, b, c, d, I + g_exc, theta, dt)


@inline_jit
def one_minus_exp(x):
    """1 - exp(-x), full relative precision also for small x."""
    s, q = _exp_parts(-x)
    return (_1 - s) - s * q


_SQRTH = np.int32(0x3F3504F3)  # bits of sqrt(1/2)
_MANT = np.int32(0x7FFFFF)
_L0, _L1, _L2 = f32(7.0376836292e-2), f32(-1.1514610310e-1), f32(1.1676998740e-1)
_L3, _L4, _L5 = f32(-1.2420140846e-1), f32(1.4249322787e-1), f32(-1.6668057665e-1)
_L6, _L7, _L8 = f32(2.0000714765e-1), f32(-2.4999993993e-1), f32(3.3333331174e-1)


@inline_jit
def fast_log(y):
    """log(y) for a normal y > 0."""
    i = np.int32(f32(y).view(np.int32) - _SQRTH)
    n = f32(np.int32(i >> _I23))
    x = np.int32(np.int32(i & _MANT) + _SQRTH).view(np.float32) - _1
    z = x * x
    x3 = x * z
    p = ((_L0 * z + (_L1 * x + _L2)) * x3 + (_L3 * z + (_L4 * x + _L5))) * x3 + (
        _L6 * z + (_L7 * x + _L8)
    )
    return ((x3 * p + n * _LN2L) - _05 * z) + x + n * _LN2H


# ------------------------------------------------------------------ conductance LIF
_6, _9, _36, _60 = f32(6.0), f32(9.0), f32(36.0), f32(60.0)


_FASTEST = np.float32(1e6)


@inline_jit
def lif_update(
    v, g_exc, g_inh, I, theta, since_spike, dt, tau_m, E_L, E_exc, E_inh, v_th, v_reset, t_ref
):
    """One step of tau_m v' = (E_L - v) + g_exc (E_exc - v) + g_inh (E_inh - v) + I.

    Exponential Euler: the distance from equilibrium shrinks by exp(-x), x = (1 + g) dt / tau_m, to
    1e-9 at x = 0.1 and 5e-5 at x = 1; it never changes sign, however large x. v is held at v_reset
    while since_spike < t_ref.
    """
    # Relative to v: no big cancelling terms, and v is untouched at its equilibrium.
    f = (E_L - v) + g_exc * (E_exc - v) + g_inh * (E_inh - v) + I
    # Beyond any x that matters; the cube of a larger one overflows.
    k = min(dt / tau_m, _FASTEST)
    x = (_1 + g_exc + g_inh) * k
    # (1 - exp(-x)) / x by the (2, 3) Pade approximant of exp(-x), which is positive for all x.
    v1 = v + f * k * (_60 + x * (_6 + x)) / (_60 + x * (_36 + x * (_9 + x)))
    held = since_spike < t_ref
    v1 = v_reset if held else v1
    return v1, (v1 >= v_th + theta) & (not held)


@inline_jit
def lif_reset(v_reset):
    """Back to v_reset."""
    return v_reset


# ------------------------------------------------------------------ current LIF
@inline_jit
def current_lif_update(v, I, theta, since_spike, dt, tau_m, E_L, v_th, v_reset, t_ref):
    """Exact for a current constant over the step. Held at v_reset while since_spike < t_ref."""
    v1 = v + ((E_L - v) + I) * one_minus_exp(dt / tau_m)
    held = since_spike < t_ref
    v1 = v_reset if held else v1
    return v1, (v1 >= v_th + theta) & (not held)


@inline_jit
def current_lif_reset(v_reset):
    """Back to v_reset."""
    return v_reset


# ------------------------------------------------------------------ AdEx
ADEX_H = 0.25  # longest sub-step of the hot path (ms)
_AHMAX = f32(ADEX_H * 1.001)


@inline_jit
def _adex_sub(v, w, J, kw, kl, hl, E_L, v_T, Delta_T, a, v_peak, i_gL, i_D):
    """Strang: w half, leak + I - w half (exact), exp term (exact: it is v - D log(1 - s), with
    its own blow-up), leak half, w half.  Every part is exact, so nothing can go unstable."""
    w = w + kw * (a * (v - E_L) - w)
    vi = J - w * i_gL
    v1 = v + kl * (vi - v)
    y = _1 - hl * fast_exp((v1 - v_T) * i_D)
    pole = y <= _TINY
    v1 = v1 - Delta_T * fast_log(_1 if pole else y)
    x = pole | (v1 >= v_peak)
    v1 = v1 + kl * (vi - v1)
    x = x | (v1 >= v_peak)
    v1 = v_peak if x else v1
    w = w + kw * (a * (v1 - E_L) - w)
    return v1, w, x


@inline_jit
def adex_update1(v, w, I, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, v_peak):
    i_gL = _1 / g_L
    hl = dt * g_L / C
    kw = _decay_coef(_05 * dt / tau_w)
    v1, w1, x = _adex_sub(
        v,
        w,
        E_L + I * i_gL,
        kw,
        _decay_coef(_05 * hl),
        hl,
        E_L,
        v_T,
        Delta_T,
        a,
        v_peak,
        i_gL,
        _1 / Delta_T,
    )
    return v1, w1, x | (v >= v_peak)


@inline_jit
def adex_updaten(v, w, I, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, v_peak, h):
    i_gL = _1 / g_L
    hl = h * g_L / C
    kw = _decay_coef(_05 * h / tau_w)
    kl = _decay_coef(_05 * hl)
    J = E_L + I * i_gL
    i_D = _1 / Delta_T
    v1, w1, x = _adex_sub(v, w, J, kw, kl, hl, E_L, v_T, Delta_T, a, v_peak, i_gL, i_D)
    v2, w2, y = _adex_sub(v1, w1, J, kw, kl, hl, E_L, v_T, Delta_T, a, v_peak, i_gL, i_D)
    return v2, w2, x | y | (v >= v_peak)


@inline_jit
def adex_update(v, w, I, theta, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, v_peak):
    if dt <= _AHMAX:
        return adex_update1(v, w, I - theta, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, v_peak)
    return adex_updaten(v, w, I - theta, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, v_peak, _05 * dt)


@jit
def _adex_step64(v, w, J, h, tau, i_gL, E_L, v_T, Delta_T, a, tau_w, v_peak):
    """The same sub-step in float64, stopping at v_peak: (v, w, elapsed)."""
    t = h
    hit = False
    v1 = v
    wm = w
    # The crossing time solves one equation for t; the exp term carries nearly all of the rise,
    # so fixing the slow parts at the last t converges in a few rounds.
    for i in range(4):
        wm = w - math.expm1(-0.5 * t / tau_w) * (a * (v - E_L) - w)
        vi = J - wm * i_gL
        el = math.exp(-0.5 * t / tau)
        va = vi + (v - vi) * el
        vb = vi + (v_peak - vi) / el  # where the exp part must end to reach v_peak
        if va >= vb:
            tn = 0.0
        else:
            tn = tau * (
                math.exp(min((v_T - va) / Delta_T, 700.0))
                - math.exp(min((v_T - vb) / Delta_T, 700.0))
            )
        if not hit:
            if tn > t:
                y = 1.0 - t / tau * math.exp((va - v_T) / Delta_T)
                vc = va - Delta_T * math.log(max(y, 1e-300))
                v1 = min(vi + (vc - vi) * el, v_peak - 1e-6)
                break
            hit = True
        t = min(max(tn, 0.0), h)
    v2 = v1
    if hit:
        # v_peak lasts no time: w must see the mean of v on the way up (log blow-up), of which
        # the first half step used v.
        v1 = v_peak
        # So that their products with potentials are finite.
        y0 = math.exp(min((v_T - va) / Delta_T, 600.0))
        y1 = math.exp(min((v_T - vb) / Delta_T, 600.0))
        v2 = v1
        if y0 > 1.001 * y1:
            v2 = 2.0 * ((y0 * va - y1 * vb) / (y0 - y1) + Delta_T) - v
    wm = wm - math.expm1(-0.5 * t / tau_w) * (a * (v2 - E_L) - wm)
    return v1, wm, t


@jit
def _reset_substep(dt):
    """Longest sub-step of AdEx around a spike, ms."""
    return max(0.05, 0.25 * dt)


@jit
def adex_reset(v, w, I, theta, dt, C, g_L, E_L, v_T, Delta_T, a, tau_w, b, v_r, v_peak):
    v, w, dt, E_L, v_T, Delta_T = (
        float(v),
        float(w),
        float(dt),
        float(E_L),
        float(v_T),
        float(Delta_T),
    )
    a, tau_w, b, v_r, v_peak = float(a), float(tau_w), float(b), float(v_r), float(v_peak)
    tau = float(C) / float(g_L)
    i_gL = 1.0 / float(g_L)
    J = E_L + (float(I) - float(theta)) * i_gL
    longest = _reset_substep(dt)
    left = dt
    if v >= v_peak:
        left = dt + min(v - v_peak, dt)  # v_peak + time owed, as for Izhikevich
    else:
        n = math.ceil(dt / longest - 1e-3)
        h = dt / n
        for i in range(n):
            v, w, t = _adex_step64(v, w, J, h, tau, i_gL, E_L, v_T, Delta_T, a, tau_w, v_peak)
            left -= t
            if v >= v_peak:
                break
        left = max(left, 0.0)
    v = v_r
    w += b
    if left > 0.0:
        n = max(math.ceil(left / longest - 1e-3), 1)
        h = left / n
        for i in range(n):
            v, w, t = _adex_step64(v, w, J, h, tau, i_gL, E_L, v_T, Delta_T, a, tau_w, v_peak)
            left -= t
            if v >= v_peak:
                v = v_peak + min(max(left, 0.0), dt)
                break
    return f32(v), f32(w)
