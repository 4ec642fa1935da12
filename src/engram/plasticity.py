"""Learning rules: STDP, reward-modulated STDP, and the base for a user's own.

A rule is written for one synapse at one event; the engine applies it to dense and sparse
projections alike. ``x`` is the trace of the spikes that have arrived at the synapse, ``y`` that of
the postsynaptic neuron's spikes; each jumps at a spike and decays exponentially. The jump is the
mean of exp(-t / tau) over a step, so that the mean of a trace is rate x tau whatever dt is. A
synapse born later takes over the trace of its axon.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from numpy.typing import ArrayLike

from engram.errors import InvalidTypeError, InvalidValueError, brief
from engram.kernels import rules
from engram.kernels.constants import MOST_INPUT
from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.parameters.signatures import (
        RewardSTDPValues,
        STDPValues,
        TraceSTDPValues,
        TripletSTDPValues,
    )


Restriction = Callable[[str, ArrayLike], contextlib.AbstractContextManager[None]]
"""What a brain's own rule restricts learning by."""

MOST_CHANGE = 1e6
"""Largest change at an event that a rule may ask for, in units of w_max."""

THRESHOLD = "whether the sliding threshold of BCM scales potentiation"
"""What `metaplastic` says of itself."""


class PlasticityRule(Parameterized):
    """Base of learning rules. To make one, declare parameters and two static functions.

    ``on_pre`` runs when a spike arrives at a synapse, ``on_post`` when the postsynaptic neuron
    fires; a rule that learns at postsynaptic spikes alone leaves ``on_pre`` out, and costs nothing
    at arrivals. Each takes by name any of ``w`` (magnitude of the weight), ``x``, ``x2``, ``y``,
    ``y2`` (traces just before the event), ``w_min``, ``w_max`` and the rule's parameters (at most
    8 of them), and returns the new magnitude, which is then kept within [w_min, w_max]. A rule
    that dopamine modulates derives from `ModulatedRule`.

    A pair that meets in one step is an arrival before firing: ``on_post`` sees it, ``on_pre`` does
    not. A spike adds tau / dt (1 - exp(-dt / tau)) to its trace, 1 for short steps: its mean over
    the step, since a neuron fires anywhere in a step. If the rule is ``metaplastic``, the ``x`` and
    ``x2`` of ``on_post`` are scaled by the neuron's gain, see `Brain.metaplasticity`.

    Attributes
    ----------
    modulated : bool
        Whether dopamine modulates the rule; true of a `ModulatedRule`, and can't be set.
    pre_traces, post_traces : dict of str to str
        Names of traces (x, x2; y, y2), and of the parameters that are their time constants.
    on_pre, on_post : callable
        See above.

    Examples
    --------
    >>> from engram import Parameter, PlasticityRule
    >>> class Oja(PlasticityRule):
    ...     eta = Parameter(0.01, low=0.0)
    ...     tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    ...     pre_traces = {"x": "tau"}
    ...     post_traces = {}
    ...
    ...     @staticmethod
    ...     def on_post(w, x, eta):
    ...         return w + eta * (x - w)
    """

    modulated: ClassVar[bool] = False
    _has_dopamine: ClassVar[bool] = False
    pre_traces: ClassVar[dict[str, str]] = {"x": "tau_plus"}
    post_traces: ClassVar[dict[str, str]] = {"y": "tau_minus"}
    on_pre: Callable[..., Any] | None = None
    on_post: Callable[..., Any]

    pairing = Parameter(
        "all",
        choices=("all", "nearest"),
        doc="'all': traces add up over spikes; 'nearest': only the latest spike counts",
    )
    metaplastic = Parameter(False, doc=THRESHOLD)

    def __init_subclass__(cls, saved_as: str | None = None) -> None:
        if "_has_dopamine" not in vars(cls):  # else it is ModulatedRule itself
            cls._check_declaration()
        super().__init_subclass__(saved_as)

    @classmethod
    def _check_declaration(cls) -> None:
        if cls.modulated != cls._has_dopamine:
            raise InvalidValueError(
                f"{cls.__name__}.modulated can't be set: a rule that is modulated by dopamine, and "
                f"no other, derives from ModulatedRule, which has the parameters it needs"
            )
        if cls.modulated and cls.on_pre is None:
            raise InvalidValueError(
                f"{cls.__name__}: a rule that is modulated by dopamine needs 'on_pre' (it may "
                f"return 0.0): arrivals bring such weights up to date"
            )
        for traces, valid in ((cls.pre_traces, ("x", "x2")), (cls.post_traces, ("y", "y2"))):
            if not isinstance(traces, Mapping):
                raise InvalidTypeError(
                    f"{cls.__name__}: traces are a dict of their names and time constants, like "
                    f"{{'x': 'tau_plus'}}, not {brief(traces)}"
                )
            if tuple(traces) != valid[: len(traces)]:
                raise InvalidValueError(
                    f"{cls.__name__}: traces are named {valid} in this order, not {tuple(traces)}"
                )
            for tau in traces.values():
                if tau not in cls.parameters():
                    raise InvalidValueError(
                        f"{cls.__name__}: trace time constant {tau!r} is not a parameter"
                    )
        if not hasattr(cls, "on_post"):
            raise InvalidValueError(
                f"{cls.__name__}: a rule needs 'on_post', what a postsynaptic spike makes of a "
                f"weight; one that learns at arrivals alone returns w there (0.0 if dopamine "
                f"modulates it)"
            )


