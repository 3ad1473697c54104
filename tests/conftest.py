"""Shapes and types in the library's annotations are checked while tests run; this must come before any import of darnax."""

from jaxtyping import install_import_hook

ROOMS = ["states", "rules", "connectivity", "modules", "layer_map", "orchestrators", "relaxation", "observables", "learning"]
install_import_hook([f"darnax.{room}" for room in ROOMS], "annotations.checked")
