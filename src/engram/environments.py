"""Worlds as Gymnasium environments: a grid, and a T-maze that needs a memory.

They are registered as ``engram/GridWorld-v0`` and ``engram/TMaze-v0``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, MissingExtraError, brief, integer, unknown_name
from engram.parameters.listing import public_names

try:
    import gymnasium
except ImportError as error:
    raise MissingExtraError("engram.environments", "gymnasium", "agents") from error

GRID_WORLD, T_MAZE = "engram/GridWorld-v0", "engram/TMaze-v0"
MOVES = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
"""What the actions up, right, down and left add to (row, column)."""

Cell = tuple[int, int]


class GridWorld(gymnasium.Env[NDArray[np.float32], int]):  # type: ignore[misc]
    """A square of cells with a goal; the only reward is 1 at the goal, where the episode ends.

    Observations are (row, column) as two real numbers, actions 0 to 3 lead up, right, down and
    left; whoever walks into the edge or a wall stays. An episode starts at a random cell or at
    ``reset(options={"start": (row, column)})``.

    Parameters
    ----------
    size : int
        Cells along an edge, 2 at least.
    goal : tuple of two ints, optional
        Its cell, (row, column). None: the last corner. Can be assigned.
    walls : sequence of tuples of two ints
        Cells that nobody can enter.
    shaped : bool
        Also reward the change of the distance to the goal (in steps, walls included), times 0.1.
    render_mode : {"ansi"}, optional
        What `render` gives. None: nothing.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A cell is outside, or no way leads to the goal.

    Examples
    --------
    >>> from engram.environments import GridWorld
    >>> world = GridWorld(size=3, goal=(0, 1))
    >>> _ = world.reset(options={"start": (0, 0)})
    >>> world.step(1)[1:3]
    (1.0, True)
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(
        self,
        size: int = 5,
        goal: Cell | None = None,
        walls: Sequence[Cell] = (),
        shaped: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.size = integer("GridWorld: size", size, 2)
        self.walls = frozenset(self._cell("walls", wall) for wall in walls)
        self.shaped = shaped
        self.render_mode = render_mode
        self.goal = (size - 1, size - 1) if goal is None else goal
        self.observation_space = gymnasium.spaces.Box(0.0, size - 1.0, (2,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(4)
        self._at = self.starts[0]

    def _cell(self, what: str, cell: Cell) -> Cell:
        place = tuple(int(i) for i in cell)
        if len(place) != 2 or not all(0 <= i < self.size for i in place):
            raise InvalidValueError(
                f"GridWorld: {what}: {cell!r} is no cell; rows and columns go from 0 to "
                f"{self.size - 1}"
            )
        return place[0], place[1]

    @property
    def goal(self) -> Cell:
        """The cell of the reward. Can be assigned."""
        return self._goal

    @goal.setter
    def goal(self, cell: Cell) -> None:
        goal = self._cell("goal", cell)
        if goal in self.walls:
            raise InvalidValueError(f"GridWorld: goal: there is a wall at {goal}")
        before = getattr(self, "_goal", None)
        self._goal = goal
        self.distance = self._distances()
        """Steps from each cell to the goal; -1 where no way leads there."""
        if not (self.distance > 0).any():
            self._goal = before if before is not None else goal
            raise InvalidValueError(f"GridWorld: goal: no way leads to {goal}")

    @property
    def starts(self) -> list[Cell]:
        """The cells from which a way leads to the goal."""
        return [(int(i), int(j)) for i, j in np.argwhere(self.distance > 0)]

    def _distances(self) -> NDArray[np.int64]:
        found = np.full((self.size, self.size), -1)
        found[self._goal] = 0
        front = [self._goal]
        while front:
            here = front.pop(0)
            for move in range(4):
                there = self._neighbour(here, move)
                if found[there] < 0:
                    found[there] = found[here] + 1
                    front.append(there)
        return found

    def _neighbour(self, cell: Cell, action: int) -> Cell:
        i, j = cell[0] + int(MOVES[action, 0]), cell[1] + int(MOVES[action, 1])
        inside = 0 <= i < self.size and 0 <= j < self.size
        return (i, j) if inside and (i, j) not in self.walls else cell

    def _observation(self) -> NDArray[np.float32]:
        return np.array(self._at, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode.

        Parameters
        ----------
        seed : int, optional
            Of what is drawn from now on. None: it goes on as it was.
        options : dict, optional
            ``{"start": (row, column)}``. Without, a random cell.

        Returns
        -------
        observation : array of shape (2,), float32
            Row and column.
        info : dict
            Empty.

        Raises
        ------
        InvalidValueError
            No way leads from the start to the goal.
        """
        super().reset(seed=seed)
        starts = self.starts
        if options is not None and "start" in options:
            start = self._cell("start", options["start"])
            if start not in starts:
                raise InvalidValueError(f"GridWorld: start: no way leads from {start} to the goal")
            self._at = start
        else:
            self._at = starts[int(self.np_random.integers(len(starts)))]
        return self._observation(), {}

    def step(self, action: int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One move.

        Parameters
        ----------
        action : int
            0: up, 1: right, 2: down, 3: left.

        Returns
        -------
        observation : array of shape (2,), float32
            Row and column.
        reward : float
            1 at the goal, else 0; and more where it is shaped.
        terminated : bool
            Whether it is the goal.
        truncated : bool
            False.
        info : dict
            Empty.

        Raises
        ------
        InvalidValueError
            There is no such action.
        """
        if not self.action_space.contains(action):
            raise InvalidValueError(f"GridWorld: action must be 0, 1, 2 or 3, not {brief(action)}")
        before = int(self.distance[self._at])
        self._at = self._neighbour(self._at, int(action))
        at_goal = self._at == self._goal
        reward = float(at_goal)
        if self.shaped:
            reward += 0.1 * (before - int(self.distance[self._at]))
        return self._observation(), reward, at_goal, False, {}

    def render(self) -> str | None:
        """The grid as text, with ``render_mode="ansi"``: agent A, goal G, walls #."""
        if self.render_mode != "ansi":
            return None
        rows = [["."] * self.size for _ in range(self.size)]
        for i, j in self.walls:
            rows[i][j] = "#"
        rows[self._goal[0]][self._goal[1]] = "G"
        rows[self._at[0]][self._at[1]] = "A"
        return "\n".join("".join(row) for row in rows)


CUE_LEFT, CUE_RIGHT, CORRIDOR, JUNCTION = range(4)
"""What is seen in a T-maze."""


class TMaze(gymnasium.Env[int, int]):  # type: ignore[misc]
    """A cue, a corridor, and a junction where the side that the cue had named is rewarded.

    The cue is seen once. Whatever is done there and in the corridor leads on; at the junction,
    which looks the same after both cues, the episode ends with 1 for the right side, else 0.
    Whoever remembers nothing is right half of the time (as in the T-maze of Bakker 2002).

    Observations are 0 and 1 (the cue is left, right), 2 (corridor) and 3 (junction); actions 0
    (left) and 1 (right).

    Parameters
    ----------
    shortest, longest : int
        Steps in the corridor, drawn for each episode, 0 at least.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A length is no whole number, or they are in the wrong order.

    References
    ----------
    .. [1] Bakker 2002, Reinforcement learning with long short-term memory, NIPS 14, 1475-1482

    Examples
    --------
    >>> from engram.environments import TMaze
    >>> maze = TMaze()
    >>> maze.reset(options={"delay": 1, "cue": 1})
    (1, {})
    >>> maze.step(0)[0], maze.step(0)[0], maze.step(1)[1:3]
    (2, 3, (1.0, True))
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, shortest: int = 1, longest: int = 10) -> None:
        self.shortest = integer("TMaze: shortest", shortest, 0)
        self.longest = integer("TMaze: longest", longest, self.shortest)
        self.observation_space = gymnasium.spaces.Discrete(4)
        self.action_space = gymnasium.spaces.Discrete(2)
        self._cue = self._left = 0
        self._seen = CORRIDOR

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Begin an episode.

        Parameters
        ----------
        seed : int, optional
            Of what is drawn from now on. None: it goes on as it was.
        options : dict, optional
            ``{"delay": steps in the corridor, "cue": 0 or 1}``, or one of them. Without, drawn.

        Returns
        -------
        observation : int
            The cue.
        info : dict
            Empty.
        """
        super().reset(seed=seed)
        cue = int(self.np_random.integers(2))
        left = int(self.np_random.integers(self.shortest, self.longest + 1))
        given = options or {}
        for name in given.keys() - {"delay", "cue"}:
            raise unknown_name("TMaze.reset: options", "option", name, ("delay", "cue"))
        self._cue = integer("TMaze: cue", given.get("cue", cue), 0, 1)
        self._left = integer("TMaze: delay", given.get("delay", left), 0)
        self._seen = CUE_RIGHT if self._cue else CUE_LEFT
        return self._seen, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Go on, or turn at the junction.

        Parameters
        ----------
        action : int
            0: left, 1: right.

        Returns
        -------
        observation : int
            Corridor or junction.
        reward : float
            1 at the junction on the side of the cue, else 0.
        terminated : bool
            Whether it was at the junction.
        truncated : bool
            False.
        info : dict
            Empty.

        Raises
        ------
        InvalidValueError
            There is no such action.
        """
        if not self.action_space.contains(action):
            raise InvalidValueError(f"TMaze: action must be 0 or 1, not {brief(action)}")
        if self._seen == JUNCTION:
            return JUNCTION, float(int(action) == self._cue), True, False, {}
        self._seen = CORRIDOR if self._left > 0 else JUNCTION
        self._left -= 1
        return self._seen, 0.0, False, False, {}


def register() -> None:
    """Make `GRID_WORLD` and `T_MAZE` known to Gymnasium.

    Examples
    --------
    >>> import gymnasium
    >>> from engram import environments
    >>> environments.register()  # done when the module is imported, too
    >>> gymnasium.make("engram/GridWorld-v0", size=3).unwrapped.size
    3
    """
    if GRID_WORLD not in gymnasium.registry:
        gymnasium.register(
            GRID_WORLD, entry_point="engram.environments:GridWorld", max_episode_steps=100
        )
    if T_MAZE not in gymnasium.registry:
        gymnasium.register(T_MAZE, entry_point="engram.environments:TMaze")


register()

__all__ = ["GRID_WORLD", "T_MAZE", "GridWorld", "TMaze", "register"]
__dir__ = public_names(__name__)