class STDP(PlasticityRule, saved_as="engram.plasticity:STDP"):
    """Spike-timing-dependent plasticity (Song, Miller & Abbott 2000; Guetig et al. 2003).

    At a postsynaptic spike w += A_plus x (w_max - soft w); at the arrival of a presynaptic one
    w -= A_minus y (w_max - soft (w_max - w + w_min)). ``bounds="additive"`` is soft = 0 (steps are
    a fixed share of w_max), ``"multiplicative"`` soft = 1 (steps shrink towards the bounds). The
    arrival time decides, not the time of firing. A pair that meets in one step counts as
    arrival before firing: it potentiates. The mean drift does not depend on dt.

    References
    ----------
    .. [1] Song, Miller & Abbott 2000, doi:10.1038/78829
    .. [2] Guetig et al. 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003

    Examples
    --------
    >>> from engram import STDP, Brain, SpikeTimes
    >>> brain = Brain(seed=1, mechanisms="none")  # else a neuron's first spike does not potentiate
    >>> a = brain.add_region("a", n_neurons=1, model=SpikeTimes([10.0], [0]))
    >>> b = brain.add_region("b", n_neurons=2, model=SpikeTimes([14.0, 8.0], [0, 1]))
    >>> path = brain.connect_regions(
    ...     "a", "b", 1.0, weights=0.5, w_max=1.0, delays=1.0, rule=STDP(A_plus=0.1)
    ... )
    >>> brain.run(20)
    >>> path.weight.round(2)  # onto who fired after the arrival, and who fired before it
    array([0.58, 0.49], dtype=float32)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[STDPValues]) -> None: ...

    metaplastic = Parameter(True, doc=THRESHOLD)

    A_plus = Parameter(
        0.01, low=0.0, high=MOST_CHANGE, doc="potentiation by a coincident pair, in units of w_max"
    )
    A_minus = Parameter(
        0.0105, low=0.0, high=MOST_CHANGE, doc="depression by a coincident pair, in units of w_max"
    )
    tau_plus = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="window of potentiation")
    tau_minus = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="window of depression")
    bounds = Parameter("additive", choices=("additive", "multiplicative"), doc="see above")

    on_pre = staticmethod(rules.stdp_on_pre)
    on_post = staticmethod(rules.stdp_on_post)

    @property
    def soft(self) -> float:
        """1 for multiplicative bounds, 0 for additive ones."""
        return float(self.bounds == "multiplicative")


class ModulatedRule(PlasticityRule):
    """Base of learning rules that are modulated by dopamine.

    ``on_pre`` and ``on_post`` take what those of a `PlasticityRule` take, and return the change of
    the synapse's eligibility c instead of a weight. dc/dt = -c / tau_eligibility, and dopamine
    turns it into weight: dw/dt = c D with time in seconds, dD/dt = -D / dopamine_decay;
    `Brain.reward` and `punish` add to D. Tonic dopamine does so at once: a change of c by dc, with
    the gain of metaplasticity, changes the weight by baseline_dopamine tau_eligibility dc, which
    is what c would turn into in its life. ``on_pre`` can't be left out, for arrivals
    bring such weights up to date; it may return 0.0.

    Examples
    --------
    >>> from engram import ModulatedRule, Parameter
    >>> class Hebb(ModulatedRule):
    ...     eta = Parameter(0.1, low=0.0)
    ...     tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    ...     pre_traces = {"x": "tau"}
    ...     post_traces = {}
    ...
    ...     @staticmethod
    ...     def on_pre():
    ...         return 0.0
    ...
    ...     @staticmethod
    ...     def on_post(x, eta):
    ...         return eta * x
    """

    modulated = True
    _has_dopamine = True

    tau_eligibility = Parameter(
        1000.0, low=0.0, open_low=True, unit="ms", doc="decay of eligibility"
    )
    dopamine_decay = Parameter(
        200.0, low=0.0, open_low=True, unit="ms", doc="time constant of phasic dopamine"
    )
    baseline_dopamine = Parameter(0.0, low=-MOST_INPUT, high=MOST_INPUT, doc="tonic dopamine")


class RewardSTDP(ModulatedRule, saved_as="engram.plasticity:RewardSTDP"):
    """STDP gated by dopamine (Izhikevich 2007).

    At a postsynaptic spike c += A_plus x w_max; at the arrival of a presynaptic one
    c -= A_minus y w_max. Weights are clipped when a spike touches them, when they are read, and
    every two tau_eligibility; in between, they may run beyond a bound.

    STDP changes an eligibility c of the synapse, dc/dt = -c / tau_eligibility, and dopamine turns
    it into weight: dw/dt = c D with time in seconds, dD/dt = -D / dopamine_decay; `Brain.reward`
    and `punish` add to D. Tonic dopamine adds baseline_dopamine tau_eligibility dc at each change
    dc, with the gain of metaplasticity.

    References
    ----------
    .. [1] Izhikevich 2007, doi:10.1093/cercor/bhl152

    Examples
    --------
    >>> from engram import Brain, RewardSTDP, SpikeTimes
    >>> brain = Brain(seed=1)
    >>> a = brain.add_region("a", n_neurons=1, model=SpikeTimes([10.0], [0]))
    >>> b = brain.add_region("b", n_neurons=1, model=SpikeTimes([14.0], [0]))
    >>> rule = RewardSTDP(baseline_dopamine=0.0)
    >>> path = brain.connect_regions("a", "b", 1.0, weights=0.5, w_max=1.0, delays=1.0, rule=rule)
    >>> brain.run(100)
    >>> unpaid = path.weight.copy()  # a pair of spikes leaves eligibility, and no more
    >>> brain.reward(2.0, path.label)
    >>> brain.run(500)
    >>> float(unpaid[0]), bool(path.weight[0] > unpaid[0])
    (0.5, True)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[RewardSTDPValues]) -> None: ...

    metaplastic = Parameter(True, doc=THRESHOLD)

    A_plus = Parameter(
        0.1, low=0.0, high=MOST_CHANGE, doc="eligibility from a coincident pair, in units of w_max"
    )
    A_minus = Parameter(0.1, low=0.0, high=MOST_CHANGE, doc="the same for an arrival after firing")
    tau_plus = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="window of potentiation")
    tau_minus = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="window of depression")
    baseline_dopamine = Parameter(0.005, low=-MOST_INPUT, high=MOST_INPUT, doc="tonic dopamine")

    on_pre = staticmethod(rules.reward_stdp_on_pre)
    on_post = staticmethod(rules.reward_stdp_on_post)

    _restriction: Restriction | None = None

    def restrict_with(self, restriction: Restriction) -> None:
        """Be the one of a brain, which knows how to restrict learning to some neurons.

        Parameters
        ----------
        restriction : callable
            Takes what `restrict_to_posts` takes.
        """
        self._restriction = restriction

    def restrict_to_posts(
        self, target: str, posts: ArrayLike
    ) -> contextlib.AbstractContextManager[None]:
        """Let dopamine teach only the synapses onto some neurons, within a ``with`` block.

        At the end of the block the weights of the target's other synapses are what they were at its
        beginning; their eligibility goes on. Within it they move, so that a block should be as
        short as the effect of a reward.

        Parameters
        ----------
        target : str
            As for `Brain.reward`.
        posts : array_like of shape (k,)
            Neurons of the target region, as indices or as a mask.

        Returns
        -------
        context manager
            To be entered once.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            There is no such target or neuron, dopamine does not act on it, or this is not
            `Brain.reward_stdp`.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> a, b = brain.add_region("a"), brain.add_region("b")
        >>> path = brain.connect_regions("a", "b")
        >>> with brain.reward_stdp.restrict_to_posts(path.label, [3]):
        ...     brain.reward(1.0, path.label)
        ...     brain.run(50)
        """
        if self._restriction is None:
            raise InvalidValueError(
                "RewardSTDP.restrict_to_posts: this rule is of no brain, or of one projection; use "
                "that of Brain.reward_stdp"
            )
        return self._restriction(target, posts)


