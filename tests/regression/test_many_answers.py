"""An answer does not depend on how many came before it, nor on the number of threads.

Rates are worked out for a block of images at a time; the clock went on from block to block, and
with it the random numbers of input spikes.
"""

import numpy as np

from engram import Competition
from engram.circuits.competition import BLOCK
from engram.learn import STDPClassifier


def test_answers_after_a_block_are_those_of_the_key_alone():
    c = Competition(16, 6, seed=1, steps=100, total_weight=6.0, max_rate=200.0)
    images = np.random.default_rng(0).random((BLOCK + 40, 16))
    late = np.arange(BLOCK, len(images))
    expected = c.respond(images[late], keys=late)
    assert expected.sum() > 0
    np.testing.assert_array_equal(c.respond(images)[late], expected)


def test_threads_change_no_answer():
    samples = np.random.default_rng(0).random((2 * BLOCK, 16))
    model = STDPClassifier(6, steps=50, random_state=1).learn_features(samples[:50])
    alone = model.transform(samples)
    assert alone.sum() > 0
    np.testing.assert_array_equal(model.set_params(n_jobs=3).transform(samples), alone)
