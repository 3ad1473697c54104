"""Lists the dotted names of a composed configuration."""

from omegaconf import DictConfig, OmegaConf

from darnax.trees import list_names

SWEEP_PARTS = ("launcher", "sweeper")  # of Hydra's node


def value_names(config: DictConfig) -> list[str]:
    """List every dotted name of the configuration, without Hydra's own."""
    return [name for name in all_names(config) if not name.startswith("hydra")]


def settable_names(config: DictConfig) -> list[str]:
    """List every dotted name that an override may set: also those of launcher and sweeper."""
    parts = tuple(f"hydra.{part}." for part in SWEEP_PARTS)
    return [*value_names(config), *(name for name in all_names(config) if name.startswith(parts))]


def all_names(config: DictConfig) -> list[str]:
    """List every dotted name."""
    return list_names(OmegaConf.to_container(config), lists=False)
