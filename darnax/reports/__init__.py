"""From the folders of runs to a result: lists, comparisons, differences, pictures."""
