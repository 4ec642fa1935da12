"""The distribution is engram-brain, and not published yet: what says how to install it knows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engram.errors import MissingExtraError

ROOT = Path(__file__).parents[2]
PARTS = (
    "src",
    "docs",
    "examples",
    "tests",
    "benchmarks",
    "tools",
    ".ci",
    "Makefile",
    "pyproject.toml",
)
WRITTEN = {".py", ".md", ".toml", ".txt", ".ipynb", ""}
INSTALL = re.compile(r"""\b(install|uv add)(\s+-{1,2}[\w-]+)*\s+["'`]?engram\b""")
WITH_EXTRA = re.compile(r"""(?<![\w-])engram\[""")


def written() -> list[Path]:
    """All that people read."""
    parts = [ROOT / part for part in PARTS] + list(ROOT.glob("*.md"))
    found = [p for part in parts for p in ([part] if part.is_file() else part.rglob("*"))]
    return [p for p in found if p.is_file() and p.suffix in WRITTEN and p != Path(__file__)]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_distribution_has_its_own_name():
    assert project()["name"] == "engram-brain"


def test_extras_that_hold_others_use_that_name():
    extras = project()["optional-dependencies"]
    needed = [line for lines in extras.values() for line in lines if line.startswith("engram")]
    assert needed
    assert all(line.startswith("engram-brain[") for line in needed)
    for line in needed:
        names = re.search(r"\[(.*)\]", line)[1].split(",")
        assert set(names) <= set(extras), line


def test_nothing_says_to_install_what_is_not_there():
    files = written()
    assert len(files) > 100
    for path in files:
        text = path.read_text(errors="ignore")
        for wrong in (INSTALL, WITH_EXTRA):
            found = wrong.search(text)
            assert found is None, f"{path.relative_to(ROOT)}: {found[0]!r}"


@pytest.mark.parametrize(
    "text", ["pip install engram", 'pip install -U "engram-brain[viz]"', "uv add engram"]
)
def test_the_search_finds_what_it_should(text):
    assert INSTALL.search(text)


def test_the_search_leaves_what_is_right():
    for text in ('pip install ".[viz]"', "`pip install .` gives the command `engram`"):
        assert not INSTALL.search(text)
        assert not WITH_EXTRA.search(text)
    assert WITH_EXTRA.search("needs engram[io]")
    assert not WITH_EXTRA.search("engram-brain[io]")


def test_an_error_names_a_command_that_works():
    assert 'pip install ".[viz]"' in str(MissingExtraError("engram.plots", "matplotlib", "viz"))


def test_every_file_has_the_same_version():
    from engram import __version__

    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert newest == __version__


def test_the_recipe_for_conda_needs_what_the_package_needs():
    recipe = (ROOT / "conda" / "meta.yaml").read_text()
    for line in project()["dependencies"]:
        assert f"- {line.replace('>=', ' >=')}\n" in recipe
    scripts = (ROOT / "pyproject.toml").read_text()
    assert 'engram = "engram.cli:main"' in scripts
    assert "- engram = engram.cli:main\n" in recipe
