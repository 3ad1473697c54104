"""`python -m darnax`: the command line, as `darnax`."""

from darnax.cli.app import main

if __name__ == "__main__":
    main()
