"""Errors reach whoever waits for them in another process."""

import copy
import importlib
import inspect
import multiprocessing
import pickle
import pkgutil

import pytest

import engram
from engram.errors import EngramError, MissingExtraError


def all_kinds():
    for found in pkgutil.walk_packages(engram.__path__, "engram."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    kinds, waiting = set(), [EngramError]
    while waiting:
        kind = waiting.pop()
        kinds.add(kind)
        waiting += kind.__subclasses__()
    return sorted((k for k in kinds if k.__module__.startswith("engram")), key=lambda k: k.__name__)


class OfAUser(EngramError, ValueError):
    """An error with a constructor of its own."""

    def __init__(self, region, *, step):
        super().__init__(f"{region} failed at {step}")
        self.step = step


def made(kind):
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    needed = [
        p.name for p in parameters
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
    ]  # fmt: skip
    return kind(*(needed or ["why"]))


@pytest.mark.parametrize(
    "twin_of", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_every_error_can_be_copied_and_pickled(twin_of):
    kinds = all_kinds()
    assert len(kinds) >= 9
    for error in [*map(made, kinds), OfAUser("cortex", step=3)]:
        error.add_note("in the worker")
        twin = twin_of(error)
        assert type(twin) is type(error)
        assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))
        if isinstance(error, ImportError):
            assert twin.msg == error.msg


def fails(_):
    raise MissingExtraError("engram.plots", "matplotlib", "viz")


def test_an_error_in_a_pool_reaches_the_caller():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answer = pool.map_async(fails, [0])
        with pytest.raises(MissingExtraError, match=r"engram\.plots needs matplotlib"):
            answer.get(timeout=300)
