"""Reads frames and films as docs/live_protocol.md describes them, with no help from the package."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HEADER = struct.Struct("<IHHIIddIfIfIIIf")


@dataclass
class Frame:
    """A frame: its header by name, and payloads by (kind, index)."""

    head: dict[str, Any]
    sections: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def spikes(self, region: int) -> np.ndarray:
        return np.frombuffer(self.sections[1, region], np.uint8)

    def table(self, kind: int, columns: list[str]) -> dict[str, np.ndarray]:
        rows = np.frombuffer(self.sections[kind, 0], "<f4").reshape(-1, len(columns))
        return dict(zip(columns, rows.T, strict=True))

    @property
    def counts(self) -> np.ndarray:
        return np.frombuffer(self.sections[8, 0], "<f8")

    @property
    def raster(self) -> tuple[int, list[tuple[int, int]]]:
        """The first step covered, and (row, step) of each spike."""
        payload = self.sections[6, 0]
        first, n = struct.unpack_from("<II", payload)
        pairs = np.frombuffer(payload[8:], "<u2").reshape(n, 2)
        now = int(self.head["step"])
        return first, [(int(row), now - int(back)) for row, back in pairs]


NAMES = (
    "magic",
    "protocol",
    "brain",
    "number",
    "version",
    "time",
    "step",
    "flags",
    "speed",
    "steps",
    "wall",
    "neurons",
    "synapses",
    "sections",
    "wave",
)


def frame(data: bytes) -> Frame:
    """A frame, checked: sections begin at multiples of 8 and fill it to the end."""
    found = Frame(dict(zip(NAMES, HEADER.unpack_from(data), strict=True)))
    assert HEADER.size == 64
    at = 64
    for _ in range(found.head["sections"]):
        assert at % 8 == 0
        kind, index, size = struct.unpack_from("<HHI", data, at)
        found.sections[kind, index] = data[at + 8 : at + 8 + size]
        at += 8 + size + -size % 8
    assert at == len(data)
    return found


def film(path: Path) -> list[tuple[int, Any]]:
    """The records of a film: (ms, message or frame)."""
    data = gzip.decompress(path.read_bytes())
    assert data[:8] == b"EGFILM01"
    at, found = 8, []
    while at < len(data):
        when, kind, size, zero = struct.unpack_from("<IIII", data, at)
        assert zero == 0
        content = data[at + 16 : at + 16 + size]
        found.append((when, json.loads(content) if kind == 0 else frame(content)))
        at += 16 + size + -size % 8
    assert at == len(data)
    return found


def flags(text: str, n: int) -> np.ndarray:
    """Bits of a structure message."""
    packed = np.frombuffer(base64.b64decode(text), np.uint8)
    return np.unpackbits(packed, count=n, bitorder="little").astype(bool)
