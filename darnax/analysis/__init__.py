"""Measures of a trained network: its states, fields and couplings; one measure per file."""
