"""Peer benchmark: the speed workloads in Brian2 (C++ standalone, one thread)."""

import argparse
import re
import resource
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any

import brian2 as b2
import numpy as np
import peer_common as pc
from brian2 import ms, mV, nS, pF, second

PROBE = """
{
    struct rusage _usage;
    getrusage(RUSAGE_SELF, &_usage);
    std::ifstream _status("/proc/self/status");
    std::string _line, _peak;
    while (std::getline(_status, _line))
        if (_line.compare(0, 6, "VmHWM:") == 0) _peak = _line.substr(6);
    std::cout << "PROBE " << _usage.ru_utime.tv_sec + 1e-6 * _usage.ru_utime.tv_usec
              << " " << SPIKES << " " << _peak << std::endl;
}
"""

# Exact integral of elig * da since the last visit; a pulse visits every synapse.
SETTLE = """
gap = t - last
w = clip(w + elig * da_post * tau_cd / tau_s * (exp(gap / tau_d) - exp(-gap / tau_c)), 0, w_max)
elig *= exp(-gap / tau_c)
last = t
"""

IZHI_STEP = """
v += 0.5 * (0.04 * v * v + 5 * v + 140 - u + I)
v += 0.5 * (0.04 * v * v + 5 * v + 140 - u + I)
u += a * (b * v - u)
I = 0
"""


def coba(method: str) -> dict[str, Any]:
    """W1: conductance-based network; method names the integrator."""
    p = pc.COBA
    b2.defaultclock.dt = p["dt"] * ms
    names = {
        "g_l": p["g_l"] * nS,
        "c_m": p["c_m"] * pF,
        "e_l": p["e_l"] * mV,
        "e_e": p["e_e"] * mV,
        "e_i": p["e_i"] * mV,
        "v_th": p["v_th"] * mV,
        "v_reset": p["v_reset"] * mV,
        "tau_e": p["tau_e"] * ms,
        "tau_i": p["tau_i"] * ms,
        "w_e": p["w_e"] * nS,
        "w_i": p["w_i"] * nS,
    }
    group = b2.NeuronGroup(
        p["n_exc"] + p["n_inh"],
        """
        dv/dt = (g_l * (e_l - v) + g_e * (e_e - v) + g_i * (e_i - v)) / c_m
            : volt (unless refractory)
        dg_e/dt = -g_e / tau_e : siemens
        dg_i/dt = -g_i / tau_i : siemens
        """,
        threshold="v > v_th",
        reset="v = v_reset",
        refractory=p["t_ref"] * ms,
        method=method,
        namespace=names,
    )
    v, g_e, g_i = pc.coba_initial_state(np.random.default_rng(pc.NETWORK_SEED))
    group.v, group.g_e, group.g_i = v * mV, g_e * nS, g_i * nS
    exc = b2.Synapses(group[: p["n_exc"]], group, on_pre="g_e += w_e", namespace=names)
    inh = b2.Synapses(group[p["n_exc"] :], group, on_pre="g_i += w_i", namespace=names)
    exc.connect(p=p["p"])
    inh.connect(p=p["p"])
    return {"group": group, "synapses": [exc, inh]}


def izhikevich_group(
    n: int, step: str, extra: str = "", reset: str = "", namespace: dict[str, Any] | None = None
) -> Any:
    """Return neurons stepped by 1 ms as in the papers (two half steps of v)."""
    b2.defaultclock.dt = 1 * ms
    group = b2.NeuronGroup(
        n,
        "v : 1\nu : 1\nI : 1\na : 1\nb : 1\nc : 1\nd : 1\n" + extra,
        threshold="v >= 30",
        reset="v = c\nu += d\n" + reset,
        namespace=namespace or {},
    )
    group.run_regularly(step, dt=1 * ms, when="groups")
    return group


def set_rs_fs(group: Any, spec: dict[str, Any]) -> None:
    """Give the group the regular-spiking and fast-spiking parameters."""
    group.a, group.d = pc.rs_fs_parameters(spec)
    group.b, group.c, group.v, group.u = 0.2, -65, -65, -13


def izhi2003(_method: str) -> dict[str, Any]:
    """W2: all-to-all static network with thalamic noise."""
    p = pc.IZHI2003
    n_e, n = p["n_exc"], p["n_exc"] + p["n_inh"]
    group = izhikevich_group(n, "I += sigma * randn()\n" + IZHI_STEP, extra="sigma : 1\n")
    rng = np.random.default_rng(pc.NETWORK_SEED)
    group.a, group.b, group.c, group.d = pc.izhi2003_parameters(rng)
    group.sigma = np.repeat([p["noise_exc"], p["noise_inh"]], [n_e, p["n_inh"]])
    group.v = -65
    group.u = "b * v"
    synapses = b2.Synapses(group, group, "w : 1", on_pre="I_post += w")
    synapses.connect()
    synapses.w = "rand() * (0.5 - 1.5 * int(i >= n_e))"
    synapses.namespace["n_e"] = n_e
    return {"group": group, "synapses": [synapses]}


