"""The file: a zip of ``.npy`` arrays and ``manifest.json``.

What a file says is checked before anything of the size it claims is allocated; nothing in it is
ever executed. See docs/checkpoints.md for the format.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engram._version import __version__
from engram.checkpoint.encoding import Form, decode, encode, stored_form
from engram.checkpoint.live import Arrays, Claim
from engram.errors import CheckpointError

Header = dict[str, Any]

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 << 20
DTYPES = frozenset(["|u1", "|i1", "<u2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"])
CHUNK = 1 << 20
SAMPLE, WORTH = 1 << 16, 0.9
"""What `_pays` tries, bytes, and the share of it that compression must fall below."""
ALWAYS = 1 << 30
"""Bytes a file may make us allocate whatever its size."""
PER_BYTE = 100
"""And for each byte it has."""
DEFLATE_MOST = 1040
"""No stream of deflate holds more bytes than this for each of its own."""


def allowance(source: Path, memory: int | None) -> int:
    """Bytes that loading a file may take.

    Parameters
    ----------
    source : Path
        A file.
    memory : int or None
        Given by the user. None: by the size of the file.

    Returns
    -------
    int
        Bytes.
    """
    if memory is not None:
        return memory
    return ALWAYS + PER_BYTE * os.path.getsize(source)


def checksum(header: Mapping[str, Any]) -> str:
    """SHA-256 of everything a manifest says, its own checksum left out.

    Parameters
    ----------
    header : mapping of object
        Its manifest.

    Returns
    -------
    str
        Hexadecimal.
    """
    said = {name: value for name, value in header.items() if name != "checksum"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _pays(data: memoryview) -> bool:
    """Whether to compress: not where a sample says that it takes time and saves next to nothing."""
    middle = len(data) // 2
    sample = data[max(0, middle - SAMPLE // 2) : middle + SAMPLE // 2]
    return len(data) <= SAMPLE or len(zlib.compress(sample, 1)) < WORTH * len(sample)


def _info(name: str, size: int, compress: bool) -> zipfile.ZipInfo:
    # The same brain gives the same bytes: no time of day.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    info._compresslevel = 1  # type: ignore[attr-defined]
    info.external_attr = 0o644 << 16
    info.file_size = size
    return info


def write(
    stream: IO[bytes], brain: Mapping[str, Any], arrays: Arrays, version: int, compress: bool
) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    stream : IO
        To write to.
    brain : mapping of object
        The plain values that describe a brain.
    arrays : Arrays
        By name.
    version : int
        Format of the checkpoint.
    compress : bool
        Deflate arrays where it pays.

    Raises
    ------
    CheckpointError
        An array or the manifest can't be stored.
    """
    entries = {}
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            stored, entry = encode(name, array)
            data = memoryview(stored.reshape(-1)).cast("B")
            info = _info(f"{name}.npy", stored.nbytes + 128, compress and _pays(data))
            with archive.open(info, "w") as out:
                description = np.lib.format.header_data_from_array_1_0(stored)
                np.lib.format.write_array_header_1_0(out, description)
                out.write(data)
            entries[name] = {**entry, "crc32": info.CRC}
        header = {"format": version, "engram": __version__, "arrays": entries, "brain": brain}
        header["checksum"] = checksum(header)
        text = json.dumps(header, allow_nan=False).encode()
        if len(text) > LARGEST_MANIFEST:
            raise CheckpointError(f"the manifest would take {len(text)} bytes: too many")
        archive.writestr(_info(MANIFEST, len(text), compress), text)


@contextlib.contextmanager
def opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, Header]]:
    """An archive and its manifest.

    Parameters
    ----------
    source : Path
        A file.

    Yields
    ------
    tuple of (ZipFile, dict)
        Archive and manifest.

    Raises
    ------
    CheckpointError
        Whatever goes wrong inside.
    """
    with refusing(source):
        if not source.exists():
            raise CheckpointError("there is no such file")
        if not source.is_file():
            # A pipe would be waited for.
            raise CheckpointError("it is no regular file, but a folder, a pipe or a device")
        with source.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            yield archive, _read_header(archive)


