"""Images of what was learned."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt

from engram import InvalidValueError
from engram.learn.bench import images


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_receptive_fields_are_tiles():
    fields = np.arange(3 * 4, dtype=float).reshape(3, 4)
    ax = images.receptive_fields(fields)
    sheet = np.asarray(ax.images[0].get_array())
    assert sheet.shape == (2 * 3 + 1, 2 * 3 + 1)
    np.testing.assert_allclose(sheet[1:3, 1:3], fields[0].reshape(2, 2) / 3)
    np.testing.assert_allclose(sheet[1:3, 4:6], fields[1].reshape(2, 2) / 7)
    np.testing.assert_allclose(sheet[4:6, 1:3], fields[2].reshape(2, 2) / 11)
    many = images.receptive_fields(np.ones((2000, 4)))
    assert "1600 shown" in many.get_title(loc="left")
    wide = images.receptive_fields(np.zeros((2, 6)), shape=(2, 3))
    assert np.asarray(wide.images[0].get_array()).shape[1] > 4


@pytest.mark.parametrize(
    ("fields", "shape", "words"),
    [(np.ones(4), None, "neurons, inputs"), (np.ones((2, 6)), (2, 2), "does not hold 6")],
)
def test_receptive_fields_refuse(fields, shape, words):
    with pytest.raises(InvalidValueError, match=words):
        images.receptive_fields(fields, shape=shape)


def test_confusion_shows_every_number():
    ax = images.confusion([[8, 2, 0], [1, 6, 3]], ["a", "b"])
    assert sorted(t.get_text() for t in ax.texts) == ["1", "2", "3", "6", "8"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "none"]
    shares = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(shares, [[0, 20, 0], [10, 0, 30]])
    with pytest.raises(InvalidValueError, match="matrix"):
        images.confusion([[1, 2, 3]], ["a", "b"])
