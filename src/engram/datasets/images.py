"""Images to learn from: MNIST, Fashion-MNIST, and the small digits of scikit-learn."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import struct
import urllib.request
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.checkpoint.atomic import replacing
from engram.errors import (
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    brief,
    integer,
    number,
)
from engram.kernels.cache import home, shared_home

FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""The four files of MNIST, and SHA-256 of what is in each, uncompressed."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Where the canonical files are, in the order in which they are tried."""

FOLDERS = {
    "mnist": (".", "mnist", "MNIST/raw"),
    # What is found beside a folder of its own are MNIST's files.
    "fashion_mnist": ("fashion-mnist", "FashionMNIST/raw", "."),
}
"""Where in a folder files are looked for, in this order."""

PATIENCE = 60.0
"""Seconds to wait for a mirror that says nothing."""

_MOST = 64 * 2**20


class DatasetError(EngramError, OSError):
    """A data set that is not there, or files that can't be used.

    Examples
    --------
    >>> from engram.datasets import DatasetError, mnist
    >>> try:
    ...     mnist("a/folder/without/images")
    ... except DatasetError:
    ...     print("use datasets.digits() instead")
    use datasets.digits() instead
    """


class Dataset(NamedTuple):
    """Images and their classes, split into training and test.

    Attributes
    ----------
    X_train : array of shape (n, pixels), uint8
        Training images, row by row.
    y_train : array of shape (n,), int64
        Their classes.
    X_test : array of shape (m, pixels), uint8
        Test images.
    y_test : array of shape (m,), int64
        Their classes.

    Examples
    --------
    >>> from engram.datasets import digits
    >>> X_train, y_train, X_test, y_test = digits().first(100, 50)
    >>> X_train.shape, y_test.shape
    ((100, 64), (50,))
    """

    X_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]

    def first(self, n_train: int | None = None, n_test: int | None = None) -> Dataset:
        """The first images of either part only.

        Parameters
        ----------
        n_train, n_test : int, optional
            How many. None keeps a part whole.

        Returns
        -------
        Dataset
            Views of these.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            There are not that many.
        """
        for name, n, part in (("train", n_train, self.y_train), ("test", n_test, self.y_test)):
            if n is not None:
                integer(f"Dataset.first: n_{name}", n, 1, len(part))
        return Dataset(
            self.X_train[:n_train],
            self.y_train[:n_train],
            self.X_test[:n_test],
            self.y_test[:n_test],
        )


def image_shape(n_pixels: int) -> tuple[int, int]:
    """Rows and columns of an image: square, else one row.

    Parameters
    ----------
    n_pixels : int
        Pixels of the image.

    Returns
    -------
    tuple of two ints
        Rows and columns.

    Examples
    --------
    >>> from engram.datasets import digits, image_shape
    >>> image_shape(digits().X_train.shape[1])
    (8, 8)
    """
    side = math.isqrt(n_pixels)
    return (side, side) if side * side == n_pixels else (1, n_pixels)


def mnist(folder: str | os.PathLike[str] | None = None, *, download: bool = True) -> Dataset:
    """MNIST: 60,000 training and 10,000 test images of 28 x 28 pixels, in canonical order.

    SHA-256 of each file of the cache is checked.

    Parameters
    ----------
    folder : path, optional
        Where the four IDX files are, compressed (``.gz``) or not, or a folder ``mnist`` with
        them. None: the environment variable ENGRAM_DATA says it. Without either they come from a
        cache: ``~/.cache/engram/data/mnist``, or below ENGRAM_CACHE_DIR.
    download : bool
        Let files that the cache has not be fetched into it.

    Returns
    -------
    Dataset
        Images of shape (n, 784), grey levels 0 to 255.

    Raises
    ------
    DatasetError
        Files are missing, or no IDX files.

    References
    ----------
    .. [1] LeCun et al. 1998, doi:10.1109/5.726791

    Examples
    --------
    >>> from engram.datasets import mnist
    >>> data = mnist().first(1000, 100)  # downloads 11 MB the first time  # doctest: +SKIP
    >>> data.X_train.shape  # doctest: +SKIP
    (1000, 784)
    """
    if not isinstance(download, bool):
        raise InvalidTypeError(
            f"datasets.mnist: download must be True or False, not {brief(download)}"
        )
    given, whose = _given("mnist", folder)
    if given:
        where = _folder_with_files("mnist", given, whose)
        return _dataset("mnist", where, _contents("mnist", where))
    where = data_cache() / "mnist"
    return _dataset("mnist", where, {name: _cached(where, name, download) for name in FILES})


