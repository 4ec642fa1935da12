"""Lists of edges: who connects to whom, from CSV and Parquet files."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.datasets.images import DatasetError
from engram.errors import InvalidTypeError, InvalidValueError, MissingExtraError, brief, integer


class EdgeList(NamedTuple):
    """Who contacts whom, and how strongly.

    Attributes
    ----------
    pre : array of shape (n,), int64
        Presynaptic neurons, counted from 0.
    post : array of shape (n,), int64
        Postsynaptic neurons.
    weight : array of shape (n,), float32
        Weights or numbers of synapses; negative: inhibitory.

    Examples
    --------
    >>> import numpy as np
    >>> from engram import Brain
    >>> from engram.datasets import EdgeList
    >>> edges = EdgeList(np.array([0, 1]), np.array([2, 3]), np.array([0.5, 0.25], np.float32))
    >>> cortex = Brain(seed=1).add_region("cortex", n_neurons=5, connectivity=0.0)
    >>> cortex.wiring.add_synapses(edges.pre, edges.post, edges.weight)
    2
    """

    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    weight: NDArray[np.float32]


def edge_list(
    path: str | os.PathLike[str],
    *,
    pre: str = "pre",
    post: str = "post",
    weight: str | None = "weight",
    sign: str | None = None,
    n_neurons: int | None = None,
    sha256: str | None = None,
) -> EdgeList:
    """Edges from a table with a row for each: a CSV file, or a Parquet file.

    The arrays fit `Projection.add_synapses`, which takes magnitudes, of one transmitter at a time.
    Rows keep their order; a pair may stand there twice. Other columns are not read.

    Parameters
    ----------
    path : path
        Ends in ``.csv``, ``.csv.gz`` or ``.parquet``.
    pre, post : str
        Names of the columns with the neurons: whole numbers from 0 on.
    weight : str, optional
        Name of the column with weights or numbers of synapses. None: 1 for all.
    sign : str, optional
        Name of a column with 1 where an edge is excitatory and -1 where it is inhibitory; weights
        are not negative then. None: weights have their signs.
    n_neurons : int, optional
        How many there are; a neuron beyond is an error. None: not checked.
    sha256 : str, optional
        Checksum of the file, 64 hexadecimal digits. None: not checked.

    Returns
    -------
    EdgeList
        One entry for each row.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        An argument is not valid.
    DatasetError
        There is no such file, it is another (its checksum differs) or no table, it lacks a column
        or has no rows, or an entry is not valid; file, column and row (from 0) are named.
    MissingExtraError
        pandas or, for Parquet, pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from engram.datasets import edge_list
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "edges.csv"
    ...     _ = file.write_text("pre,post,count\\n0,1,12\\n1,2,-3\\n")
    ...     edges = edge_list(file, weight="count", n_neurons=3)
    >>> edges.weight.tolist()
    [12.0, -3.0]
    """
    where = "datasets.edge_list"
    if not isinstance(path, str | os.PathLike):
        raise InvalidTypeError(f"{where}: path must be a path, not {brief(path)}")
    names = {"pre": pre, "post": post, "weight": weight, "sign": sign}
    wanted = [x for x in names.values() if x is not None]
    for argument, name in names.items():
        optional = argument in ("weight", "sign")
        if not (isinstance(name, str) or (optional and name is None)):
            raise InvalidTypeError(f"{where}: {argument} must name a column, not {brief(name)}")
    if len(set(wanted)) < len(wanted):
        raise InvalidValueError(f"{where}: two arguments name the same column: {wanted}")
    if n_neurons is not None:
        integer(f"{where}: n_neurons", n_neurons, 1)
    file = Path(path)
    _check_sum(file, sha256)
    table = _table(file, wanted)
    first, last = (_neurons(file, name, table[name], n_neurons) for name in (pre, post))
    values = np.ones(len(table)) if weight is None else _numbers(file, weight, table[weight])
    if weight is not None:
        _refuse(file, weight, values, np.abs(values) > np.finfo(np.float32).max, "is too large")
    if sign is not None:
        signs = _numbers(file, sign, table[sign])
        _refuse(file, sign, signs, np.abs(signs) != 1.0, "is no sign: 1 or -1")
        if weight is not None:
            _refuse(file, weight, values, values < 0.0, f"is negative beside the column {sign!r}")
        values = values * signs
    return EdgeList(first, last, values.astype(np.float32))


def _check_sum(file: Path, sha256: str | None) -> None:
    where = "datasets.edge_list"
    if sha256 is not None and not isinstance(sha256, str):
        raise InvalidTypeError(f"{where}: sha256 must be a string, not {brief(sha256)}")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise InvalidValueError(f"{where}: sha256 must be 64 hex digits, not {brief(sha256)}")
    try:
        with file.open("rb") as stream:
            found = sha256 and hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{where}: {file} can't be read: {error}") from error
    if sha256 is not None and found != sha256.lower():
        raise DatasetError(f"{where}: {file} is another file: its SHA-256 is {found}")


def _table(file: Path, wanted: list[str]) -> Any:
    where, parquet = "engram.datasets.edge_list", file.name.lower().endswith(".parquet")
    if not parquet and not file.name.lower().endswith((".csv", ".csv.gz")):
        raise DatasetError(f"{where[7:]}: {file} must be named .csv, .csv.gz or .parquet")
    try:
        import pandas

        if parquet:
            from pyarrow.parquet import read_schema
    except ImportError as error:
        package = (error.name or "pandas").partition(".")[0]
        raise MissingExtraError(where, package, "io") from error
    read = pandas.read_parquet if parquet else pandas.read_csv
    try:
        present = list(read_schema(file).names if parquet else read(file, nrows=0).columns)
        missing = [name for name in wanted if name not in present]
        # Without index_col a row with a field too many would shift all columns.
        chosen = {"columns": wanted} if parquet else {"usecols": wanted, "index_col": False}
        table = None if missing else read(file, **chosen)
    except (OSError, ValueError, NotImplementedError, EOFError, zlib.error) as error:
        raise DatasetError(f"{where[7:]}: {file} is no such table: {error}") from error
    if table is None:
        raise DatasetError(f"{where[7:]}: {file} has no column {missing[0]!r}, but {present}")
    if not len(table):
        raise DatasetError(f"{where[7:]}: {file} has no rows")
    return table


def _refuse(file: Path, name: str, values: Any, wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        entry = brief(np.asarray(values[row : row + 1]).tolist()[0])
        raise DatasetError(f"datasets.edge_list: {file}: column {name!r}, row {row}: {entry} {why}")


def _numbers(file: Path, name: str, column: Any) -> NDArray[np.float64]:
    """A column of finite numbers; words and gaps are none."""
    import pandas

    if column.dtype == bool:
        raise DatasetError(f"datasets.edge_list: {file}: column {name!r} is of True and False")
    given = pandas.to_numeric(column, errors="coerce")
    numbers: NDArray[np.float64] = given.to_numpy(np.float64, na_value=np.nan)
    _refuse(file, name, column, ~np.isfinite(numbers), "is no finite number")
    return numbers


def _neurons(file: Path, name: str, column: Any, n_neurons: int | None) -> NDArray[np.int64]:
    numbers = _numbers(file, name, column)
    _refuse(file, name, column, numbers != np.floor(numbers), "is no whole number")
    _refuse(file, name, column, numbers < 0, "is negative")
    # Beyond 53 bits only integers are exact.
    exact = column.dtype.kind in "iu"
    _refuse(file, name, column, numbers >= (2.0**63 if exact else 2.0**53), "is too large")
    whole: NDArray[np.int64] = np.asarray((column if exact else numbers).astype(np.int64))
    if n_neurons is not None:
        why = f"is no neuron: there are {n_neurons}, counted from 0 (an ID, not an index?)"
        _refuse(file, name, column, whole >= n_neurons, why)
    return whole
