"""Parts of the documentation's build: formulas, docstrings, the configuration reference."""