def fashion_mnist(folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Fashion-MNIST: pictures of ten kinds of clothes, as many and as large as those of MNIST.

    Files are those of MNIST by name. They are not downloaded; the Debian package
    ``dataset-fashion-mnist`` has them.

    Parameters
    ----------
    folder : path, optional
        Where the four IDX files are, compressed (``.gz``) or not, or a folder ``fashion-mnist``
        with them, which goes first. None: the environment variable ENGRAM_DATA says it; without it
        they are looked for in ``~/.cache/engram/data``, or below ENGRAM_CACHE_DIR.

    Returns
    -------
    Dataset
        Images of shape (n, 784), grey levels 0 to 255.

    Raises
    ------
    DatasetError
        Files are missing, no IDX files, or those of MNIST.

    References
    ----------
    .. [1] Xiao, Rasul & Vollgraf 2017, doi:10.48550/arXiv.1708.07747

    Examples
    --------
    >>> from engram.datasets import fashion_mnist
    >>> data = fashion_mnist("/usr/share/dataset")  # needs the four files there  # doctest: +SKIP
    >>> data.X_train.shape  # doctest: +SKIP
    (60000, 784)
    """
    given, whose = _given("fashion_mnist", folder)
    if not given:
        given, whose = data_cache(), "ENGRAM_DATA is not set, and"
    where = _folder_with_files("fashion_mnist", given, whose)
    contents = _contents("fashion_mnist", where)
    mistaken = next((name for name, content in contents.items() if _right(name, content)), None)
    if mistaken is not None:
        raise DatasetError(
            f"datasets.fashion_mnist: {where}: {mistaken} is MNIST's; put the files of "
            f"Fashion-MNIST into a folder fashion-mnist beside it"
        )
    return _dataset("fashion_mnist", where, contents)


def digits(test_share: float = 0.2, *, seed: int = 0) -> Dataset:
    """Load the 1,797 images of 8 x 8 pixels of scikit-learn, which need no download.

    Parameters
    ----------
    test_share : float
        Share of the images of each class that go into the test part, between 0 and 1.
    seed : int
        Of the split, which is stratified.

    Returns
    -------
    Dataset
        Images of shape (n, 64), grey levels 0 to 255.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The share or the seed is out of range.
    MissingExtraError
        scikit-learn is not installed.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, of whose set they are the test part, doi:10.24432/C50P49

    Examples
    --------
    >>> from engram.datasets import digits
    >>> data = digits(test_share=0.2, seed=0)
    >>> data.X_train.shape, sorted(set(data.y_train.tolist()))
    ((1437, 64), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    share = number("datasets.digits: test_share", test_share, 0.0, 1.0)
    integer("datasets.digits: seed", seed, 0)
    if not 0.0 < share < 1.0:
        raise InvalidValueError("datasets.digits: test_share must be between 0 and 1")
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise MissingExtraError("engram.datasets.digits", "scikit-learn", "learn") from error
    X, y = load_digits(return_X_y=True)
    # 0 to 16 as they come.
    images = np.round(X * (255.0 / 16.0)).astype(np.uint8)
    X_train, X_test, y_train, y_test = train_test_split(
        images, y.astype(np.int64), test_size=share, stratify=y, random_state=seed
    )
    return Dataset(X_train, y_train, X_test, y_test)


def data_cache() -> Path:
    """Where downloads are kept.

    Examples
    --------
    >>> from engram.datasets import data_cache
    >>> data_cache().name
    'data'
    """
    given = os.environ.get("ENGRAM_CACHE_DIR")
    own = home() or shared_home().with_name(f"{shared_home().name}-data")
    return (Path(given) if given else own) / "data"


def _file(folder: Path, name: str) -> Path | None:
    # Some distributions have a dot in the names.
    for variant in (name, name.replace("-idx", ".idx")):
        for suffix in (".gz", ""):
            path = folder / (variant + suffix)
            if path.is_file():
                return path
    return None


def _given(which: str, folder: object) -> tuple[Path | None, str]:
    """The folder to look in, if there is one, and what to call it."""
    given = os.environ.get("ENGRAM_DATA") if folder is None else folder
    if given is not None and not isinstance(given, str | os.PathLike):
        raise InvalidTypeError(f"datasets.{which}: folder must be a path, not {brief(given)}")
    whose = "ENGRAM_DATA" if folder is None else "the folder"
    return (Path(given) if given else None), whose


def _folder_with_files(which: str, given: Path, whose: str) -> Path:
    folders = FOLDERS[which]
    for folder in (given / name for name in folders):
        if all(_file(folder, name) for name in FILES):
            return folder
    missing = next(name for name in FILES if not _file(given, name))
    inner = next(name for name in folders if name != ".")
    otherwise = {
        "mnist": "or none to download them",
        "fashion_mnist": "as the Debian package dataset-fashion-mnist has them",
    }
    raise DatasetError(
        f"datasets.{which}: {whose} {given} has no {missing} (nor {missing}.gz, nor a folder "
        f"{inner} with it); give the folder of the four IDX files, {otherwise[which]}"
    )


def _contents(which: str, where: Path) -> dict[str, bytes]:
    return {name: _content(which, _file(where, name)) for name in FILES}


def _dataset(which: str, where: Path, contents: dict[str, bytes]) -> Dataset:
    """The data set of four files that belong together."""
    arrays = {name: _parsed(which, where / name, content) for name, content in contents.items()}
    parts: list[NDArray[np.uint8]] = []
    for part in ("train", "t10k"):
        images, labels = arrays[f"{part}-images-idx3-ubyte"], arrays[f"{part}-labels-idx1-ubyte"]
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise DatasetError(
                f"datasets.{which}: {where}: {part}: images of shape {images.shape} and labels of "
                f"shape {labels.shape} don't belong together"
            )
        parts += [images.reshape(len(images), -1), labels]
    return Dataset(parts[0], parts[1].astype(np.int64), parts[2], parts[3].astype(np.int64))


def _right(name: str, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == FILES[name]


def _cached(folder: Path, name: str, download: bool) -> bytes:
    """What is in a file of the cache, which is downloaded if it is not there or not right."""
    path = folder / f"{name}.gz"
    if path.is_file():
        try:
            content = _content("mnist", path)
        except DatasetError:
            content = b""
        if _right(name, content):
            return content
    if not download:
        raise DatasetError(
            f"datasets.mnist: MNIST is not here: set ENGRAM_DATA to a folder with its four IDX "
            f"files, or let it be downloaded (download=True) to {folder}"
        )
    packed, content = _downloaded(name)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as stream:
        stream.write(packed)
    return content


def _downloaded(name: str) -> tuple[bytes, bytes]:
    """A file from the first mirror that has it, compressed and not."""
    problems = []
    for mirror in MIRRORS:
        try:
            with urllib.request.urlopen(f"{mirror}{name}.gz", timeout=PATIENCE) as answer:
                packed: bytes = answer.read(_MOST)
            content = _unpacked(packed)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            problems.append(f"{mirror}: {getattr(error, 'reason', None) or error}")
            continue
        if _right(name, content):
            return packed, content
        problems.append(f"{mirror}: what came is not the file (its SHA-256 differs)")
    raise DatasetError(
        f"datasets.mnist: {name}.gz could not be downloaded ({'; '.join(problems)}); put the four "
        f"IDX files into a folder and set ENGRAM_DATA to it, or use datasets.digits()"
    )


def _unpacked(packed: bytes) -> bytes:
    with gzip.open(io.BytesIO(packed)) as stream:
        return stream.read(_MOST)


def _content(which: str, path: Path | None) -> bytes:
    assert path is not None
    try:
        content = path.read_bytes()
        return _unpacked(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DatasetError(f"datasets.{which}: {path}: {error}") from error


def _parsed(which: str, path: Path, content: bytes) -> NDArray[np.uint8]:
    """An IDX file of bytes: two zeros, 8 for uint8, the number of axes, their lengths, the data."""
    if len(content) < 4 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 3:
        raise DatasetError(f"datasets.{which}: {path}: not an IDX file of bytes")
    axes = content[3]
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}I", content[4:start]) if len(content) >= start else ()
    if not shape or math.prod(shape) != len(content) - start:
        raise DatasetError(
            f"datasets.{which}: {path}: it is cut off or too long: its header promises shape "
            f"{shape}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
