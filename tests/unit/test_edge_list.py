"""Lists of edges from files, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from engram import Brain, CurrentLIF, InvalidTypeError, InvalidValueError
from engram.datasets import DatasetError, edge_list
from engram.errors import MissingExtraError

GOOD = "pre,post,weight,sign,note\n0,1,12,1,a\n3,0,2.5,-1,b\n0,1,1,1,\n"


def written(folder: Path, text: str, name: str = "edges.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def check(found, weights):
    assert found.pre.dtype == found.post.dtype == np.int64
    assert found.weight.dtype == np.float32
    assert found.pre.tolist() == [0, 3, 0]
    assert found.post.tolist() == [1, 0, 1]
    assert found.weight.tolist() == weights


def test_reads_csv(tmp_path):
    path = written(tmp_path, GOOD)
    check(edge_list(path), [12.0, 2.5, 1.0])
    check(edge_list(str(path), sign="sign", n_neurons=4), [12.0, -2.5, 1.0])
    check(edge_list(path, weight=None), [1.0, 1.0, 1.0])
    check(edge_list(path, weight=None, sign="sign"), [1.0, -1.0, 1.0])
    other = written(tmp_path, GOOD.replace("pre,post,weight", "from,to,count"), "other.csv")
    check(edge_list(other, pre="from", post="to", weight="count"), [12.0, 2.5, 1.0])
    packed = tmp_path / "edges.csv.gz"
    packed.write_bytes(gzip.compress(GOOD.encode()))
    check(edge_list(packed), [12.0, 2.5, 1.0])


def test_large_indices_are_exact(tmp_path):
    path = written(tmp_path, "pre,post,weight\n720575940600000001,9007199254740993,1\n")
    assert edge_list(path).pre.tolist() == [720575940600000001]
    assert edge_list(path).post.tolist() == [9007199254740993]


def test_reads_parquet(tmp_path):
    pandas, _ = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    path = tmp_path / "edges.parquet"
    table = pandas.read_csv(written(tmp_path, GOOD))
    table.to_parquet(path)
    check(edge_list(path, sign="sign"), [12.0, -2.5, 1.0])
    with pytest.raises(DatasetError, match=r"edges\.parquet has no column 'count', but \['pre'"):
        edge_list(path, weight="count")
    table["pre"] = pandas.array([0, None, 2], "Int64")
    table.to_parquet(path)
    with pytest.raises(DatasetError, match=r"column 'pre', row 1: .* is no finite number"):
        edge_list(path)
    table.iloc[:0].to_parquet(path)
    with pytest.raises(DatasetError, match="has no rows"):
        edge_list(path)
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DatasetError, match="is no such table"):
        edge_list(path)


def test_parquet_needs_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow.*io"):
        edge_list(written(tmp_path, "", "edges.parquet"))


def test_checks_the_sum(tmp_path):
    path = written(tmp_path, GOOD)
    right = hashlib.sha256(GOOD.encode()).hexdigest()
    check(edge_list(path, sha256=right.upper()), [12.0, 2.5, 1.0])
    with pytest.raises(DatasetError, match=f"another file: its SHA-256 is {right}"):
        edge_list(path, sha256="0" * 64)
    with pytest.raises(InvalidValueError, match="64 hex digits"):
        edge_list(path, sha256="abc")
    with pytest.raises(InvalidTypeError, match="sha256 must be a string"):
        edge_list(path, sha256=b"0" * 64)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (GOOD, "", "is no such table"),
        (GOOD, "pre,post,weight,sign\n", "has no rows"),
        ("pre,", "source,", r"has no column 'pre', but \['source'"),
        ("weight", "count", "has no column 'weight'"),
        ("sign", "type", "has no column 'sign'"),
        ("3,0,", "-3,0,", r"edges\.csv: column 'pre', row 1: -3 is negative"),
        ("3,0,", "3.5,0,", r"column 'pre', row 1: 3\.5 is no whole number"),
        ("3,0,", "3,,", "column 'post', row 1: nan is no finite number"),
        ("3,0,", "3,x,", "column 'post', row 1: 'x' is no finite number"),
        ("3,0,", "3,1e300,", r"column 'post', row 1: 1e\+300 is too large"),
        ("3,0,", "3,inf,", "column 'post', row 1: inf is no finite number"),
        ("3,0,", "3,18446744073709551615,", "column 'post', row 1: .* is too large"),
        ("3,0,", "3,99999999999999999999999,", "column 'post', row 1: .* is too large"),
        ("3,0,", "3,5,", r"row 1: 5 is no neuron: there are 5, .*an ID, not an index"),
        (",2.5,", ",nan,", "column 'weight', row 1: nan is no finite number"),
        (",2.5,", ",much,", "column 'weight', row 1: 'much' is no finite number"),
        (",2.5,", ",1e39,", r"column 'weight', row 1: 1e\+39 is too large"),
        (",2.5,", ",-2.5,", r"row 1: -2\.5 is negative beside the column 'sign'"),
        (",-1,", ",0,", r"column 'sign', row 1: 0\.0 is no sign: 1 or -1"),
        (",-1,", ",,", "column 'sign', row 1: nan is no finite number"),
        ('3,0,2.5,-1,b', '"3,0,2.5', "is no such table"),
    ],
)  # fmt: skip
def test_refuses_a_bad_file(tmp_path, old, new, words):
    assert GOOD.count(old) == 1
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DatasetError, match=words):
        edge_list(path, sign="sign", n_neurons=5)


def test_a_field_too_many_shifts_nothing(tmp_path):
    path = written(tmp_path, GOOD.replace("a\n", "a,7\n").replace("b\n", "b,8\n"))
    check(edge_list(path), [12.0, 2.5, 1.0])


def test_refuses_true_and_false(tmp_path):
    path = written(tmp_path, "pre,post,weight\nTrue,0,1\nFalse,1,1\n")
    with pytest.raises(DatasetError, match="column 'pre' is of True and False"):
        edge_list(path)


def test_refuses_what_is_no_table(tmp_path):
    with pytest.raises(DatasetError, match=r"must be named \.csv"):
        edge_list(written(tmp_path, GOOD, "edges.txt"))
    with pytest.raises(DatasetError, match="can't be read"):
        edge_list(tmp_path / "none.csv")
    with pytest.raises(DatasetError, match="can't be read"):
        edge_list(tmp_path)
    packed = tmp_path / "edges.csv.gz"
    packed.write_bytes(gzip.compress(GOOD.encode())[:-12])
    with pytest.raises(DatasetError, match="is no such table"):
        edge_list(packed)
    (tmp_path / "bytes.csv").write_bytes(b"pre,post,weight\n\xff\xfe,1,2\n")
    with pytest.raises(DatasetError, match="is no such table"):
        edge_list(tmp_path / "bytes.csv")


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"path": 3}, InvalidTypeError, "path must be a path"),
        ({"pre": None}, InvalidTypeError, "pre must name a column"),
        ({"sign": 1}, InvalidTypeError, "sign must name a column"),
        ({"post": "pre"}, InvalidValueError, "the same column"),
        ({"n_neurons": 0}, InvalidValueError, "n_neurons"),
        ({"n_neurons": True}, InvalidTypeError, "n_neurons"),
    ],
)
def test_refuses_arguments(tmp_path, given, kind, words):
    with pytest.raises(kind, match=words):
        edge_list(**{"path": written(tmp_path, GOOD), **given})


def test_edges_become_synapses(tmp_path):
    found = edge_list(written(tmp_path, GOOD), n_neurons=4)
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("all", n_neurons=4, connectivity=0.0, model=CurrentLIF)
    path = brain.connect_regions("all", "all", 0.0, source_type=None, name="edges")
    path.add_synapses(found.pre, found.post, found.weight)
    assert path.n_synapses == 3
    assert path.to_scipy().toarray()[0, 1] == 13.0