def izhi2006(method: str, total: float) -> dict[str, Any]:
    """W3: delayed plastic network; method says where the traces live."""
    p = pc.IZHI2006
    n_e, n = p["n_exc"], p["n_exc"] + p["n_inh"]
    rng = np.random.default_rng(pc.NETWORK_SEED)
    names = {k: p[k] for k in ("a_plus", "a_minus", "w_max", "w_inh", "input")}
    names |= {"tau": p["tau"] * ms, "keep": float(np.exp(-1 / p["tau"]))}
    if method == "synaptic traces":
        group = izhikevich_group(n, IZHI_STEP)
        model = """
        w : 1
        dpre/dt = -pre / tau : 1 (event-driven)
        dpost/dt = -post / tau : 1 (event-driven)
        """
        on_pre = "I_post += w\npre += a_plus\nw = clip(w - post, 0, w_max)"
        on_post = "post += a_minus\nw = clip(w + pre, 0, w_max)"
    else:
        group = izhikevich_group(
            n, IZHI_STEP + "y *= keep\n", extra="y : 1\n", reset="y += a_minus", namespace=names
        )
        model = "w : 1\ndpre/dt = -pre / tau : 1 (event-driven)"
        on_pre = "I_post += w\npre += a_plus\nw = clip(w - y_post, 0, w_max)"
        on_post = "w = clip(w + pre, 0, w_max)"
    set_rs_fs(group, p)
    source, target = pc.fixed_outdegree(p, rng)
    is_exc = source < n_e
    exc = b2.Synapses(group, group, model, on_pre=on_pre, on_post=on_post, namespace=names)
    exc.connect(i=source[is_exc], j=target[is_exc])
    exc.w = p["w_exc"]
    # A delay of 0 here reaches the next step, which the 2006 program calls 1 ms.
    exc.pre.delay = rng.integers(0, p["max_delay"], int(is_exc.sum())) * ms
    inh = b2.Synapses(group, group, on_pre="I_post += w_inh", namespace=names)
    inh.connect(i=source[~is_exc], j=target[~is_exc])
    steps = round(total * 1000)
    per_step = round(n * p["input_rate"] / 1000)
    hits = np.concatenate([rng.choice(n, per_step, replace=False) for _ in range(steps)])
    source_group = b2.SpikeGeneratorGroup(n, hits, np.repeat(np.arange(steps), per_step) * ms)
    thalamus = b2.Synapses(source_group, group, on_pre="I_post += input", namespace=names)
    thalamus.connect(j="i")
    return {
        "group": group,
        "synapses": [exc, inh],
        "plastic": exc,
        "objects": [source_group, thalamus],
    }


def izhi2007(method: str, total: float) -> dict[str, Any]:
    """W5: dopamine-modulated STDP; method says how eligibility and weight advance."""
    p = pc.IZHI2007
    n_e, n = p["n_exc"], p["n_exc"] + p["n_inh"]
    rng = np.random.default_rng(pc.NETWORK_SEED)
    names = {k: p[k] for k in ("a_plus", "a_minus", "w_max", "w_inh", "noise", "noise_uniform")}
    names |= {k: p[k] * ms for k in ("tau", "tau_c", "tau_d", "tau_s")}
    names["tau_cd"] = 1 / (1 / names["tau_c"] + 1 / names["tau_d"])
    names["keep"] = float(np.exp(-1 / p["tau"]))
    names["keep_da"] = float(np.exp(-1 / p["tau_d"]))
    times = pc.pulse_times(total * 1000, rng)
    pulses = np.zeros(round(total * 1000) + 1)
    pulses[times.astype(int)] = p["pulse"]
    names["pulses"] = b2.TimedArray(pulses, dt=1 * ms)
    source, target = pc.fixed_outdegree(p, rng)
    is_exc = source < n_e
    event_driven = method.startswith("event-driven")
    uniform = method.endswith("uniform noise")
    noise = "noise_uniform * (2 * rand() - 1)" if uniform else "noise * randn()"
    step = f"I += {noise}\n" + IZHI_STEP
    extra, reset = "da : 1 (shared)\n", ""
    if event_driven:
        step += "x *= keep\ny *= keep\n"
        extra += "x : 1\ny : 1\n"
        reset = "x += a_plus\ny += a_minus"
    group = izhikevich_group(n, step, extra, reset, names)
    group.run_regularly("da = da * keep_da + pulses(t)", dt=1 * ms, when="end")
    visitors = []
    if event_driven:
        exc = b2.Synapses(
            group,
            group,
            "w : 1\nelig : 1\nlast : second",
            on_pre=SETTLE + "elig -= y_post\nI_post += w",
            on_post=SETTLE + "elig += x_pre",
            namespace=names,
        )
        exc.connect(i=source[is_exc], j=target[is_exc])
        settle_all = re.sub(r"\b(w|elig|last|da_post)\b", r"\1_post", SETTLE)
        dopamine = b2.SpikeGeneratorGroup(1, np.zeros(len(times), dtype=int), times * ms)
        visit = b2.Synapses(dopamine, exc, on_pre=settle_all, namespace=names)
        visit.connect()
        visitors = [dopamine, visit]
    else:
        exc = b2.Synapses(
            group,
            group,
            """
            dw/dt = elig * da_post / tau_s : 1 (clock-driven)
            delig/dt = -elig / tau_c : 1 (clock-driven)
            dpre/dt = -pre / tau : 1 (event-driven)
            dpost/dt = -post / tau : 1 (event-driven)
            """,
            on_pre="I_post += w\npre += a_plus\nelig -= post\nw = clip(w, 0, w_max)",
            on_post="post += a_minus\nelig += pre\nw = clip(w, 0, w_max)",
            method="euler",
            namespace=names,
        )
        exc.connect(i=source[is_exc], j=target[is_exc])
    set_rs_fs(group, p)
    exc.w = p["w_exc"]
    inh = b2.Synapses(group, group, on_pre="I_post += w_inh", namespace=names)
    inh.connect(i=source[~is_exc], j=target[~is_exc])
    return {"group": group, "synapses": [exc, inh], "plastic": exc, "objects": visitors}


