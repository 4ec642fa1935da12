"""Peer benchmark: the speed workloads in NEST (one thread)."""

import argparse
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nest
import numpy as np
import peer_common as pc


def user_seconds() -> float:
    """Return the user CPU seconds of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def peak_mib() -> float:
    """Return the peak resident memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM line")


def connect_fixed(group: Any, spec: dict[str, Any], plastic: dict[str, Any]) -> None:
    """Connect with a fixed out-degree: no self or double contacts, inhibition onto E only."""
    exc = group[: spec["n_exc"]]
    rule = {
        "rule": "fixed_outdegree",
        "outdegree": spec["n_syn"],
        "allow_autapses": False,
        "allow_multapses": False,
    }
    nest.Connect(exc, group, rule, {"weight": spec["w_exc"], **plastic})
    nest.Connect(group[spec["n_exc"] :], exc, rule, {"weight": spec["w_inh"], "delay": 1.0})


def coba(_method: str) -> dict[str, Any]:
    """W1: conductance-based network, no external input after the initial state."""
    p = pc.COBA
    nest.resolution = p["dt"]
    group = nest.Create(
        "iaf_cond_exp",
        p["n_exc"] + p["n_inh"],
        {
            "C_m": p["c_m"],
            "g_L": p["g_l"],
            "E_L": p["e_l"],
            "V_th": p["v_th"],
            "V_reset": p["v_reset"],
            "t_ref": p["t_ref"],
            "E_ex": p["e_e"],
            "E_in": p["e_i"],
            "tau_syn_ex": p["tau_e"],
            "tau_syn_in": p["tau_i"],
        },
    )
    v, g_e, g_i = pc.coba_initial_state(np.random.default_rng(pc.NETWORK_SEED))
    group.V_m, group.g_ex, group.g_in = v.tolist(), g_e.tolist(), g_i.tolist()
    rule = {"rule": "pairwise_bernoulli", "p": p["p"]}
    for half, weight in ((group[: p["n_exc"]], p["w_e"]), (group[p["n_exc"] :], -p["w_i"])):
        nest.Connect(half, group, rule, {"weight": weight, "delay": p["dt"]})
    return {"group": group}


def izhikevich(n: int, **params: Any) -> Any:
    """Return Izhikevich neurons with the papers' two half steps of 0.5 ms."""
    nest.resolution = 1.0
    group = nest.Create("izhikevich", n, {"consistent_integration": False, "V_th": 30.0})
    group.set(**{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in params.items()})
    return group


def izhi2003(_method: str) -> dict[str, Any]:
    """W2: all-to-all static network with thalamic noise."""
    p = pc.IZHI2003
    n_e = p["n_exc"]
    a, b, c, d = pc.izhi2003_parameters(np.random.default_rng(pc.NETWORK_SEED))
    group = izhikevich(n_e + p["n_inh"], a=a, b=b, c=c, d=d, V_m=-65.0, U_m=-65.0 * b)
    exc, inh = group[:n_e], group[n_e:]
    uniform = nest.random.uniform
    nest.Connect(exc, group, "all_to_all", {"weight": uniform(0.0, 0.5), "delay": 1.0})
    nest.Connect(inh, group, "all_to_all", {"weight": uniform(-1.0, 0.0), "delay": 1.0})
    for half, std in ((exc, p["noise_exc"]), (inh, p["noise_inh"])):
        noise = nest.Create("noise_generator", params={"std": std, "dt": 1.0})
        nest.Connect(noise, half, syn_spec={"delay": 1.0})
    return {"group": group}


def rs_fs(spec: dict[str, Any]) -> Any:
    """Return regular-spiking and fast-spiking neurons."""
    a, d = pc.rs_fs_parameters(spec)
    n = spec["n_exc"] + spec["n_inh"]
    return izhikevich(n, a=a, d=d, b=0.2, c=-65.0, V_m=-65.0, U_m=-13.0, tau_minus=spec["tau"])


def izhi2006(_method: str) -> dict[str, Any]:
    """W3: delayed plastic network; the delay counts as dendritic in the plasticity."""
    p = pc.IZHI2006
    group = rs_fs(p)
    nest.CopyModel(
        "stdp_synapse_hom",
        "plastic",
        {
            "lambda": p["a_plus"] / p["w_max"],
            "alpha": p["a_minus"] / p["a_plus"],
            "mu_plus": 0.0,
            "mu_minus": 0.0,
            "tau_plus": p["tau"],
            "Wmax": p["w_max"],
        },
    )
    delay = 1.0 + nest.random.uniform_int(p["max_delay"])
    connect_fixed(group, p, {"synapse_model": "plastic", "delay": delay})
    thalamus = nest.Create("poisson_generator", params={"rate": p["input_rate"]})
    nest.Connect(thalamus, group, syn_spec={"weight": p["input"], "delay": 1.0})
    return {"group": group, "plastic": "plastic"}


