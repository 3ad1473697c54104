"""A sweep as a folder: its points and their record, what is checked before it starts, workers, and searches."""