BUILDERS: dict[str, tuple[Callable[..., dict[str, Any]], tuple[str, ...]]] = {
    "W1": (coba, ("euler", "exponential_euler")),
    "W2": (izhi2003, ("two half steps",)),
    "W3": (izhi2006, ("synaptic traces", "neuronal post trace")),
    "W5": (izhi2007, ("clock-driven", "event-driven", "event-driven, uniform noise")),
}


def user_seconds() -> float:
    """Return the user CPU seconds so far of this process and its finished children."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(w).ru_utime for w in who)


def compile_network(
    workload: str, method: str, args: argparse.Namespace, folder: str
) -> dict[str, Any]:
    """Generate and compile the program of one network in folder."""
    device = b2.get_device()
    b2.seed(pc.SEED)
    builder, _ = BUILDERS[workload]
    if workload in ("W3", "W5"):
        net = builder(method, args.warmup + args.seconds)
    else:
        net = builder(method)
    counter = b2.SpikeMonitor(net["group"], record=False)
    network = b2.Network(net["group"], net["synapses"], net.get("objects", []), counter)
    spikes = device.get_array_name(counter.variables["N"]) + "[0]"
    for slot in ("before_network_run", "after_network_run"):
        device.insert_code(slot, PROBE.replace("SPIKES", spikes))
    network.run(args.warmup * second)
    network.run(args.seconds * second)
    device.build(directory=folder, compile=True, run=False, with_output=False)
    return net


def run_once(folder: str) -> tuple[float, int, float]:
    """Run the program; return user seconds and spikes of the second run, and peak MiB."""
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, check=True)
    probes = [line.split() for line in done.stdout.splitlines() if line.startswith("PROBE")]
    (_, t_0, n_0, *_), (_, t_1, n_1, peak, _) = probes[2:]
    return float(t_1) - float(t_0), int(n_1) - int(n_0), int(peak) / 1024


def measure(workload: str, method: str, args: argparse.Namespace) -> dict[str, Any]:
    """Build one network, run its program several times and return the record."""
    device = b2.get_device()
    device.reinit()
    device.activate(build_on_run=False)
    with tempfile.TemporaryDirectory() as folder:
        before = user_seconds()
        net = compile_network(workload, method, args, folder)
        compile_s = user_seconds() - before
        runs = [run_once(folder) for _ in range(args.repeats)]
        device.has_been_run = True
        n = len(net["group"])
        cpu = [seconds / args.seconds for seconds, _, _ in runs]
        record = {
            "workload": workload,
            "peer": "Brian2",
            "version": b2.__version__,
            "method": method,
            "n_neurons": n,
            "n_synapses": sum(len(s) for s in net["synapses"]),
            "simulated_s": args.seconds,
            "warmup_s": args.warmup,
            "cpu_s_per_simulated_s": pc.median(cpu),
            "cpu_s_repeats": [round(c, 4) for c in cpu],
            "rate_hz": pc.median([spikes / args.seconds / n for _, spikes, _ in runs]),
            "peak_rss_mb": round(max(peak for *_, peak in runs), 1),
            "compile_s": round(compile_s, 1),
        }
        if "plastic" in net:
            record["mean_plastic_weight"] = round(float(np.mean(net["plastic"].w[:])), 3)
    return record


def main() -> None:
    """Measure the workloads asked for."""
    args = pc.parse_arguments("Brian2")
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = 0
    b2.BrianLogger.suppress_hierarchy("brian2.codegen.generators.base")
    b2.prefs.codegen.cpp.headers = ["<sys/resource.h>"]
    for workload in pc.WORKLOADS if args.workload == "all" else (args.workload,):
        for method in BUILDERS[workload][1]:
            pc.store(args.out, measure(workload, method, args))


if __name__ == "__main__":
    main()
