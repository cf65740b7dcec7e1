"""`python -m modelport` is the command `modelport`."""

from .cli import main

main()
