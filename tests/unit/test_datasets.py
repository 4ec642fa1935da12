"""Where MNIST comes from, and what is refused on the way."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from engram import InvalidTypeError, InvalidValueError, datasets
from engram.datasets import FILES, DatasetError, digits, fashion_mnist, image_shape, images, mnist

RANDOM = np.random.default_rng(4)
ARRAYS = {
    "train-images-idx3-ubyte": RANDOM.integers(0, 256, (7, 4, 4), np.uint8),
    "train-labels-idx1-ubyte": RANDOM.integers(0, 10, 7).astype(np.uint8),
    "t10k-images-idx3-ubyte": RANDOM.integers(0, 256, (3, 4, 4), np.uint8),
    "t10k-labels-idx1-ubyte": RANDOM.integers(0, 10, 3).astype(np.uint8),
}


def idx(array: np.ndarray) -> bytes:
    head = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k, (name, array) in enumerate(ARRAYS.items()):
        if k % 2:
            (tmp_path / name).write_bytes(idx(array))
        else:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    return tmp_path


def check(data: datasets.Dataset) -> None:
    np.testing.assert_array_equal(data.X_train.reshape(-1, 4, 4), ARRAYS["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.y_train, ARRAYS["train-labels-idx1-ubyte"])
    np.testing.assert_array_equal(data.X_test.reshape(-1, 4, 4), ARRAYS["t10k-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.y_test, ARRAYS["t10k-labels-idx1-ubyte"])
    assert data.y_train.dtype == np.int64


def test_reads_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(mnist(folder))
    check(mnist(str(folder)))
    monkeypatch.setenv("ENGRAM_DATA", str(folder))
    check(mnist())
    # The argument goes before the variable.
    with pytest.raises(DatasetError, match=r"the folder .* has no train-images"):
        mnist(folder.parent / "elsewhere")


def test_finds_a_folder_mnist_within(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "data" / "mnist"
    inner.mkdir(parents=True)
    for path in [p for p in folder.iterdir() if p.is_file()]:
        path.rename(inner / path.name)
    check(mnist(tmp_path / "data"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x07" + bytes(28), "not an IDX file"),
        (idx(ARRAYS["train-labels-idx1-ubyte"])[:-1], "cut off"),
        (idx(ARRAYS["train-labels-idx1-ubyte"]) + b"x", "too long"),
        (b"\0\0\x08\x02\0\0", "cut off"),
        (idx(ARRAYS["train-labels-idx1-ubyte"][:-1]), "don't belong together"),
        (idx(ARRAYS["train-images-idx3-ubyte"]), "don't belong together"),
    ],
)
def test_refuses_a_bad_file(folder: Path, content: bytes, words: str) -> None:
    (folder / "train-labels-idx1-ubyte").write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        mnist(folder)


def test_refuses_a_file_that_is_not_compressed(folder: Path) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"nonsense")
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz"):
        mnist(folder)
    path.write_bytes(gzip.compress(idx(ARRAYS["train-images-idx3-ubyte"]))[:-12])
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz"):
        mnist(folder)


@pytest.fixture
def mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two mirrors, of which the first has nothing, and an empty cache."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    for name, array in ARRAYS.items():
        (second / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        monkeypatch.setitem(FILES, name, hashlib.sha256(idx(array)).hexdigest())
    monkeypatch.setattr(images, "MIRRORS", (f"{first.as_uri()}/", f"{second.as_uri()}/"))
    monkeypatch.setenv("ENGRAM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("ENGRAM_DATA", raising=False)
    return first, second


@pytest.mark.usefixtures("mirrors")
def test_downloads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="ENGRAM_DATA"):
        mnist(download=False)
    check(mnist())
    cached = datasets.data_cache() / "mnist" / "train-images-idx3-ubyte.gz"
    assert cached.is_file()
    monkeypatch.setattr(images, "MIRRORS", ())
    check(mnist())
    # A damaged file of the cache is not taken for MNIST.
    cached.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DatasetError, match="could not be downloaded"):
        mnist()


def test_what_comes_is_checked(mirrors: tuple[Path, Path]) -> None:
    wrong = ARRAYS["t10k-labels-idx1-ubyte"][::-1] + 1
    (mirrors[1] / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(wrong)))
    with pytest.raises(DatasetError, match="SHA-256 differs"):
        mnist()
    assert not (datasets.data_cache() / "mnist" / "t10k-labels-idx1-ubyte.gz").exists()


def test_fashion_has_a_folder_of_its_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(fashion_mnist(folder))
    for inner in ("fashion-mnist", "FashionMNIST/raw"):
        data = tmp_path / inner[:3]
        (data / inner).mkdir(parents=True)
        for path in [p for p in folder.iterdir() if p.is_file()]:
            (data / inner / path.name).write_bytes(path.read_bytes())
            # Of MNIST, beside it.
            (data / path.name).write_bytes(b"")
        check(fashion_mnist(data))
        monkeypatch.setenv("ENGRAM_DATA", str(data))
        check(fashion_mnist())
    monkeypatch.delenv("ENGRAM_DATA")
    monkeypatch.setenv("ENGRAM_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(DatasetError, match=r"ENGRAM_DATA is not set.*dataset-fashion-mnist"):
        fashion_mnist()


def test_mnist_is_not_taken_for_fashion(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "t10k-images-idx3-ubyte"
    monkeypatch.setitem(FILES, name, hashlib.sha256(idx(ARRAYS[name])).hexdigest())
    with pytest.raises(DatasetError, match=r"fashion_mnist: .* is MNIST's"):
        fashion_mnist(folder)
    (folder / name).write_bytes(b"")
    (folder / f"{name}.gz").unlink(missing_ok=True)
    with pytest.raises(DatasetError, match=r"fashion_mnist: .*not an IDX file"):
        fashion_mnist(folder)


def test_refuses_arguments() -> None:
    with pytest.raises(InvalidTypeError, match="fashion_mnist: folder"):
        fashion_mnist(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidTypeError, match="download"):
        mnist(download=1)  # type: ignore[arg-type]
    with pytest.raises(InvalidTypeError, match="folder"):
        mnist(3)  # type: ignore[arg-type]


def test_digits_are_split_by_class() -> None:
    pytest.importorskip("sklearn")
    data = digits(seed=3)
    assert data.X_train.shape == (1437, 64)
    assert data.X_train.dtype == np.uint8
    assert data.X_train.max() == 255
    share = np.bincount(data.y_test) / (np.bincount(data.y_train) + np.bincount(data.y_test))
    np.testing.assert_allclose(share, 0.2, atol=0.005)
    for a, b in zip(data, digits(seed=3), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(data.y_test, digits(seed=4).y_test)
    small = data.first(100, 20)
    np.testing.assert_array_equal(small.X_train, data.X_train[:100])
    np.testing.assert_array_equal(small.y_test, data.y_test[:20])
    with pytest.raises(InvalidValueError, match="n_test"):
        data.first(n_test=361)
    with pytest.raises(InvalidValueError, match="test_share"):
        digits(1.0)


def test_image_shape() -> None:
    assert image_shape(784) == (28, 28)
    assert image_shape(10) == (1, 10)
