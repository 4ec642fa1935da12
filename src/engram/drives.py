"""What drives a brain from outside by itself, step after step; and the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from engram.errors import InvalidValueError
from engram.mechanisms.inputs import Inputs
from engram.mechanisms.lasting import PoissonInput, TimedInput
from engram.network import present
from engram.network.network import Network
from engram.stimulus import TimedArray


class Drives:
    """Lasting inputs of a `Brain`, and its live page."""

    network: Network

    open_page: ClassVar[Callable[..., Any] | None] = None
    """What opens the page of `live`: it stands above all that a brain is made of, and enters itself
    here when `engram` is imported."""

    @property
    def inputs(self) -> tuple[PoissonInput | TimedInput, ...]:
        """The lasting inputs (`poisson_input`, `drive`); `remove` of each ends it."""
        return self.network.find(Inputs).present

    def hold(self, region: str, values: ArrayLike) -> None:
        """Hold a stimulus in every step from now on, until `release`.

        Parameters
        ----------
        region : str
            Name of the region.
        values : array_like of shape (k,)
            As for `stimulate`.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            As for `stimulate`.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=10)
        >>> brain.hold("eye", [1.0])
        >>> brain.run(100)
        >>> brain.release("eye")
        """
        self.network.check_awake("Brain.hold")
        present.hold(self.network, self.network.region("Brain.hold", region), values)

    def release(self, region: str) -> None:
        """End what `hold` began.

        Parameters
        ----------
        region : str
            Name of the region.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidValueError
            The brain is asleep.
        """
        target = self.network.region("Brain.release", region)
        self.network.check_awake("Brain.release")
        present.release(self.network, target)

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

    def live(
        self,
        port: int = 0,
        open_browser: bool = True,
        host: str = "127.0.0.1",
        *,
        run: bool = False,
        token: str | None = None,
        positions: Mapping[str, ArrayLike] | None = None,
        title: str = "Engram",
    ) -> Any:
        """Show the brain on a page in the browser while it goes on. Needs the extra `live`.

        A script goes on and runs the brain as before; the page shows it, pauses it, and does to it
        what its user wants, always between two steps and in the thread that runs it. While no page
        is open the brain runs on at full speed. The page changes nothing unless its user does.

        Parameters
        ----------
        port : int
            Where it is served. 0: a free one.
        open_browser : bool
            Whether to open it.
        host : str
            Where to listen. Another address than this machine's own lets others see and drive the
            brain; they need the token, which stands in the address.
        run : bool
            Whether the page runs the brain itself, in a thread of its own, as notebooks want it. A
            script must not run it then.
        token : str, optional
            What pages must know. None: a new one for others than loopback addresses, else nothing.
        positions : mapping of str to array_like of shape (n, 3), optional
            By region, where its neurons are, in any unit. Others are drawn by the type of the
            region.
        title : str
            Of the page; if it is left alone, the name of the script.

        Returns
        -------
        engram.live.page.LivePage
            Its `address` is what to open; `close` ends it, `record` makes a film, `wait` waits for
            Ctrl-C.

        Raises
        ------
        MissingExtraError
            Starlette, uvicorn or websockets are not installed.
        UnknownNameError, InvalidTypeError, InvalidValueError
            A value is not valid, or the port is in use.

        Examples
        --------
        >>> from engram import Brain, RegionType
        >>> brain = Brain(seed=1)
        >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=100)
        >>> with brain.live(open_browser=False) as page:
        ...     brain.run(1000)
        """
        open_page = type(self).open_page
        if open_page is None:
            raise InvalidValueError("Brain.live: import engram, not a part of it only")
        return open_page(
            self,
            port=port,
            open_browser=open_browser,
            host=host,
            run=run,
            token=token,
            positions=positions,
            title=title,
        )
