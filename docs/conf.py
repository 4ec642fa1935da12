"""How Sphinx makes the site: ``make docs`` (no internet is needed).

With ENGRAM_DOCS=quick nothing is run: examples and tutorials are shown without pictures and output.
That is for checks, which run their code elsewhere.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
QUICK = os.environ.get("ENGRAM_DOCS") == "quick"
sys.path.insert(0, str(DOCS))
os.environ.setdefault("MPLBACKEND", "Agg")

from sphinx.application import Sphinx  # noqa: E402

from engram._version import __version__  # noqa: E402

project = "Engram"
author = "The Engram developers"
project_copyright = author
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "_templates",
    "gallery_of_plots",
    "gallery/**.ipynb",
    "**sg_execution_times.rst",
    "**.ipynb_checkpoints",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
templates_path = ["_templates"]
default_role = "py:obj"
nitpicky = False

# -- pages

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["config.cache"]
nb_execution_mode = "off" if QUICK else "cache"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_execution_excludepatterns = ["tutorials/cluster.md"]

EXAMPLES = DOCS / "pictures" / "examples"
"""Pictures of examples that are not run here."""

FIGURES = ROOT / "benchmarks" / "figures"
"""Pictures of results: drawn here, not kept."""

HOME = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "BENCHMARKS.md": "benchmarks.md",
    "SECURITY.md": "security.md",
    "README.md": "index.md",
}
"""Files of the repository's root, and the page of the site that includes each."""


def _lead_home(page: str, text: str) -> str:
    """Lead links to files beside `docs` to the pages that include them."""
    up = "../" * page.count("/")
    return re.sub(
        r"\]\((?:\.\./)+([A-Z]+\.md)(?=[)#])", lambda found: f"]({up}{HOME[found[1]]}", text
    )


def _read(_app: object, page: str, content: list[str]) -> None:
    content[0] = _lead_home(page, content[0])
    name = page.rpartition("/")[2]
    if page.startswith("benchmarks/") and not QUICK and (FIGURES / f"{name}.png").exists():
        title, rest = content[0].split("\n", 1)
        content[0] = f"{title}\n\n![{name}](../../benchmarks/figures/{name}.png)\n{rest}"
    if page.startswith("gallery/examples/") and (EXAMPLES / f"{name}.png").exists():
        head, line, rest = re.split(r"(^=+$\n)", content[0], maxsplit=1, flags=re.M)
        content[0] = f"{head}{line}\n.. image:: /pictures/examples/{name}.png\n\n{rest}"


def _draw(_app: object) -> None:
    if not QUICK:
        sys.path.insert(0, str(ROOT))
        from benchmarks.report import draw

        draw()


# -- reference

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


def _skip(_app: object, _what: str, _name: str, thing: Any, skip: bool, _options: object) -> bool:
    """Leave out what classes inherit from others' packages."""
    module = getattr(thing, "__module__", None)
    return skip or (module is not None and not module.startswith("engram"))


# -- gallery

LONG = (
    "fly_sized",
    "life",
    "sleep",
    "critic",
    "t_maze",
    "rhythms",
    "growth",
    "association",
    "assemblies",
)
"""Examples that run for longer than all others together; the gallery shows their code."""


_not_run = rf"(?!.*/(?:{'|'.join(LONG)})\.py$)(?!.*/papers/)"
sphinx_gallery_conf = {
    "examples_dirs": ["gallery_of_plots", "../examples"],
    "gallery_dirs": ["gallery/plots", "gallery/examples"],
    "filename_pattern": rf"^{_not_run}.*\.py$",
    "ignore_pattern": r"__init__\.py",
    "reset_argv": "site_helpers.arguments",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "plot_gallery": not QUICK,
    "within_subsection_order": "FileNameSortKey",
    "nested_sections": False,
}

# -- look

html_theme = "pydata_sphinx_theme"
html_title = f"Engram {version}"
html_static_path = ["_static"]
html_css_files = ["engram.css"]
html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_sidebars = {
    page: []
    for page in (
        "start",
        "evidence",
        "compare",
        "reliability",
        "security",
        "compatibility",
        "changelog",
        "glossary",
    )
}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "Engram", "image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}

warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def _film(app: Sphinx) -> None:
    """Make the film that the page on the live view embeds, once."""
    import make_film

    app.tags.add("film")
    if not make_film.FILM.exists():
        make_film.film()


def setup(app: Sphinx) -> None:
    """Connect."""
    if not QUICK:
        app.connect("builder-inited", _film)
    app.connect("builder-inited", _draw)
    app.connect("source-read", _read)
    app.connect("autodoc-skip-member", _skip)
