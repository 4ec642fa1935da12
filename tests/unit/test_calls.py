"""Kernels called by name, and what they ask for."""

from __future__ import annotations

import numpy as np
import pytest

from engram import FiringPattern, Neurotransmitter
from engram.kernels.calls import argument_of, call, kernel
from engram.kernels.constants import PATTERNS, TRANSMITTERS, TYPES
from engram.kernels.groups import GROUPS
from engram.neurons import NeuronType
from engram.state.schema import FIELDS


def arguments():
    post = np.array([2, 3, 3], np.int32)
    return {"post": post, "magnitude": np.array([0.5, 1.0, 2.0])}


def test_arguments_are_found_by_name_the_last_table_first():
    other = {"post": np.zeros(3, np.int32), "more": 1}
    total = np.zeros(2)
    call("wiring.sum_incoming", other, arguments(), first_post=2, total=total)
    np.testing.assert_array_equal(total, [0.5, 3.0])
    by_position = np.zeros(2)
    kernel("wiring.sum_incoming")(*arguments().values(), 2, by_position)
    np.testing.assert_array_equal(by_position, total)


def test_what_is_named_comes_first():
    total = np.zeros(2)
    call("wiring.sum_incoming", arguments(), first_post=2, total=total, magnitude=np.ones(3))
    np.testing.assert_array_equal(total, [1.0, 2.0])


def test_a_name_the_kernel_does_not_have_is_refused():
    with pytest.raises(TypeError, match=r"wiring\.sum_incoming has no parameter sum"):
        call("wiring.sum_incoming", arguments(), first_post=2, total=np.zeros(2), sum=1)


def test_a_name_that_is_missing_is_refused():
    with pytest.raises(TypeError, match=r"wiring\.sum_incoming needs first_post"):
        call("wiring.sum_incoming", arguments(), total=np.zeros(2))
    with pytest.raises(TypeError, match=r"history\.last_arrival needs event_neuron"):
        call("history.last_arrival", pre=1, delay=1, now=1)


def test_groups_are_made_of_arrays_of_the_schema():
    for name, group in GROUPS.items():
        assert name not in FIELDS
        assert set(group._fields) <= set(FIELDS)
        known = {field: k for k, field in enumerate(group._fields)}
        assert argument_of(name, known) == group(*range(len(known)))


def test_numbers_of_kinds_are_those_of_the_enums():
    assert [TRANSMITTERS, TYPES, PATTERNS] == [
        len(kinds) for kinds in (Neurotransmitter, NeuronType, FiringPattern)
    ]
    for kinds in (Neurotransmitter, NeuronType, FiringPattern):
        assert [int(k) for k in kinds] == list(range(len(kinds)))
