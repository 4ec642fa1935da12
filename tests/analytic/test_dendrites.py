"""Dendrites against closed forms of the cable equation, linear algebra and exact propagators."""

import numpy as np
import pytest
from scipy import linalg

from engram import LIF, Brain, CurrentLIF, Izhikevich, RegionType, Relay
from engram.morphology import NMDA, TEMPLATES, Branch, Morphology

S = RegionType.SENSORY
TREES = {name: tree for name, tree in TEMPLATES.items() if tree.branches}


def matrices(tree):
    """Conductances (S) and capacitances (F) of a tree's compartments, from their definition."""
    nodes = tree.compartments
    G = np.diag(nodes.area / tree.Rm)
    for i in range(1, len(nodes)):
        j, g = nodes.parent[i], nodes.axial[i]
        G[[i, j], [i, j]] += g
        G[[i, j], [j, i]] -= g
    return G, nodes.area * tree.Cm * 1e-6


# -- steady state


@pytest.mark.parametrize(("length", "diameter"), [(100.0, 2.0), (600.0, 1.0), (3000.0, 0.5)])
def test_a_sealed_cable(length, diameter):
    tree = Morphology((Branch("d", length, diameter),), Rm=17_000.0, Ri=120.0, Cm=0.9)
    lam = np.sqrt(17_000.0 / 120.0 * diameter * 1e-4 / 4)
    L, x = length * 1e-4 / lam, np.linspace(0, 1, 21)
    assert tree.electrotonic_length == pytest.approx([L])
    np.testing.assert_allclose(tree.attenuation(0, x), np.cosh(L * (1 - x)) / np.cosh(L))
    assert tree.attenuation(-1, 0.0) == 1.0
    # Delay: -d/ds of the log of cosh(q L (1 - x)) / cosh(q L) with q = sqrt(1 + s tau), s -> 0.
    far = L * (1 - x)
    delay = 0.5 * tree.tau * (L * np.tanh(L) - far * np.tanh(far))
    np.testing.assert_allclose(tree.delay(0, x), delay, atol=1e-9)
    # Input conductance: G_inf tanh L, and the soma's membrane.
    g_inf = np.pi / 2 * (diameter * 1e-4) ** 1.5 / np.sqrt(17_000.0 * 120.0)
    soma = np.pi * 20e-4**2 / 17_000.0
    assert tree.input_conductance == pytest.approx(1e9 * (g_inf * np.tanh(L) + soma))


def test_a_long_cable_delays_like_an_endless_one():
    tree = Morphology((Branch("d", 20_000.0, 1.0),))
    L = tree.electrotonic_length[0]
    x = np.linspace(0, 0.3, 7)
    np.testing.assert_allclose(tree.delay(0, x), tree.tau * L * x / 2, rtol=1e-9, atol=1e-9)
    omega = 2 * np.pi * 50.0 * tree.tau * 1e-3
    np.testing.assert_allclose(
        tree.attenuation(0, x, frequency=50.0), np.exp(-L * x * np.sqrt(1 + 1j * omega).real)
    )


def test_ralls_equivalent_cylinder():
    """Daughters with d^(3/2) adding up to their parent's make it one cylinder."""
    d = 2.0 * 0.5 ** (2 / 3)
    lam = [np.sqrt(20_000.0 * x * 1e-4 / 600.0) * 1e4 for x in (2.0, d)]
    tree = Morphology(
        (Branch("a", 0.4 * lam[0], 2.0), *(Branch("b", 0.6 * lam[1], d, 0) for _ in range(2)))
    )
    x = np.linspace(0, 1, 11)
    np.testing.assert_allclose(tree.attenuation(0, x), np.cosh(1 - 0.4 * x) / np.cosh(1))
    # One of the two daughters, seen from the soma.
    np.testing.assert_allclose(tree.attenuation(2, x), np.cosh(0.6 * (1 - x)) / np.cosh(1))


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize(("resolution", "error"), [(0.1, 2e-3), (0.02, 1e-4)])
def test_a_branched_tree_against_its_matrix(name, resolution, error):
    t = TREES[name]
    tree = Morphology(t.branches, t.soma, t.Rm, t.Ri, t.Cm, resolution)
    nodes = tree.compartments
    G, C = matrices(tree)
    Z = np.linalg.inv(G)
    np.testing.assert_allclose(
        Z[0] / Z[0, 0], tree.attenuation(nodes.branch, nodes.place), rtol=error
    )
    assert 1e9 / Z[0, 0] == pytest.approx(tree.input_conductance, rel=error)
    # Centroids: the first moments of the response.
    M = Z @ (C[:, None] * Z)
    delay = 1e3 * (M[0] / Z[0] - M[0, 0] / Z[0, 0])
    np.testing.assert_allclose(delay, tree.delay(nodes.branch, nodes.place), atol=20 * error)
    k = 2j * np.pi * 40.0
    T = np.linalg.inv(G + k * np.diag(C))
    np.testing.assert_allclose(
        np.abs(T[0] / T[0, 0]),
        tree.attenuation(nodes.branch, nodes.place, frequency=40.0),
        rtol=5 * error,
    )