@contextlib.contextmanager
def refusing(path: Path | str) -> Iterator[None]:
    """Whatever goes wrong in the block, say of which file.

    Parameters
    ----------
    path : Path or str
        The file.

    Yields
    ------
    None
        The block.

    Raises
    ------
    CheckpointError
        In place of any other error.
    """
    try:
        yield
    except CheckpointError as error:
        text = str(error)
        named = text if text.startswith(f"{path}: ") else f"{path}: {text}"
        raise CheckpointError(named) from error
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise CheckpointError(f"{path}: there is not enough memory to load it") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CheckpointError(f"{path}: damaged, or not an Engram checkpoint ({reason})") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CheckpointError("the manifest says something twice")
    return found


def _no_number(text: str) -> float:
    raise CheckpointError(f"the manifest holds {text}, which is no number")


def _read_header(archive: zipfile.ZipFile) -> Header:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise CheckpointError("two entries of the archive have the same name")
    if MANIFEST not in names:
        raise CheckpointError(f"not an Engram checkpoint (no {MANIFEST})")
    for info in infos:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CheckpointError(f"{info.filename}: compressed in a way that is not used here")
        if info.flag_bits & 0x1:
            raise CheckpointError(f"{info.filename}: encrypted")
        if info.file_size > DEFLATE_MOST * info.compress_size + 1024:
            raise CheckpointError(f"{info.filename}: claims more than its bytes can hold")
    if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise CheckpointError("the manifest is absurdly large")
    with archive.open(MANIFEST) as stream:
        text = stream.read(LARGEST_MANIFEST + 1)
    try:
        header = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError as error:
        raise CheckpointError("the manifest is nested absurdly deep") from error
    except (ValueError, UnicodeDecodeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"the manifest is no JSON ({error})") from error
    if not isinstance(header, dict):
        raise CheckpointError("not an Engram checkpoint (the manifest is no table)")
    return header


def format_of(header: Header, newest: int) -> int:
    """The format that a manifest names.

    Parameters
    ----------
    header : Header
        With a format.
    newest : int
        The latest format that can be read.

    Returns
    -------
    int
        The format.

    Raises
    ------
    CheckpointError
        There is none, or this version of Engram does not read it.
    """
    version = header.get("format")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise CheckpointError(f"not an Engram checkpoint (format {version!r})")
    if version > newest:
        raise CheckpointError(
            f"format {version}, written by engram {header.get('engram')}; this version "
            f"({__version__}) reads formats up to {newest}: upgrade engram"
        )
    return version


def check_version(header: Header, newest: int) -> int:
    """The format of the file, if this version of Engram reads it.

    Parameters
    ----------
    header : Header
        Its manifest.
    newest : int
        The latest format that can be read.

    Returns
    -------
    int
        The format.

    Raises
    ------
    CheckpointError
        It can't be read, or the manifest does not match its checksum.
    """
    version = format_of(header, newest)
    if version > 1:
        expected = {"format", "engram", "checksum", "arrays", "brain"}
        if set(header) != expected:
            raise CheckpointError(
                f"the manifest must have {sorted(expected)}, not {sorted(header)}"
            )
        if header["checksum"] != checksum(header):
            raise CheckpointError("the manifest does not match its checksum: it has been changed")
    return version


