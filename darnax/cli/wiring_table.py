"""Prints the description of a configuration: four tables and a few lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from darnax.cli import tables

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def render(description: "Description") -> None:
    """Print buffers and layers, adapters, what learns and how, phases, and totals."""
    tables.show(("buffer", "size", "layer", "inputs", "weights"), layers(description), tight=True)
    tables.echo()
    tables.show(
        ("adapter", "from", "to", "kind", "inputs", "weights"), adapters(description), tight=True
    )
    tables.echo()
    tables.show(
        ("module", "rule", "learns in", "optimiser", "rate", "set in"),
        describe_learning(description),
        tight=True,
    )
    tables.echo()
    tables.show(
        ("phase", "steps", "messages", "start", "learns"),
        [*phases("train", description), *phases("infer", description)],
        tight=True,
    )
    tables.echo()
    for what, value in facts(description):
        tables.echo(f"{what:<12}{value}")


def layers(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every buffer; the input has no layer."""
    layer_of_buffer = {
        module.receiver: module
        for module in description.modules
        if module.sender == module.receiver
    }
    for position, (name, size) in enumerate(description.buffers):
        layer = layer_of_buffer.get(position)
        cells = module_cells(layer) if layer is not None else ("", "", "")
        yield name, "×".join(map(str, size)), *cells


def adapters(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every adapter, forward ones first."""
    names = [name for name, _ in description.buffers]
    rows = [module for module in description.modules if module.sender != module.receiver]
    for module in sorted(rows, key=lambda a: (a.sender > a.receiver, a.sender, a.receiver)):
        yield module.name, names[module.sender], names[module.receiver], *module_cells(module)


def describe_learning(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every module: when it learns, and its rule and optimiser."""
    has_groups = any(module.source.startswith("groups.") for module in description.modules)
    for module in description.modules:
        if module.rule:
            rule = module.rule
        elif module.learns:
            rule = "its own"
        else:
            rule = "frozen" if module.parameters else ""
        phases = ", ".join(module.learns) or "never"
        source = module.source
        if has_groups and source == "default":
            source = f"{source} (in no group)"
        yield module.name, rule, phases, module.optimizer, module.rate, source


def module_cells(module: "ModuleRow") -> tuple[str, str, str]:
    """Return the cells that layers and adapters share: kind, connectivity, parameters."""
    return module.kind, module.connectivity, f"{module.parameters:,}" if module.parameters else ""


def phases(when: str, description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every phase of training or of inference."""
    for name, phase in getattr(description, when).items():
        steps = str(phase.steps) if phase.until is None else f"at most {phase.max_steps}"
        learning_modules = [
            module.name
            for module in description.modules
            if when == "train" and name in module.learns
        ]
        yield f"{when} {name}", steps, phase.messages, phase.start, " ".join(learning_modules)


def facts(description: "Description") -> Iterator[tuple[str, str]]:
    """Yield the name and the text of the lines under the tables."""
    yield "parameters", f"{description.parameters:,}, of which {description.plastic:,} learn"
    parts = ", ".join(f"{what} {format_bytes(size)}" for what, size in description.memory.items())
    yield "memory", f"{parts}, and the data"
    copies = f", {description.replicas} replicas" if description.replicas > 1 else ""
    yield "data", f"{description.data}, {description.batch_size} a batch{copies}"


def format_bytes(size: float) -> str:
    """Format a number of bytes.

    Example:
        >>> format_bytes(1536)
        '1.5 KiB'
    """
    power = 0
    while size >= 1024 and power < len(UNITS) - 1:
        size, power = size / 1024, power + 1
    return f"{size:.0f} {UNITS[power]}" if size >= 100 else f"{size:.3g} {UNITS[power]}"
