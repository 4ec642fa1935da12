"""``python -m engram.cli``."""

from engram.cli import main

if __name__ == "__main__":
    main()
