"""Brains of all kinds live to the bit as they did when they were recorded.

Where a change of the dynamics is meant: python -m tests.regression.fingerprints --record
"""

from __future__ import annotations

import json

import pytest

from tests.regression.fingerprint_brains import BRAINS
from tests.regression.fingerprints import KNOWN, lived

RECORDED = json.loads(KNOWN.read_text())


def test_all_brains_are_recorded():
    assert set(RECORDED) == set(BRAINS)
    assert all(values["spikes"] > 50 for values in RECORDED.values())


@pytest.mark.parametrize("name", BRAINS)
def test_it_lives_as_it_did(name):
    found, expected = lived(name), RECORDED[name]
    assert found["spikes_and_weights"] == expected["spikes_and_weights"]
    assert found["fingerprint"] == expected["fingerprint"], "same life, other content"
