"""What drives a brain from outside by itself, step after step."""

from __future__ import annotations

from numpy.typing import ArrayLike

from engram.mechanisms.inputs import Inputs
from engram.mechanisms.lasting import PoissonInput, TimedInput
from engram.network.network import Network
from engram.stimulus import TimedArray


class Drives:
    """Lasting inputs of a `Brain`."""

    network: Network

    @property
    def inputs(self) -> tuple[PoissonInput | TimedInput, ...]:
        """The lasting inputs (`poisson_input`, `drive`); `remove` of each ends it."""
        return self.network.find(Inputs).present

    def poisson_input(
        self, region: str, rate: float, weight: float, n: int = 1, indices: ArrayLike | None = None
    ) -> PoissonInput:
        """Let Poisson spikes arrive at each neuron, from now on: n sources of `rate` Hz each.

        In each step a neuron gets a number of spikes that is Poisson with the mean n rate dt /
        1000, independently of the others; each acts like one over a synapse of that weight at the
        soma. Numbers are drawn as such, so that any rate is right. In sleep there are none.

        Parameters
        ----------
        region : str
            Name of the region.
        rate : float
            Of each source, Hz, in [0, 1e5].
        weight : float
            Of each spike, in the unit of the model's synapses, within +-1e8; negative: inhibitory.
        n : int
            Sources of each neuron, 1 to 1e6.
        indices : array_like of shape (k,), optional
            Neurons of the region; who is born later gets none. None: all, newborns too.

        Returns
        -------
        PoissonInput
            Its `rate`, `weight` and `n` can be assigned; `remove` ends it.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            A value is not valid, ``n rate |weight| / 1000`` is above 1e10, or a neuron is missing.

        Examples
        --------
        >>> from engram import LIF, Brain, RegionType
        >>> brain = Brain(dt=0.1, seed=1)
        >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, 100, model=LIF)
        >>> noise = brain.poisson_input("cortex", rate=10.0, weight=0.02, n=1000)
        >>> brain.run(1000)
        >>> noise.remove()
        """
        return self.network.find(Inputs).poisson(region, rate, weight, n, indices)

    def drive(
        self, region: str, values: TimedArray, indices: ArrayLike | None = None
    ) -> TimedInput:
        """Let the input of a region follow an array, from now on.

        It adds to all other input: a current in the unit of the model or, for Poisson sources,
        their rate in Hz. It goes by the brain's clock; `reset_state` leaves it. In sleep there is
        none.

        Parameters
        ----------
        region : str
            Name of the region.
        values : TimedArray
            Of shape (n,): for all neurons alike, or (n, k): one column for each.
        indices : array_like of shape (k,), optional
            Neurons of the region; who is born later gets none. None: all, newborns too if
            the array has the shape (n,).

        Returns
        -------
        TimedInput
            `remove` ends it.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            It is no TimedArray, its dt is no multiple of the brain's, or it has another number of
            columns than there are neurons.

        Examples
        --------
        >>> import numpy as np
        >>> from engram import Brain, RegionType, TimedArray
        >>> brain = Brain(seed=1)
        >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, 100)
        >>> ramp = brain.drive("cortex", TimedArray(np.linspace(0.0, 10.0, 101), dt=5.0))
        >>> brain.run(500)
        """
        return self.network.find(Inputs).timed(region, values, indices)
