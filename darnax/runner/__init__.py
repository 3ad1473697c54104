"""Trains one run: from an `Experiment` to a folder with metrics, checkpoints and a summary."""