# -- potentials of compartments


def one_cell_per_compartment(tree, model, dt, weight, seed=1, **options):
    """As many cells as compartments; cell k has one synapse, on compartment k, which fires once."""
    brain = Brain(dt=dt, seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    n = len(tree.compartments)
    alone = {"connectivity": 0.0, "rule": None, "excitatory": 1.0}
    brain.add_region("axon", S, 1, model=Relay, **alone)
    cells = brain.add_region("cells", S, n, model=model, variation=0.0, noise=0.0, **alone)
    cells.enable_morphology(tree, dynamics="compartments", **options)
    p = brain.connect_regions(
        "axon", "cells", wiring="all_to_all", weights=weight, delays=1.0, rule=None
    )
    p.compartment = p.post
    return brain, cells


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_responses_to_a_synapse_against_the_exact_solution(name, dt):
    tree, weight, tau = TREES[name], 10.0, 5.0
    brain, cells = one_cell_per_compartment(
        tree, CurrentLIF(v_th=1e6, tau_exc=tau, tau_m=tree.tau), dt, weight
    )
    brain.inject_current("axon", [0], 1.0)
    brain.run(round(1 / dt))
    n = len(tree.compartments)
    got = [np.zeros((n, n))]
    for _ in range(round(60 / dt)):
        brain.step()
        got.append(cells.dendrite_v - cells.model.E_L)
    # C V' = -G V + b w exp(-t / tau): one linear system, compartments without membrane eliminated.
    G, C = matrices(tree)
    on = C > 0
    inner = np.linalg.solve(G[np.ix_(~on, ~on)], G[np.ix_(~on, on)])
    A = (G[np.ix_(on, on)] - G[np.ix_(on, ~on)] @ inner) / C[on, None]
    g_cell = tree.compartments.area.sum() / tree.Rm
    m = int(on.sum())
    system = np.zeros((2 * m, 2 * m))
    system[:m, :m], system[:m, m:] = -A * 1e-3, np.diag(weight * g_cell / C[on] * 1e-3)
    system[m:, m:] = -np.eye(m) / tau
    step = linalg.expm(system * dt)
    # Column k: a synapse on compartment k.
    state = np.vstack([np.zeros((m, m)), np.eye(m)])
    worst = 0.0
    expected = []
    for _ in range(len(got)):
        expected.append(state[:m])
        state = step @ state
    got, expected = np.array(got)[:, on][:, :, on], np.array(expected)
    peak = expected.max(axis=0)
    worst = (np.abs(got - expected).max(axis=0) / peak).max(axis=1)
    assert worst[0] < 0.02, "the somata"
    height = np.abs(got.max(axis=0) / peak - 1)
    assert height[0].max() < 0.02
    # Where the synapse is, the first step of 1 ms blurs the onset; the soma is what counts.
    assert height.max() < (0.02 if dt < 0.5 else 0.05)


@pytest.mark.parametrize("name", TREES)
def test_steady_currents_attenuate_as_the_cable_says(name):
    tree = TREES[name]
    brain, cells = one_cell_per_compartment(
        tree, CurrentLIF(v_th=1e6, tau_exc=1e7, tau_m=tree.tau), 1.0, 1.0
    )
    brain.inject_current("axon", [0], 1.0)
    brain.run(600)
    nodes = tree.compartments
    soma = cells.dendrite_v[0] - cells.model.E_L
    A = tree.attenuation(nodes.branch, nodes.place)
    np.testing.assert_allclose(soma / soma[0], A, rtol=3e-3)
    g_cell = 1e9 * nodes.area.sum() / tree.Rm
    assert soma[0] == pytest.approx(g_cell / tree.input_conductance, rel=2e-3)


def test_conductances_shunt_as_they_do_in_the_matrix():
    tree = TREES["interneuron"]
    g, nodes = 0.3, tree.compartments
    brain, cells = one_cell_per_compartment(
        tree, LIF(v_th=1e6, tau_exc=1e7, tau_m=tree.tau), 1.0, g
    )
    brain.inject_current("axon", [0], 1.0)
    brain.run(600)
    G, _ = matrices(tree)
    g_cell = nodes.area.sum() / tree.Rm
    got = cells.dendrite_v - cells.model.E_L
    for k in range(len(nodes)):
        b = np.zeros(len(nodes))
        b[k] = g * g_cell
        v = np.linalg.solve(G + np.diag(b), b * (cells.model.E_exc - cells.model.E_L))
        np.testing.assert_allclose(got[:, k], v, rtol=2e-3)


def driven(kind, dendrites, currents, dt, duration):
    """Cells with constant currents: potentials after each ms, spike counts."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    n = len(currents)
    cells = brain.add_region(
        "cells", S, n, 0.0, model=kind, variation=0.0, noise=0.0, excitatory=1.0, rule=None
    )
    if dendrites:
        cells.enable_morphology(dendrites, dynamics="compartments")
    if kind is Izhikevich:
        # Its initial state is 5 mV above its rest, where dendrites begin.
        cells.v[:], cells.u[:] = -70.0, -14.0
    potentials = []
    for _ in range(duration):
        brain.run(round(1 / dt), lambda b, _: b.inject_current("cells", np.arange(n), currents))
        potentials.append(cells.v.copy())
    return np.array(potentials), cells.total_spikes.copy()


@pytest.mark.parametrize("kind", [LIF, CurrentLIF, Izhikevich])
def test_without_axial_resistance_it_is_the_point_neuron(kind):
    tight = Morphology(TEMPLATES["pyramidal"].branches, Ri=1.0)
    quiet, strong = np.array([-5.0, 0.0, 1.0, 2.0]), np.linspace(6, 41, 8)
    point = driven(kind, None, quiet, 0.1, 20)[0]
    coarse, fine = (np.abs(driven(kind, tight, quiet, dt, 20)[0] - point) for dt in (0.1, 0.02))
    assert coarse.max() < 0.3
    # The error is that of the step, of first order in dt; 0.01 mV is what Ri = 1 leaves.
    assert fine.max() < max(0.3 * coarse.max(), 0.01)
    counts = [driven(kind, d, strong, 0.1, 500)[1] for d in (None, tight)]
    assert counts[0].max() > 30
    # Parts of a step after a spike are not made up for: at most one of 20, and one at the end.
    assert (np.abs(counts[1] - counts[0]) <= 1 + 0.05 * counts[0]).all(), counts


def test_a_coarse_step_costs_few_spikes():
    """Izhikevich's neuron with dendrites: dt = 1 against dt = 0.1."""
    coarse, fine = (
        driven(Izhikevich, "pyramidal", np.linspace(0, 30, 7), dt, 500)[1] for dt in (1.0, 0.1)
    )
    assert fine.max() > 20
    assert (np.abs(coarse - fine) <= 1 + 0.05 * fine).all(), (coarse, fine)


# -- NMDA receptors


def test_the_block_is_jahr_and_stevens():
    """A steady NMDA conductance on an isopotential cell settles where the currents balance."""
    tight = Morphology((Branch("d", 100.0, 1.0),), Ri=1e-3)
    g, nmda = 0.8, NMDA(ratio=1.0, tau=1e7)
    for Mg in (0.0, 1.0, 2.0):
        brain, cells = one_cell_per_compartment(
            tight,
            LIF(v_th=1e6, tau_exc=1e-3, tau_m=tight.tau),
            1.0,
            g,
            nmda=NMDA(nmda.ratio, nmda.tau, Mg),
        )
        brain.inject_current("axon", [0], 1.0)
        brain.run(1500)
        v = float(cells.v[1])
        B = 1 / (1 + Mg / 3.57 * np.exp(-0.062 * v))
        assert (cells.model.E_L - v) + g * B * (0 - v) == pytest.approx(0, abs=0.02)
        assert v > cells.model.E_L + (25 if Mg == 0 else 1)
    assert cells.v[0] == pytest.approx(cells.model.E_L, abs=0.02), "none on the soma"
