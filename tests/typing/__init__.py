"""What type checkers see: not run, checked by mypy. An unused ignore is an error that is missed."""