def claims(archive: zipfile.ZipFile, header: Header, most: int) -> dict[str, Claim]:
    """What the manifest says of each array, as far as the archive can hold it.

    Parameters
    ----------
    archive : zipfile.ZipFile
        Opened.
    header : Header
        Its manifest.
    most : int
        Bytes they may take.

    Returns
    -------
    dict of Claim
        Dtype and shape, by name.

    Raises
    ------
    CheckpointError
        The archive and the manifest do not agree, or it is too much.
    """
    files = {info.filename: info for info in archive.infolist()}
    del files[MANIFEST]
    found: dict[str, Claim] = {}
    total = 0
    for name, entry in header["arrays"].items():
        if f"{name}.npy" not in files:
            raise CheckpointError(f"array {name!r} is missing")
        form = stored_form(name, entry, DTYPES)
        if header["format"] == 1 and len(entry) > 3:
            raise CheckpointError(f"array {name!r}: format 1 stores arrays as they are")
        info = files.pop(f"{name}.npy")
        stored = math.prod(form.shape) * form.dtype.itemsize
        total += form.decoded
        if total > most:
            raise CheckpointError(
                f"array {name!r}: the file claims more than {most} bytes of memory, which is "
                f"absurd for its size; if you trust it, pass load_brain(memory=...)"
            )
        if not stored < info.file_size <= stored + 10_000:
            raise CheckpointError(
                f"array {name!r}: {info.file_size} bytes in the archive, {stored} by the manifest"
            )
        if info.CRC != entry["crc32"]:
            raise CheckpointError(f"array {name!r} does not match its checksum")
        found[name] = (np.dtype(entry["dtype"]).newbyteorder("="), tuple(entry["shape"]))
    if files:
        raise CheckpointError(f"the manifest does not list {sorted(files)[0]!r}")
    return found


def read_small(archive: zipfile.ZipFile, header: Header, names: Iterable[str]) -> Arrays:
    """Some arrays that are never large.

    Parameters
    ----------
    archive : zipfile.ZipFile
        Opened.
    header : Header
        Its manifest.
    names : iterable of str
        Which ones.

    Returns
    -------
    dict of array
        By name.

    Raises
    ------
    CheckpointError
        One is missing, large or damaged.
    """
    for name in names:
        if name not in header["arrays"]:
            raise CheckpointError(f"array {name!r} is missing")
        if stored_form(name, header["arrays"][name], DTYPES).decoded > CHUNK:
            raise CheckpointError(f"array {name!r} is absurdly large")
    return {name: read_array(archive, header, name) for name in names}


@functools.lru_cache(maxsize=1024)
def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """The header of a ``.npy`` file as this version of NumPy writes it."""
    out = io.BytesIO()
    description = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, description)
    return out.getvalue()


def _check_npy_header(name: str, start: bytes, form: Form) -> int:
    """Where the data begin after a header that says the same as the manifest."""
    usual = _npy_header(form.dtype.str, form.shape)
    if start.startswith(usual):
        return len(usual)
    stream = io.BytesIO(start)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise CheckpointError(f"array {name!r}: not version 1.0 of the .npy format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if (tuple(shape), fortran, dtype) != (form.shape, False, form.dtype):
        raise CheckpointError(
            f"array {name!r}: {dtype} {shape} in the archive, {form.dtype} {form.shape} by the "
            f"manifest"
        )
    return stream.tell()


def read_array(archive: zipfile.ZipFile, header: Header, name: str) -> NDArray[Any]:
    """One array, whose claim has been checked.

    Parameters
    ----------
    archive : zipfile.ZipFile
        Opened.
    header : Header
        Its manifest.
    name : str
        Which one.

    Returns
    -------
    array
        Decoded.

    Raises
    ------
    CheckpointError
        It is damaged.
    """
    entry = header["arrays"][name]
    form = stored_form(name, entry, DTYPES)
    array = np.empty(form.shape, form.dtype)
    view = memoryview(array.reshape(-1)).cast("B")
    with archive.open(f"{name}.npy") as stream:
        piece = stream.read(10_000)
        piece = piece[_check_npy_header(name, piece, form) :]
        place = 0
        while piece:
            # The last read also makes the archive check the bytes against their checksum.
            if place + len(piece) > len(view):
                raise CheckpointError(f"array {name!r} is followed by something else")
            view[place : place + len(piece)] = piece
            place += len(piece)
            piece = stream.read(CHUNK)
    if place < len(view):
        raise CheckpointError(f"array {name!r} is cut off")
    return decode(name, array, entry)
