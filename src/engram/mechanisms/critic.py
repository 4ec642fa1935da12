"""A spiking critic: reward-prediction error as dopamine (Fremaux, Sprekeler & Gerstner 2013)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, number
from engram.network.network import Network
from engram.network.population import n_excitatory
from engram.parameters import Parameter, Parameterized

MOST_REWARD = 1e6

SLOW, FAST, SLOW_REWARD, FAST_REWARD, ERROR = range(5)
"""The state of a critic: sums over spikes and rewards, and the error of the last step."""


class Critic(Parameterized, saved_as="engram.critic:Critic"):
    """A region whose rate is the value of the present, and the TD error it makes of rewards.

    V = value_at_rest + value_per_hz x rate. The rate, in Hz, is the mean over the region's
    excitatory neurons of their spikes seen through the kernel
    (exp(-t / tau_value) - exp(-t / tau_rise)) / (tau_value - tau_rise); r(t) are the rewards seen
    through the same kernel. With times in seconds,

        TD error = dV/dt - V / tau_discount + r

    and the dopamine D of each target follows gain x TD error, smoothed by the `dopamine_decay` of
    its rule. The compiled loop computes it in each step, from the exact change of V; a spike counts
    from the next step on. `Brain.add_critic` makes one.

    References
    ----------
    .. [1] Fremaux, Sprekeler & Gerstner 2013, doi:10.1371/journal.pcbi.1003024

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> a, value = brain.add_region("a"), brain.add_region("value", "reward")
    >>> path = brain.connect_regions("a", "value")
    >>> critic = brain.add_critic("value", path.label, tau_discount=2000.0)
    >>> critic.reward(1.0)
    >>> brain.run(100)
    >>> critic.td_error > 0  # more than was expected
    True
    """

    tau_discount = Parameter(4000.0, low=1e-6, unit="ms", doc="how far ahead rewards count")
    tau_value = Parameter(200.0, low=0.0, open_low=True, unit="ms", doc="decay of the kernel")
    tau_rise = Parameter(50.0, low=0.0, open_low=True, unit="ms", doc="rise of the kernel")
    value_per_hz = Parameter(
        0.02, low=-MOST_REWARD, high=MOST_REWARD, unit="reward/Hz", doc="value of a rate of 1 Hz"
    )
    value_at_rest = Parameter(
        0.0, low=-MOST_REWARD, high=MOST_REWARD, unit="reward", doc="value of silence"
    )
    gain = Parameter(
        1.0, low=-MOST_REWARD, high=MOST_REWARD, doc="dopamine that a TD error of 1/s leads to"
    )
    prediction = Parameter(True, doc="False: the error is r alone, as if there were no critic")

    _network: Network
    _index: int | None
    _region: str
    _targets: tuple[str, ...]

    def tie(self, network: Network, index: int, region: str, targets: tuple[str, ...]) -> Critic:
        """Belong to a network.

        Parameters
        ----------
        network : Network
            Where it belongs.
        index : int
            Its row in the tables of critics.
        region : str
            Name of the region whose spikes are the value.
        targets : tuple of str
            Where the TD error becomes dopamine: targets as for `Brain.reward`.

        Returns
        -------
        Critic
            This one.
        """
        self._network, self._index = network, index
        self._region, self._targets = region, targets
        return self.attach(network.change)

    def untie(self) -> None:
        """Be critic no more: the region was removed."""
        self._index = None

    @property
    def number(self) -> int:
        """Its row in the tables of critics; `InvalidValueError` if its region was removed."""
        if self._index is None:
            raise InvalidValueError(f"Critic: region {self._region!r} was removed from its brain")
        return self._index

    def move(self, index: int) -> None:
        """Have another row in the tables of critics.

        Parameters
        ----------
        index : int
            Its number.
        """
        self._index = index

    def rename(self, region: str, targets: tuple[str, ...]) -> None:
        """Know its region and targets by other names.

        Parameters
        ----------
        region : str
            Name of the region.
        targets : tuple of str
            Labels of projections.
        """
        self._region, self._targets = region, targets

    @property
    def region(self) -> str:
        """Name of the region whose spikes are the value."""
        return self._region

    @property
    def targets(self) -> tuple[str, ...]:
        """Where the TD error becomes dopamine: targets as for `Brain.reward`."""
        return self._targets

    @property
    def _state(self) -> NDArray[np.float64]:
        state: NDArray[np.float64] = self._network.tables["critic_state"][self.number]
        return state

    @property
    def taus(self) -> tuple[float, float]:
        """The two time constants of the kernel, ms; equal ones are told apart a little."""
        slow, fast = self.tau_value, self.tau_rise
        return slow, fast if abs(fast - slow) > 1e-4 * slow else slow * (1.0 - 1e-4)

    def spike_value(self) -> float:
        """Value of one spike, of the difference of the two sums: 1 Hz is 1e-3 spikes a ms."""
        slow, fast = self.taus
        n = n_excitatory(self._network, self._network.regions[self._region])
        return 1e3 * self.value_per_hz / (max(n, 1) * (slow - fast))

    def factors(self, dt: float) -> tuple[float, ...]:
        """What the compiled loop multiplies by, see `kernels.neuromodulation.criticise`.

        Parameters
        ----------
        dt : float
            Time step, ms.

        Returns
        -------
        tuple of eleven floats
            In the order of the loop.
        """
        slow, fast = self.taus
        return (
            self.spike_value(),
            self.value_at_rest,
            math.exp(-dt / slow),
            math.exp(-dt / fast),
            -slow / dt * math.expm1(-dt / slow),
            -fast / dt * math.expm1(-dt / fast),
            1e3 / dt,
            1e3 / self.tau_discount,
            1e3 / (slow - fast),
            self.gain,
            float(self.prediction),
        )

    @property
    def value(self) -> float:
        """V now, in units of reward."""
        state = self._state
        return self.value_at_rest + self.spike_value() * float(state[SLOW] - state[FAST])

    @property
    def td_error(self) -> float:
        """The TD error of the last step, 1/s."""
        return float(self._state[ERROR])

    def reward(self, amount: float) -> None:
        """Give a reward: r(t) from the next step on.

        Parameters
        ----------
        amount : float
            The integral of r(t). Negative for a punishment.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            It is no number within +-1e6.
        """
        size = number("Critic.reward: amount", amount, -MOST_REWARD, MOST_REWARD)
        self._state[[SLOW_REWARD, FAST_REWARD]] += size

    def reset(self) -> None:
        """Forget spikes and rewards: V is at rest. Dopamine stays, see `Brain.reset_traces`."""
        self._state[:] = 0.0
