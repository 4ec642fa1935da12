"""Writes docs/state.md from the schema: ``python docs/make_state.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engram.state.field import OCCASIONS, Field
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS

HEAD = """\
# The state of a brain

Made from `engram.state.schema` by `python docs/make_state.py`. Do not edit by hand.

Every array of a brain is declared once, in the schema. Allocation, growth, saving, copying, the
fingerprint and the arguments of the compiled loops all follow that list.

Kinds: a *state* is saved and changes as the brain runs; a *parameter* is saved and set from Python;
a *derived* array is rebuilt from the others and not saved.

Renewed at: the occasions on which entries get their initial value, of all neurons (*reset*:
`Brain.reset_state`) or of those concerned (*birth*, *death*); a model's states get its rest. Before
each *answer* of `Brain.respond` an array is what it was before the first one. On other occasions
arrays stay as they are.

Sizes:

| letter | number of |
|---|---|
| N | neuron slots |
| R | regions |
| P | projections |
| S | synapses of a projection (S?: the same, or 0 where the projection does not need the array) |
| S1 | the same, or 1 where all synapses have the same value |
| E | slots of the spike ring |
| H | steps kept in the spike ring: the longest delay and one more, or more if traces need it |
| X | states of a neuron model beyond v |
| Q | parameters of a neuron model that differ between neurons |
| M | parameters of a neuron model |
| K | parameters of a rule |
| T | traces of a rule on either side |
| D | steps of presynaptic traces kept: one more than the longest delay |
| O | bands of rhythm |
| J | compartments of the dendrite that has most, where they have potentials of their own |
| U | couplings of rhythms |
| Z | critics |
| L, Y, V, F | lasting inputs; their neurons or spikes, chances, values |
| 1 | one |
| 4, 5, 11 | so many |
| C | entries of the clock |
| G | entries of the spike log |
| I | workers; spikes of a step of one worker |
| W, B, A | rows and columns of the work space; rows of synapses looked up at a time |
| rows | segments of a projection: one for each (presynaptic neuron, delay), and one more |
| slots | steps whose charge to come is held in buffers |
| modes, courses, eighths | of neurons that are not stepped: modes; numbers; groups of eight |
| pre, post | neuron slots of a projection's source and target (post+1: one more) |

An initial value of -1073741824 means "never" for a step.
"""


def occasions(field: Field) -> str:
    """The occasions on which an array is renewed."""
    return ", ".join(name for name in OCCASIONS.values() if name in field.on)


def valid_range(field: Field) -> str:
    """The range of an array's values; infinity is said where it is allowed."""

    def bound(value: float | None) -> str:
        return "" if value is None else f"{value:.10g}"

    if field.low is None and field.high is None:
        return "" if field.finite else "or inf"
    left, right = "(" if field.open_low else "[", "]" if field.high is not None else ")"
    return f"{left}{bound(field.low)}, {bound(field.high)}{right}"


def table(fields: Sequence[Field]) -> str:
    """A Markdown table of some fields."""
    lines = ["| name | dtype | shape | initial | unit | kind | renewed at | range | what it is |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    lines += [
        f"| `{f.name}` | {f.dtype} | {', '.join(f.dims)} | {f.initial:.10g} | {f.unit} | {f.kind} "
        f"| {occasions(f)} | {valid_range(f)} | {f.doc} |"
        for f in fields
    ]
    return "\n".join(lines)


def page() -> str:
    """The whole of docs/state.md."""
    return (
        f"{HEAD}\n## One set for each brain\n\n{table(BRAIN_FIELDS)}\n"
        f"\n## One set for each projection\n\n{table(SYNAPSE_FIELDS)}\n"
    )


if __name__ == "__main__":
    Path(__file__).with_name("state.md").write_text(page(), encoding="utf-8")
