"""The functions and objects of `import darnax`: train, load, sweep, compare."""
