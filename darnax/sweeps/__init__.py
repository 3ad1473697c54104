"""A sweep as a folder: its points, their record, the checks before its start, and workers."""
