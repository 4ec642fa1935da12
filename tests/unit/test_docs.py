"""The documentation says what the code does: blocks run, tables agree, nothing public is bare."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import engram
from engram import modulation, neurons, plasticity
from engram.circuits.competition import Competition
from engram.mechanisms.bands import BANDS
from engram.mechanisms.critic import Critic
from engram.mechanisms.growth import Growth
from engram.mechanisms.homeostasis import Homeostasis
from engram.mechanisms.memory import Memory
from engram.mechanisms.metaplasticity import Metaplasticity
from engram.neurons import NeuronModel
from engram.parameters import Parameterized
from engram.state.schema import FIELDS
from engram.stimulus import StimulusEncoder
from engram.synapses import Neurotransmitter, ShortTermPlasticity

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
RUN = (
    "start",
    "guide",
    "classifier",
    "sweeps",
    "cluster",
    "experiments",
    "live",
    "mechanisms/own",
    "migration/brian2",
    "migration/nest",
    "migration/pynn",
    "migration/others",
    "tutorials/first_brain",
    "tutorials/own_model",
    "tutorials/reward",
    "tutorials/growth_and_sleep",
    "tutorials/agents",
)
"""Pages whose code blocks are run, beside README.md."""
SLOW = "tutorials/images", "tutorials/cluster"
"""Those that are run by `make tutorials` only: they take longer than all others together."""

CODE = r"^```(?:python|\{code-cell\} ipython3)\n(.*?)^```"
"""Code blocks, of pages and of notebooks."""

TABLES: list[tuple[str, type[Parameterized]]] = [
    *[
        ("neurons", kind)
        for kind in vars(neurons).values()
        if isinstance(kind, type) and issubclass(kind, NeuronModel)
    ],
    ("synapses", ShortTermPlasticity),
    ("stdp", plasticity.STDP),
    ("stdp", plasticity.TraceSTDP),
    ("stdp", plasticity.TripletSTDP),
    ("competition", Competition),
    ("reward_stdp", plasticity.RewardSTDP),
    *[("neuromodulation", kind) for kind in (*modulation.RELEASES.values(), Critic)],
    ("homeostasis", Homeostasis),
    ("metaplasticity", Metaplasticity),
    ("growth", Growth),
    ("memory", Memory),
    ("coding", StimulusEncoder),
]


def modules() -> list[str]:
    """Names of all modules of the package."""
    found = pkgutil.walk_packages(engram.__path__, "engram.")
    return [info.name for info in found if info.name != "engram.__main__"]


def with_examples() -> list[str]:
    """Modules whose source holds doctest examples."""
    root = Path(engram.__file__).parent
    return [
        name
        for name in modules()
        for path in [root.joinpath(*name.split(".")[1:])]
        for file in [path / "__init__.py" if path.is_dir() else path.with_suffix(".py")]
        if ">>> " in file.read_text(encoding="utf-8")
    ]


def public(kind: type) -> dict[str, object]:
    """Public methods and properties a class defines or inherits from Engram's classes."""
    found: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("engram."):
            for name, member in vars(base).items():
                callable_ = isinstance(member, (property, classmethod, staticmethod))
                if not name.startswith("_") and (callable_ or inspect.isfunction(member)):
                    found[name] = member
    return found


@pytest.mark.parametrize("name", [n for n in engram.__all__ if n != "__version__"])
def test_public_names_have_docstrings(name: str) -> None:
    thing = getattr(engram, name)
    assert inspect.getdoc(thing)
    if isinstance(thing, type):
        bare = [n for n, member in public(thing).items() if not inspect.getdoc(member)]
        # Functions of the built-in models and rules stand in the kernels, with the equations.
        assert set(bare) <= {"update", "reset", "on_pre", "on_post"}


@pytest.mark.parametrize("kind", [engram.Brain, engram.Region, engram.Projection])
def test_views_are_documented_in_full(kind: type) -> None:
    assert [n for n, member in public(kind).items() if not inspect.getdoc(member)] == []


@pytest.mark.parametrize("name", modules())
def test_modules_have_docstrings(name: str) -> None:
    path = Path(importlib.util.find_spec(name).origin)  # type: ignore[union-attr, arg-type]
    source = path.read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line.strip()]
    assert len(lines) < 2 or lines[0].startswith('"""'), f"{name}: no docstring"


