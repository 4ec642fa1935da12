"""How fast a brain runs on a page, and when it stops for the next frame."""

from __future__ import annotations

import math
import time

FRAMES_A_SECOND = 30.0
SHARE = 0.03
"""Frames may cost so much of the time; where they are dear there are fewer."""

LONGEST = 0.2
"""... but one comes after so many seconds, whatever it costs."""

LOOK = 0.1
"""While no page is open, the brain looks after so many seconds whether one came."""

LATE = 0.25
"""Who is behind the clock by more seconds than this does not catch up."""

SAMPLES = 10
"""Between two frames, so often the potential of a watched neuron is taken."""


class Pace:
    """Whether a brain runs, and how fast.

    Parameters
    ----------
    dt : float
        Time step, ms.
    step : int
        Of the brain now.
    running : bool
        Whether it begins at once.
    owned : bool
        Whether the page runs the brain; a script is held up only while somebody looks on.

    Attributes
    ----------
    running : bool
        Whether it runs.
    factor : float or None
        Simulated time over real time. None: as fast as possible.
    left : int or None
        Steps until it pauses. None: it does not.
    watched : int
        Open pages.
    sampling : bool
        Whether a neuron's potential is taken between frames.
    filmed : bool
        Whether a film is recorded.
    """

    def __init__(self, dt: float, step: int, running: bool, owned: bool) -> None:
        self.dt, self._owned = dt, owned
        self.running, self.left = running, None if running else 0
        self.factor: float | None = None
        self.watched, self.sampling, self.filmed = 0, False, False
        self._cost = self._spent = 0.0
        self._rate = 0.0
        self._left_at = time.perf_counter()
        self._left_step = step
        self._framed_at = self._framed_cpu = -math.inf
        self._anchor: tuple[float, int] | None = None
        self._speeds: list[tuple[float, int]] = []

    # -- what is wanted

    def run(self, steps: int | None = None) -> None:
        """Begin to run.

        Parameters
        ----------
        steps : int, optional
            So many; None: on and on.
        """
        self.running, self.left = True, steps
        self._anchor = None
        self._speeds.clear()

    def pause(self) -> None:
        """Stop at the next step."""
        self.running, self.left = False, 0
        self._speeds.clear()

    def choose(self, factor: float | None) -> None:
        """Run at another speed.

        Parameters
        ----------
        factor : float or None
            Simulated time over real time. None: as fast as possible.
        """
        self.factor, self._anchor = factor, None

    def restart(self, step: int) -> None:
        """Go on from another step: the brain is another.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        self._left_step, self._anchor = step, None
        self._speeds.clear()

    # -- the clock

    @property
    def seen(self) -> bool:
        """Whether anybody wants frames."""
        return self.watched > 0 or self.filmed

    @property
    def binding(self) -> bool:
        """Whether speed and pauses hold."""
        return self._owned or self.watched > 0

    @property
    def period(self) -> float:
        """From one frame to the next, s."""
        return min(max(1.0 / FRAMES_A_SECOND, self._cost / SHARE), LONGEST)

    @property
    def speed(self) -> float:
        """Simulated time over real time, lately; 0 while it pauses."""
        if not self.running or len(self._speeds) < 2:
            return 0.0
        (since, first), (now, last) = self._speeds[0], self._speeds[-1]
        return (last - first) * self.dt / 1000.0 / max(now - since, 1e-6)

    def arrive(self, step: int) -> None:
        """Note that a boundary was reached.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        now, done = time.perf_counter(), step - self._left_step
        if done > 0:
            found = done / max(now - self._left_at, 1e-6)
            # Who finds himself slower looks sooner at once.
            self._rate = min(found, 0.7 * self._rate + 0.3 * found) if self._rate else found
            if self.left is not None:
                self.left -= min(done, self.left)
        if self.left == 0:
            self.running = False
        self._speeds.append((now, step))
        while len(self._speeds) > 2 and now - self._speeds[0][0] > 1.0:
            self._speeds.pop(0)

    def frame_due(self) -> bool:
        """Whether it is time for a frame, if a page is open."""
        # A boundary comes a little early or late.
        now = time.perf_counter()
        if not self.seen or now - self._framed_at < 0.9 * self.period:
            return False
        late = now - self._framed_at >= LONGEST
        if late or self.factor is not None or not self.running:
            return True
        # Beside other programs the brain gets a part of the time only; so do frames.
        return time.thread_time() - self._framed_cpu >= 0.9 * self._cost / SHARE

    def framed_since(self, began: float) -> float:
        """How long ago the frame before was.

        Parameters
        ----------
        began : float
            When this one began, by `time.perf_counter`.

        Returns
        -------
        float
            Seconds; 0 for the first.
        """
        since = began - self._framed_at
        return since if math.isfinite(since) else 0.0

    def framed(self, began: float) -> None:
        """Note that a frame was made.

        Parameters
        ----------
        began : float
            When that began, by `time.perf_counter`.
        """
        self._cost = 0.8 * self._cost + 0.2 * self._spent
        self._spent, self._framed_at = 0.0, began
        self._framed_cpu = time.thread_time()

    def charge(self, seconds: float) -> None:
        """Note what it costs to look between two steps.

        Parameters
        ----------
        seconds : float
            Processor time of the brain's thread: beside other programs it may have waited as well.
        """
        self._spent += seconds

    def early(self, step: int) -> float:
        """How long to wait before the brain goes on.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        float
            Seconds; 0: it may go on.
        """
        if self.factor is None or not self.binding:
            self._anchor = None
            return 0.0
        now = time.perf_counter()
        if self._anchor is None:
            self._anchor = (now, step)
        since, first = self._anchor
        due = since + (step - first) * self.dt / 1000.0 / self.factor
        if due < now - LATE:
            self._anchor = (now, step)
        return max(0.0, due - now)

    def leave(self, step: int) -> int:
        """Note that the brain goes on.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int
            How many steps until it is to look again.
        """
        self._left_at, self._left_step = time.perf_counter(), step
        period = self.period if self.seen else LOOK
        reachable = self._rate * period
        if self.factor is not None and self.binding:
            reachable = min(reachable, self.factor * 1000.0 / self.dt * period)
        steps = max(1, round(reachable))
        if self.sampling and self.watched:
            # The samples of a frame lie at equal distances, a power of two.
            stride = 1 << (max(1, round(reachable / SAMPLES)).bit_length() - 1)
            steps = stride - step % stride
        return steps if not self.left else min(steps, self.left)
