"""`python -m svqa` is `svqa`."""

from svqa.cli import main

main()
