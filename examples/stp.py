"""Short-term plasticity
=====================

A depressing and a facilitating synapse (Markram, Wang & Tsodyks 1998).

Two synapses of the same weight hear the same spikes: ten at 20 Hz, and one half a second later.
The claims: the charge of every spike is that of the published recursion,

::

    R <- 1 - (1 - R (1 - u)) exp(-t / tau_rec),  u <- U + u (1 - U) exp(-t / tau_facil),

within 0.1 %; the depressing synapse ends the train below 40 % of its first response, and in the
steady state it transmits less charge per spike the more spikes there are, so that the current above
20 Hz hardly depends on the rate (1/f law: less than 10 % between 20 and 100 Hz); the facilitating
one triples its response in the train and has an optimal rate. doi:10.1073/pnas.95.9.5323

::

    python examples/stp.py [--output picture.png]
"""

from pathlib import Path

import numpy as np

from engram import Brain, CurrentLIF, RegionType, Relay, ShortTermPlasticity

SYNAPSES = {
    "depressing": ShortTermPlasticity(U=0.5, tau_rec=800.0, tau_facil=0.0),
    "facilitating": ShortTermPlasticity(U=0.05, tau_rec=130.0, tau_facil=530.0),
}
TAU_EXC = 3.0
WEIGHT = 10.0
"""The first response: a jump of the synaptic current, mV."""


def released(stp: ShortTermPlasticity, times: np.ndarray) -> np.ndarray:
    """The charge of each spike relative to the first, by the recursion."""
    R, u, out = 1.0, stp.U, []
    for gap in np.append(np.diff(times), 0.0):
        out.append(R * u / stp.U)
        R = 1.0 - (1.0 - R * (1.0 - u)) * np.exp(-gap / stp.tau_rec)
        facil = np.exp(-gap / stp.tau_facil) if stp.tau_facil > 0 else 0.0
        u = stp.U + u * (1.0 - stp.U) * facil
    return np.array(out)


def hear(times: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Time, and by synapse the membrane potential and the charge of each of the spikes."""
    brain = Brain(dt=1.0, seed=1)
    brain.freeze_structural_plasticity()
    alone = {"connectivity": 0.0, "rule": None, "excitatory": 1.0}
    brain.add_region("axon", RegionType.SENSORY, 1, model=Relay, **alone)
    recorders = {}
    for name, stp in SYNAPSES.items():
        # No spikes: a threshold out of reach.
        cell = CurrentLIF(tau_exc=TAU_EXC, v_th=1000.0)
        brain.add_region(name, RegionType.ASSOCIATION, 1, model=cell, **alone)
        brain.connect_regions(
            "axon", name, wiring="all_to_all", weights=WEIGHT, delays=1.0, rule=None, stp=stp
        )
        recorders[name] = (brain.record("exc", name), brain.record("v", name))
    spikes = set(times.astype(int).tolist())
    last = int(times[-1])

    def stimulus(brain: Brain, step: int) -> None:
        if step in spikes:
            brain.inject_current("axon", [0], 1.0)

    brain.run(last + 150, stimulus)
    jumps, potentials = {}, {}
    decay = np.exp(-brain.dt / TAU_EXC)
    for name, (current, potential) in recorders.items():
        exc = np.append(0.0, current.values[:, 0])
        # What arrived in each step; a spike of step t arrives in step t + 1.
        arrived = exc[1:] - decay * exc[:-1]
        charge = arrived[times.astype(int) + 1]
        others = np.delete(arrived, times.astype(int) + 1)
        assert np.abs(others).max() < 1e-4 * WEIGHT, "charge without a spike"
        jumps[name] = charge / charge[0]
        potentials[name] = potential.values[:, 0]
    return recorders["depressing"][1].times, potentials, jumps


def main(output: Path | None = None) -> None:
    train = 100.0 + 50.0 * np.arange(10)
    times = np.append(train, train[-1] + 500.0)
    clock, potentials, jumps = hear(times)
    for name, stp in SYNAPSES.items():
        np.testing.assert_allclose(jumps[name], released(stp, times), rtol=1e-3)
        print(f"{name}: " + ", ".join(f"{j:.2f}" for j in jumps[name]))
    assert jumps["depressing"][9] < 0.4, "it does not depress"
    assert jumps["depressing"][10] > jumps["depressing"][9], "it does not recover"
    assert jumps["facilitating"][9] > 3.0, "it does not facilitate"

    rates = np.array([1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100])
    steady: dict[str, list[float]] = {name: [] for name in SYNAPSES}
    for rate in rates:
        regular = np.arange(0.0, max(3000.0, 3.5 * 1000 / rate), 1000 / rate)
        for name, jump in hear(regular)[2].items():
            steady[name].append(jump[-1])
            expected = released(SYNAPSES[name], regular)[-1]
            assert abs(jump[-1] - expected) < 1e-3 * expected
    current = np.array(steady["depressing"]) * rates
    spread = np.ptp(current[rates >= 20]) / current[rates >= 20].mean()
    best = int(rates[np.argmax(steady["facilitating"])])
    print(
        f"depressing, steady current between 20 and 100 Hz: constant within {100 * spread:.0f} %\n"
        f"facilitating, strongest at {best} Hz"
    )
    assert spread < 0.1, "no 1/f law"
    assert rates[0] < best < rates[-1], "no optimal rate"

    if output is not None:
        import matplotlib.pyplot as plt

        from engram import plots

        figure = plt.figure(figsize=(10.0, 4.6), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=(1.5, 1))
        first = None
        for row, (name, color) in enumerate(zip(SYNAPSES, plots.COLORS, strict=False)):
            ax = plots.style(figure.add_subplot(grid[row, 0], sharex=first))
            first = first or ax
            ax.plot(clock, potentials[name], color=color, linewidth=1.2)
            low, high = ax.get_ylim()
            ax.set_ylim(low - 0.12 * (high - low), high)
            ax.plot(times, np.full(len(times), low - 0.05 * (high - low)), "|", color=plots.INK)
            ax.set_ylabel("membrane\npotential (mV)")
            plots.title(ax, f"{name.capitalize()} synapse")
            ax.set_xlim(clock[0], clock[-1])
            if row == 0:
                ax.tick_params(labelbottom=False)
            else:
                ax.set_xlabel("time (ms); bars: spikes")
        ax = plots.style(figure.add_subplot(grid[:, 1]))
        for name, color in zip(SYNAPSES, plots.COLORS, strict=False):
            ax.plot(rates, steady[name], "o-", color=color, markersize=4, label=name)
        bound = current[-1] / rates
        ax.plot(rates[4:], bound[4:], ":", color=plots.INK, linewidth=1.2, label="1/f")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
        ax.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
        ax.minorticks_off()
        ax.set_xlabel("rate (Hz)")
        ax.set_ylabel("steady response (in first responses)")
        plots.title(ax, "Steady state")
        ax.legend(frameon=False, fontsize=9, loc="lower left")
        figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
