"""What a trial returns beside its figures: whether each arm was right at each test item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Answers = dict[str, list[bool]]


def with_answers(
    figures: Mapping[str, float], answers: Mapping[str, ArrayLike], items: str | None = None
) -> dict[str, Any]:
    """The figures, "answers" (arm -> right or not, of the same items in the same order for all
    arms), and "items", which tells the test set of this seed from that of another."""
    told = {arm: np.asarray(found, bool).tolist() for arm, found in answers.items()}
    if len({len(found) for found in told.values()}) > 1:
        raise ValueError(f"answers of {list(told)} are not about the same items")
    return {**figures, "answers": told, **({} if items is None else {"items": items})}


class Tally:
    """Figures by arm, and the answers that they come from."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self.answers: Answers = {}

    def add(self, arm: str, found: ArrayLike) -> None:
        """Keep whether each answer of an arm is right; its figure: per cent right."""
        told = np.asarray(found, bool)
        self.answers[arm] = told.tolist()
        self.figures[arm] = 100.0 * float(told.mean())

    def result(self, items: str | None = None) -> dict[str, Any]:
        """What a trial returns."""
        return with_answers(self.figures, self.answers, items)
