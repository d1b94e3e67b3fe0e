"""`python -m svqa.cli` is `svqa`."""

from svqa.cli import main

main()
