"""What can be rewarded, by name."""

from __future__ import annotations

from engram.errors import label


def region_target(name: str) -> str:
    """The reward target that is a region's own wiring.

    Parameters
    ----------
    name : str
        Of the region.

    Returns
    -------
    str
        As ``"region:<name>"``.
    """
    return f"region:{label('Brain.region_target: name', name)}"


def projection_target(source: str, target: str, name: str | None = None) -> str:
    """The reward target that is a projection.

    Parameters
    ----------
    source, target : str
        Names of the regions that it connects.
    name : str, optional
        That it was given.

    Returns
    -------
    str
        As ``"proj:<source>-><target>"`` or ``"proj:<source>-><target>:<name>"``.
    """
    where = "Brain.projection_target"
    label(f"{where}: source", source)
    label(f"{where}: target", target)
    if not (name is None or (isinstance(name, str) and name == "")):
        label(f"{where}: name", name)
    return f"proj:{source}->{target}" + (f":{name}" if name else "")
