"""What a configuration would make, in three tables and a few lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from darnax.cli import tables

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def render(description: "Description") -> None:
    """Print the buffers and their layers, the adapters, what learns when and how, the phases, and what there is in all."""
    tables.show(("buffer", "size", "layer", "inputs", "weights"), layers(description), tight=True)
    tables.echo()
    tables.show(
        ("adapter", "from", "to", "kind", "inputs", "weights"), adapters(description), tight=True
    )
    tables.echo()
    tables.show(
        ("module", "rule", "learns in", "optimiser", "rate", "set in"),
        learning(description),
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
    by_buffer = {
        module.receiver: module
        for module in description.modules
        if module.sender == module.receiver
    }
    for position, (name, size) in enumerate(description.buffers):
        yield (
            name,
            "×".join(map(str, size)),
            *(about(by_buffer[position]) if position in by_buffer else ("", "", "")),
        )


def adapters(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every adapter, forward ones first."""
    names = [name for name, _ in description.buffers]
    rows = [module for module in description.modules if module.sender != module.receiver]
    for module in sorted(rows, key=lambda a: (a.sender > a.receiver, a.sender, a.receiver)):
        yield (module.name, names[module.sender], names[module.receiver], *about(module))


def learning(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every module: when it learns, and what makes its steps."""
    grouped = any(module.source.startswith("groups.") for module in description.modules)
    for module in description.modules:
        rule = module.rule or (
            "its own" if module.learns else "frozen" if module.parameters else ""
        )
        fallen = " (in no group)" if grouped and module.source == "default" else ""
        yield (
            module.name,
            rule,
            ", ".join(module.learns) or "never",
            module.optimizer,
            module.rate,
            module.source + fallen,
        )


def about(module: "ModuleRow") -> tuple[str, str, str]:
    """What a module is, whether it stands on a buffer or between two."""
    return module.kind, module.connectivity, f"{module.parameters:,}" if module.parameters else ""


def phases(when: str, description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every phase of training or of inference."""
    for name, phase in getattr(description, when).items():
        steps = str(phase.steps) if phase.until is None else f"at most {phase.max_steps}"
        learnt = (
            " ".join(module.name for module in description.modules if name in module.learns)
            if when == "train"
            else ""
        )
        yield f"{when} {name}", steps, phase.messages, phase.start, learnt


def facts(description: "Description") -> Iterator[tuple[str, str]]:
    """The lines under the tables."""
    yield "parameters", f"{description.parameters:,}, of which {description.plastic:,} learn"
    parts = ", ".join(f"{what} {format_bytes(size)}" for what, size in description.memory.items())
    yield "memory", f"{parts}, and the data"
    copies = f", {description.replicas} replicas" if description.replicas > 1 else ""
    yield "data", f"{description.data}, {description.batch_size} a batch{copies}"


def format_bytes(size: float) -> str:
    """Bytes for a person.

    Example:
        >>> human(1536)
        '1.5 KiB'
    """
    power = 0
    while size >= 1024 and power < len(UNITS) - 1:
        size, power = size / 1024, power + 1
    return f"{size:.0f} {UNITS[power]}" if size >= 100 else f"{size:.3g} {UNITS[power]}"
