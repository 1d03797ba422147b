"""Run the command line with `python -m chargesim`."""

from chargesim.cli import main

main()
