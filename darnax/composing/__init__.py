"""Composes overrides and files into one plain configuration: Hydra, trust, secrets, messages."""
