"""Tools for those who work on Engram; they are no part of the package."""
