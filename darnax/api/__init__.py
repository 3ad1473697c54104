"""The functions and objects of `import darnax`: train, load, sweep, compare; the command line calls the same."""