class TraceSTDP(PlasticityRule, saved_as="engram.plasticity:TraceSTDP"):
    """Learning at postsynaptic spikes alone (Diehl & Cook 2015).

    At a postsynaptic spike w += eta (x - x_tar) (w_max - w)^mu: synapses whose presynaptic neuron
    fired lately (x > x_tar) grow, the others shrink. With ``bounds="both"`` shrinking goes with
    (w - w_min)^mu instead, so that weights spread over the range.

    References
    ----------
    .. [1] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099

    Examples
    --------
    >>> from engram import Brain, SpikeTimes, TraceSTDP
    >>> brain = Brain(seed=1)
    >>> a = brain.add_region("a", n_neurons=2, model=SpikeTimes([10.0], [0]))
    >>> b = brain.add_region("b", n_neurons=1, model=SpikeTimes([14.0], [0]))
    >>> rule = TraceSTDP(eta=0.1)
    >>> path = brain.connect_regions("a", "b", 1.0, weights=0.5, w_max=1.0, delays=1.0, rule=rule)
    >>> brain.run(20)
    >>> path.weight.round(3)  # who fired lately gains, who was silent loses
    array([0.522, 0.48 ], dtype=float32)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[TraceSTDPValues]) -> None: ...

    post_traces: ClassVar[dict[str, str]] = {}

    eta = Parameter(0.01, low=0.0, high=MOST_CHANGE, doc="rate of learning")
    x_tar = Parameter(0.4, low=0.0, high=MOST_CHANGE, doc="trace at which a weight stays")
    mu = Parameter(
        1.0, low=0.0, high=10.0, doc="how changes shrink towards the bound; 0: not at all"
    )
    tau_plus = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="decay of the trace")
    bounds = Parameter("upper", choices=("upper", "both"), doc="see above")

    on_post = staticmethod(rules.trace_on_post)

    @property
    def both(self) -> float:
        """1 if depression shrinks towards the lower bound."""
        return float(self.bounds == "both")


class TripletSTDP(PlasticityRule, saved_as="engram.plasticity:TripletSTDP"):
    """STDP by triplets of spikes (Pfister & Gerstner 2006).

    At a postsynaptic spike w += x (A2_plus + A3_plus y2) (w_max - soft w); at the arrival of a
    presynaptic one w -= y (A2_minus + A3_minus x2) (w_max - soft (w_max - w + w_min)); x and y are
    the fast, x2 and y2 the slow traces, just before the spike at hand. ``bounds`` as of `STDP`.
    With ``pairing="nearest"``, A2_plus = A3_minus = 0, tau_plus = tau_minus = 20 and tau_y = 40 it
    is the rule of the program of Diehl & Cook (2015).

    References
    ----------
    .. [1] Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006
    .. [2] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099

    Examples
    --------
    >>> from engram import Brain, SpikeTimes, TripletSTDP
    >>> brain = Brain(seed=1, mechanisms="none")
    >>> a = brain.add_region("a", n_neurons=1, model=SpikeTimes([10.0, 30.0], [0, 0]))
    >>> b = brain.add_region("b", n_neurons=2, model=SpikeTimes([35.0, 5.0, 35.0], [0, 1, 1]))
    >>> rule = TripletSTDP(A3_plus=0.1)
    >>> path = brain.connect_regions("a", "b", 1.0, weights=0.5, w_max=1.0, delays=1.0, rule=rule)
    >>> brain.run(40)
    >>> path.weight.round(2)  # onto who fired before, too: a triplet of post, pre, post
    array([0.5 , 0.58], dtype=float32)
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Unpack[TripletSTDPValues]) -> None: ...

    pre_traces: ClassVar[dict[str, str]] = {"x": "tau_plus", "x2": "tau_x"}
    post_traces: ClassVar[dict[str, str]] = {"y": "tau_minus", "y2": "tau_y"}

    metaplastic = Parameter(True, doc=THRESHOLD)

    A2_plus = Parameter(
        0.0, low=0.0, high=MOST_CHANGE, doc="potentiation by a pair, in units of w_max"
    )
    A3_plus = Parameter(
        0.01, low=0.0, high=MOST_CHANGE, doc="potentiation by a triplet post-pre-post"
    )
    A2_minus = Parameter(0.0001, low=0.0, high=MOST_CHANGE, doc="depression by a pair")
    A3_minus = Parameter(0.0, low=0.0, high=MOST_CHANGE, doc="depression by a triplet pre-post-pre")
    tau_plus = Parameter(16.8, low=0.0, open_low=True, unit="ms", doc="decay of x")
    tau_minus = Parameter(33.7, low=0.0, open_low=True, unit="ms", doc="decay of y")
    tau_x = Parameter(101.0, low=0.0, open_low=True, unit="ms", doc="decay of x2")
    tau_y = Parameter(125.0, low=0.0, open_low=True, unit="ms", doc="decay of y2")
    bounds = Parameter("additive", choices=("additive", "multiplicative"), doc="see above")

    on_pre = staticmethod(rules.triplet_on_pre)
    on_post = staticmethod(rules.triplet_on_post)

    @property
    def soft(self) -> float:
        """1 for multiplicative bounds, 0 for additive ones."""
        return float(self.bounds == "multiplicative")


RULES: dict[str, type[PlasticityRule]] = {
    "stdp": STDP,
    "reward_stdp": RewardSTDP,
    "trace_stdp": TraceSTDP,
    "triplet_stdp": TripletSTDP,
}


def as_rule(where: str, rule: PlasticityRule | str | None) -> PlasticityRule | None:
    """A rule from its name, a rule, or None.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    rule : PlasticityRule or str, optional
        A rule, or a name in `RULES`. None: no rule.

    Returns
    -------
    PlasticityRule or None
        A rule as it is; for a name, a new rule with default parameters.

    Raises
    ------
    InvalidTypeError
        It is none of these.
    """
    if rule is None or isinstance(rule, PlasticityRule):
        return rule
    if isinstance(rule, str) and rule in RULES:
        return RULES[rule]()
    fix = f"; write {rule.__name__}()" if isinstance(rule, type) else ""
    raise InvalidTypeError(
        f"{where}: rule must be None, a PlasticityRule or one of {tuple(RULES)}, "
        f"not {brief(rule)}{fix}"
    )
