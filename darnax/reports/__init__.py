"""Results from the folders of runs: lists, comparisons, differences, figures."""
