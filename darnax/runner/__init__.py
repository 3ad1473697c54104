"""One run: from an `Experiment` to a folder with its record, its checkpoints and its summary."""
