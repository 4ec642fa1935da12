"""The tool that measures how the package is built, on small made-up packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import structure
from tools.import_circles import circles, imports
from tools.private_names import reaches
from tools.sizes import fmt_skips, sizes
from tools.source import Source, sources


@pytest.fixture
def made(tmp_path):
    """Makes a package of texts by path, and says where it is."""

    def make(files: dict[str, str], limits: str = "") -> Path:
        for path, text in {"src/engram/__init__.py": "", **files}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / "pyproject.toml").write_text(f"[tool.structure]\n{limits}\n")
        return tmp_path

    return make


def parsed(made, **texts: str) -> list[Source]:
    root = made({f"src/engram/{name}.py": text for name, text in texts.items()})
    return sources(root, "src/engram")


def reached(made, text: str) -> list[str]:
    return [place.what for place in reaches(parsed(made, a=text))]


# -- private names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x._a", ["x._a"]),
        ("x._a._b", ["x._a._b", "x._a"]),
        ("f(x)._a", ["f(x)._a"]),
        ("import m\nm._a", ["m._a"]),
        ("from m import _a, b", ["from m import _a"]),
        ("from . import _a", ["from . import _a"]),
        ("getattr(x, '_a', None)", ["x._a"]),
        ("object.__setattr__(x, '_a', 1)", ["x._a"]),
        ("x._a = 1", ["x._a"]),
        ("class C:\n def f(self): return self._brain._tables", ["self._brain._tables"] * 2),
        ("class C:\n def f(self): return self._a", ["self._a"]),
        ("from m import D\nclass C(D):\n def f(self): return self._a", ["self._a"]),
        ("class C:\n def f(self): return super()._a()", ["super()._a"]),
        ("class C:\n _a = 1\n def __eq__(self, other): return other._a", ["other._a"]),
        ("def f(self): return self._a", ["self._a"]),
        ("class D:\n _a = 1\nclass C:\n def f(self): return self._a", ["self._a"]),
    ],
)
def test_a_reach_is_found(made, text, expected):
    found = reached(made, text)
    if expected == ["self._brain._tables"] * 2:
        # The class does not define _brain either.
        assert sorted(found) == ["self._brain", "self._brain._tables"]
    else:
        assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "x.a",
        "x.__dict__",
        "x.__class__.__name__",
        "pair._replace(a=1)",
        "from m import __version__",
        "import engram._version",
        "getattr(x, name)",
        "getattr(x, 'a')",
        "class C:\n _a = 1\n def f(self): return self._a",
        "class C:\n _a: int\n def f(self): return self._a",
        "class C:\n __slots__ = ('_a',)\n def f(self): return self._a",
        "class C:\n def __init__(self): self._a = 1\n def f(self): return self._a",
        "class C:\n def __init__(self): self._a, self._b = 1, 2\n def f(self): return self._b",
        "class C:\n def g(self): object.__setattr__(self, '_a', 1)\n def f(self): self._a",
        "class C:\n def _a(self): ...\n @classmethod\n def f(cls): return cls._a",
        "class C:\n if X:\n  _a = 1\n def f(self): return self._a",
        "class D:\n _a = 1\nclass C(D[int]):\n def f(self): return self._a, super()._a",
        "class C:\n _a = 1\n def f(self): return type(self)._a",
        "class C:\n _a = 1\n\nC._a",
    ],
)
def test_what_is_ones_own_is_no_reach(made, text):
    assert reached(made, text) == []


def test_a_value_on_the_right_defines_nothing(made):
    assert reached(made, "class C:\n b = _a\n def f(self): return self._a") == ["self._a"]


def test_reaches_say_where_they_are_and_are_counted_by_1000_lines(made):
    root = made(
        {
            "src/engram/a.py": "\n" * 8 + "x._tables\ny._b\n",
            "tests/t.py": "x._tables\n" * 5,
            "benchmarks/b.py": "pass\n" * 5,
            "docs/d.py": "x._a",
        }
    )
    found = structure.measure(root)
    assert str(found.private[0]) == "src/engram/a.py:9: x._tables"
    assert found.values()["private_per_1000"] == pytest.approx(200.0)
    assert found.values()["private_tables"] == 1
    plain = structure.as_json(found)
    assert plain["private_with_tests"] == 7
    assert plain["private_tables_with_tests"] == 6
    assert plain["private_with_tests_per_1000"] == pytest.approx(350.0)


# -- imports


def circles_of(made, **texts: str) -> list[list[str]]:
    return circles(imports(parsed(made, **texts)))


def test_imports_down_are_no_circle(made):
    assert circles_of(made, a="from engram.b import f", b="from engram import c", c="") == []


def test_the_package_is_above_its_modules_only_if_they_import_it(made):
    down = {
        "__init__": "from engram.a import f",
        "a": "from engram import b",
        "b": "import engram.c",
    }
    assert circles_of(made, **down, c="") == []
    assert circles_of(made, **down, c="from engram import f") == [
        ["engram", "engram.a", "engram.b", "engram.c"]
    ]


@pytest.mark.parametrize(
    "back",
    [
        "import engram.a",
        "from engram.a import f",
        "from engram import a",
        "from . import a",
        "from .a import f",
        "def f():\n from engram.a import g",
        "if TYPE_CHECKING:\n from engram.a import g",
        "importlib.import_module('engram.a')",
    ],
)
def test_an_import_anywhere_can_close_a_circle(made, back):
    texts = {"a": "from engram.b import f", "b": "import engram.c", "c": back}
    assert circles_of(made, **texts) == [["engram.a", "engram.b", "engram.c"]]


def test_circles_come_largest_first(made):
    texts = {
        "a": "import engram.b",
        "b": "import engram.a",
        "c": "import engram.d",
        "d": "import engram.e",
        "e": "import engram.c\nimport engram.a",
    }
    assert circles_of(made, **texts) == [
        ["engram.c", "engram.d", "engram.e"],
        ["engram.a", "engram.b"],
    ]


def test_imports_within_a_folder_are_told_apart(made):
    root = made(
        {
            "src/engram/low/__init__.py": "from .one import f\n",
            "src/engram/low/one.py": "from ..high import g\n",
            "src/engram/high.py": "from engram.low.two import h\n",
            "src/engram/low/two.py": "",
        }
    )
    graph = imports(sources(root, "src/engram"))
    assert set(graph["engram.low"]) == {"engram.low.one"}
    assert set(graph["engram.low.one"]) == {"engram.high"}
    assert set(graph["engram.high"]) == {"engram.low.two"}
    assert circles(graph) == []


# -- sizes

CLASS = '''
@decorated
class C:
    """One
    two."""

    x = 1

    def f(self):
        """A docstring."""
        return 1

    async def g(self):
        # A comment.

        return (
            1
        )
'''


def test_sizes_of_classes_and_functions(made):
    found = sizes(parsed(made, a=CLASS))
    assert [(p.line, p.amount) for p in found.classes] == [(3, 17)]
    assert [p.amount for p in found.classes_without_docstrings] == [14]
    assert list(found.methods.values()) == [2]
    assert sorted(p.amount for p in found.functions) == [3, 6]
    assert sorted(p.amount for p in found.functions_code) == [2, 4]
    assert max(p.amount for p in found.files) == 18


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        ("pass", 0),
        ("if a: pass", 1),
        ("if a:\n  pass\n elif b:\n  pass\n elif c:\n  pass", 1),
        ("if a:\n  pass\n elif b:\n  for x in y: pass", 2),
        ("if a:\n  pass\n else:\n  if b: pass", 2),
        ("for x in y:\n  while z:\n   with w: pass", 3),
        ("try:\n  pass\n except E:\n  if a: pass", 2),
        ("match x:\n  case 1:\n   if a: pass", 2),
        ("if a:\n  def g():\n   if b: pass", 1),
        ("x = [a for a in b if c]", 0),
    ],
)
def test_nesting(made, body, depth):
    found = sizes(parsed(made, a=f"def f():\n {body}\n"))
    assert max(p.amount for p in found.nesting if p.what == "function f") == depth


def test_comments_for_the_formatter_are_counted_but_not_in_strings(made):
    files = parsed(made, a="x = [1,\n]  # fmt: skip\ny = '# fmt: skip'\n# fmt: off\n")
    assert [place.line for place in fmt_skips(files)] == [2, 4]


def test_modules_at_the_top_are_files_beside_the_first(made):
    root = made(
        {"src/engram/a.py": "", "src/engram/sub/__init__.py": "", "src/engram/sub/b.py": ""}
    )
    assert structure.measure(root).values()["top_level_modules"] == 1


# -- limits

LONG = "class C:\n" + " def f(self): ...\n" * 9
DEEP = "def f():\n" + "".join(" " * k + "if x:\n" for k in range(1, 4)) + " " * 4 + "pass\n"
CASES = {
    "private_per_1000": ("x._a\n" + "pass\n" * 9, 90, 91, "src/engram/a.py:1: x._a"),
    "private_tables": ("\nx._tables\n", 0, 1, "src/engram/a.py:2: x._tables"),
    "cycle": ("import engram.b\n", 0, 2, "src/engram/a.py:1: imports engram.b"),
    "class_lines": (LONG, 9, 10, "src/engram/a.py:1: class C: 10"),
    "class_lines_without_docstrings": (LONG, 9, 10, "src/engram/a.py:1: class C: 10"),
    "function_lines": (DEEP, 4, 5, "src/engram/a.py:1: function f: 5"),
    "function_code_lines": (DEEP, 4, 5, "src/engram/a.py:1: function f: 5"),
    "nesting": (DEEP, 2, 3, "src/engram/a.py:4: function f: 3"),
    "file_lines": ("pass\n" * 7, 6, 7, "src/engram/a.py:1: engram.a: 7"),
    "top_level_modules": ("", 1, 2, "src/engram/a.py:1: engram.a"),
    "fmt_skip": ("x = 1  # fmt: skip\n", 0, 1, "src/engram/a.py:1: fmt: skip"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_limit_that_is_exceeded_fails_and_says_where(made, capsys, name):
    text, too_low, enough, offender = CASES[name]
    files = {"src/engram/a.py": text, "src/engram/b.py": "import engram.a\n"}
    root = made(files, f"{name} = {enough}")
    assert structure.main(["--check"], root) == 0
    assert capsys.readouterr() == ("", "")
    made(files, f"{name} = {too_low}")
    assert structure.main(["--check"], root) == 1
    told = capsys.readouterr().err
    assert name in told
    assert f"  {offender}\n" in told


def test_every_limit_is_tested():
    root = Path(structure.__file__).parents[1]
    assert set(CASES) == set(structure.measure(root).values())
    assert set(structure.limits(root)) <= set(CASES)


def test_a_limit_nobody_knows_is_an_error(made):
    with pytest.raises(SystemExit, match="no limit 'speed'"):
        structure.main(["--check"], made({}, "speed = 1"))


def test_what_is_printed(made, capsys):
    root = made({"src/engram/a.py": LONG + "x._tables\n"})
    assert structure.main([], root) == 0
    told = capsys.readouterr().out
    assert "class C" in told
    assert structure.main(["--json"], root) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["class"] == {
        "file": "src/engram/a.py",
        "line": 1,
        "what": "class C",
        "amount": 10,
        "methods": 9,
    }
    assert plain["limits_apply_to"]["private_tables"] == 1


def test_an_empty_package_can_be_measured(made, capsys):
    assert structure.main([], made({})) == 0
    assert "none" in capsys.readouterr().out
