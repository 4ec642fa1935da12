"""The core below `Brain`: the tables, the settings, the clock, and whoever changes them."""