def izhi2007(method: str, total: float) -> dict[str, Any]:
    """W5: dopamine-modulated STDP; method gives the delivery interval of dopamine."""
    p = pc.IZHI2007
    group = rs_fs(p)
    times = pc.pulse_times(total * 1000, np.random.default_rng(pc.NETWORK_SEED))
    interval = int(method.split()[-2])
    volume = nest.Create("volume_transmitter", params={"deliver_interval": interval})
    # A dopamine spike adds 1 / tau_n to n, so c takes up the rest of the scale.
    scale = p["pulse"] * p["tau_d"] / p["tau_s"]
    nest.CopyModel(
        "stdp_dopamine_synapse",
        "plastic",
        {
            "volume_transmitter": volume,
            "A_plus": p["a_plus"] * scale,
            "A_minus": p["a_minus"] * scale,
            "tau_plus": p["tau"],
            "tau_c": p["tau_c"],
            "tau_n": p["tau_d"],
            "b": 0.0,
            "Wmin": 0.0,
            "Wmax": p["w_max"],
        },
    )
    connect_fixed(group, p, {"synapse_model": "plastic", "delay": 1.0})
    pulses = nest.Create("spike_generator", params={"spike_times": times})
    dopamine = nest.Create("parrot_neuron")
    nest.Connect(pulses, dopamine, syn_spec={"delay": 1.0})
    nest.Connect(dopamine, volume, syn_spec={"delay": 1.0})
    noise = nest.Create("noise_generator", params={"std": p["noise"], "dt": 1.0})
    nest.Connect(noise, group, syn_spec={"delay": 1.0})
    return {"group": group, "plastic": "plastic"}


BUILDERS: dict[str, tuple[Callable[..., dict[str, Any]], tuple[str, ...]]] = {
    "W1": (coba, ("adaptive Runge-Kutta-Fehlberg 4(5)",)),
    "W2": (izhi2003, ("two half steps",)),
    "W3": (izhi2006, ("stdp_synapse_hom",)),
    "W5": (izhi2007, ("dopamine every 1 ms", "dopamine every 100 ms")),
}


def run_once(workload: str, method: str, args: argparse.Namespace, inspect: bool) -> dict[str, Any]:
    """Build and simulate one network; return its measurements."""
    nest.ResetKernel()
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    nest.local_num_threads = 1
    nest.rng_seed = pc.SEED
    builder, _ = BUILDERS[workload]
    start = user_seconds()
    net = builder(method, args.warmup + args.seconds) if workload == "W5" else builder(method)
    nest.Prepare()
    nest.Run(args.warmup * 1000)
    setup = user_seconds() - start
    start = user_seconds()
    nest.Run(args.seconds * 1000)
    out = {
        "cpu": (user_seconds() - start) / args.seconds,
        "setup": setup,
        "n": len(net["group"]),
        "rate": nest.local_spike_counter / args.seconds / len(net["group"]),
    }
    nest.Cleanup()
    out["peak"] = peak_mib()
    if not inspect:
        return out
    between = nest.GetConnections(net["group"], net["group"])
    out["n_synapses"] = len(between)
    if "plastic" in net:
        plastic = nest.GetConnections(synapse_model=net["plastic"])
        out["weight"] = float(np.mean(plastic.get("weight")))
    return out


def measure(workload: str, method: str, args: argparse.Namespace) -> dict[str, Any]:
    """Simulate one network several times and return the record."""
    runs = []
    for index in range(args.repeats):
        runs.append(run_once(workload, method, args, inspect=index == args.repeats - 1))
    cpu = [run["cpu"] for run in runs]
    last = runs[-1]
    record = {
        "workload": workload,
        "peer": "NEST",
        "version": nest.__version__,
        "method": method,
        "n_neurons": last["n"],
        "n_synapses": last["n_synapses"],
        "simulated_s": args.seconds,
        "warmup_s": args.warmup,
        "cpu_s_per_simulated_s": pc.median(cpu),
        "cpu_s_repeats": [round(c, 4) for c in cpu],
        "rate_hz": pc.median([run["rate"] for run in runs]),
        "peak_rss_mb": round(runs[0]["peak"], 1),
        "compile_s": 0.0,
        "setup_s": pc.median([run["setup"] for run in runs]),
    }
    if "weight" in last:
        record["mean_plastic_weight"] = round(last["weight"], 3)
    return record


def main() -> None:
    """Measure the workloads asked for."""
    args = pc.parse_arguments("NEST")
    nest.verbosity = nest.VerbosityLevel.ERROR
    for workload in pc.WORKLOADS if args.workload == "all" else (args.workload,):
        for method in BUILDERS[workload][1]:
            pc.store(args.out, measure(workload, method, args))


if __name__ == "__main__":
    main()