@pytest.mark.parametrize("name", with_examples())
def test_examples_in_docstrings(name: str) -> None:
    # Without the module's own names: an example runs where it is pasted.
    result = doctest.testmod(importlib.import_module(name), globs={})
    assert result.failed == 0


@pytest.mark.parametrize(
    "page",
    [
        ROOT / "README.md",
        *(DOCS / f"{name}.md" for name in RUN),
        *(
            pytest.param(
                DOCS / f"{name}.md",
                marks=pytest.mark.skipif("ENGRAM_SLOW" not in os.environ, reason="make tutorials"),
            )
            for name in SLOW
        ),
    ],
    ids=lambda p: str(p.relative_to(ROOT).with_suffix("")),
)
def test_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    module = types.ModuleType(f"engram_page_{page.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    text = page.read_text(encoding="utf-8")
    if 'if __name__ == "__main__":' in text:
        module.__name__ = "__main__"
    blocks = list(re.finditer(CODE, text, re.M | re.S))
    assert blocks
    for block in blocks:
        # Line numbers of the page in tracebacks.
        padded = "\n" * text.count("\n", 0, block.start(1)) + block.group(1)
        exec(compile(padded, str(page), "exec"), module.__dict__)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def test_the_readme_shows_what_its_program_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code, shown = re.findall(r"^```(?:python|text)\n(.*?)^```", text, re.M | re.S)[:2]
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    number = r"-?\d+(?:\.\d+)?"
    assert re.sub(number, "#", printed).split() == re.sub(number, "#", shown).split()
    # On another machine the last bits may differ, and with them some spikes.
    pairs = zip(re.findall(number, printed), re.findall(number, shown), strict=True)
    assert all(float(a) == pytest.approx(float(b), rel=0.1, abs=5.0) for a, b in pairs)


def test_the_script_for_slurm_is_bash() -> None:
    text = (DOCS / "cluster.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_state_page_is_up_to_date() -> None:
    path = DOCS / "make_state.py"
    spec = importlib.util.spec_from_file_location("make_state", path)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    stored = (DOCS / "state.md").read_text(encoding="utf-8")
    assert stored == maker.page(), "run: python docs/make_state.py"
    sizes = re.findall(r"^\| (.+?) \|", maker.HEAD, re.M)
    known = {size for row in sizes for size in row.split(", ")}
    for field in FIELDS.values():
        for size in field.dims:
            assert size.removesuffix("?").removesuffix("+1") in known, f"{field.name}: {size}"


@pytest.mark.parametrize(("page", "kind"), TABLES, ids=lambda x: getattr(x, "__name__", x))
def test_parameter_tables(page: str, kind: type[Parameterized]) -> None:
    text = (DOCS / "mechanisms" / f"{page}.md").read_text(encoding="utf-8")
    if issubclass(kind, NeuronModel) and kind is not NeuronModel:
        parameters = {n: kind.parameters()[n] for n in kind.model_parameters()}
        sections = text.split("\n## ")
        text = next(s for s in sections if kind.__name__ in s.partition("\n")[0])
    else:
        parameters = kind.parameters()
    for name, p in parameters.items():
        shown = f'"{p.default}"' if isinstance(p.default, str) else str(p.default)
        assert f"| `{name}` | {shown} | {p.unit} | " in text, f"{page}.md: {kind.__name__}.{name}"


def test_other_tables() -> None:
    def page(name: str) -> str:
        return (DOCS / "mechanisms" / f"{name}.md").read_text(encoding="utf-8")

    for pattern in neurons.FiringPattern:
        row = " | ".join(f"{x:g}" for x in pattern.parameters)
        assert f"| `{pattern.name}` | {row} |" in page("neurons")
    for nt in Neurotransmitter:
        sign = "+" if nt.sign > 0 else "-"
        row = f"| `{nt.name}` | {sign} | {nt.strength:g} | {nt.modulation:g} |"
        assert row in page("synapses")
    for band, hertz in BANDS.items():
        assert f"| `{band}` | {hertz:g} |" in page("rhythms")
    templates = importlib.import_module("engram.morphology").TEMPLATES
    for name, tree in templates.items():
        row = (
            f"| `{name}` | {len(tree.branches)} | {tree.length:g} | {tree.soma:g} "
            f"| {len(tree.compartments)} | {', '.join(dict.fromkeys(tree.labels))} |"
        )
        assert row in page("morphology")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = page if not file else (page.parent / file)
        assert path.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
            slugs = [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings]
            assert anchor in slugs, f"{page.name}: {target}"
