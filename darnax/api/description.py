"""`darnax.describe`: the network of a configuration, before anything is trained."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.api.arguments import require_overrides, require_path
from darnax.api.composition import config_file
from darnax.api.table import TextTable
from darnax.composing.origins import naming_files
from darnax.diagrams.phases import describe_shown, describe_target_state
from darnax.errors import writing_file
from darnax.laboratory.machine import compose_here
from darnax.printing import element_text

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow
    from darnax.phases import Phase

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
HEADS = (
    ("buffer", "size", "layer", "inputs", "weights", "settings"),
    ("adapter", "from", "to", "kind", "inputs", "weights", "settings"),
    ("module", "rule", "learns in", "optimiser", "rate", "set in"),
    ("phase", "steps", "messages", "start", "learns"),
)


class NetworkDescription:
    """The network of a configuration; prints as four tables, and is drawn in a notebook.

    Args:
        found: the description that the builder makes: buffers, modules, phases, bytes of memory.
    """

    def __init__(self, found: "Description") -> None:
        self.found = found

    @property
    def tables(self) -> tuple[TextTable, ...]:
        """Buffers and layers, adapters, what learns and how, phases."""
        phases = [*list_phases("train", self.found), *list_phases("infer", self.found)]
        rows = (
            list(list_layers(self.found)),
            list(list_adapters(self.found)),
            list(list_learning(self.found)),
            phases,
        )
        return tuple(map(TextTable, HEADS, rows))

    @property
    def facts(self) -> dict[str, str]:
        """The lines under the tables: order of updates, scored phase, parameters, memory, data."""
        return dict(list_facts(self.found))

    def to_svg(self, path: str | Path) -> Path:
        """Draw the connection graph into a file; return its path."""
        from darnax.diagrams import picture

        file = require_path(path, "path")
        with writing_file(file):
            file.write_text(picture.svg(self.found), encoding="utf-8")
        return file

    def phases_to_svg(self, path: str | Path) -> Path:
        """Draw the phases into a file: their messages, gains and what learns; return its path."""
        from darnax.diagrams.phases import phases_svg

        file = require_path(path, "path")
        with writing_file(file):
            file.write_text(phases_svg(self.found), encoding="utf-8")
        return file

    def __repr__(self) -> str:
        facts = [f"{what:<12}{value}" for what, value in self.facts.items()]
        return "\n\n".join([*map(repr, self.tables), "\n".join(facts)])

    def _repr_html_(self) -> str:
        from darnax.diagrams import picture
        from darnax.diagrams.phases import phases_svg

        tables = "".join(table._repr_html_() for table in self.tables)
        facts = "".join(
            f"<div>{element_text(f'{what}: {value}')}</div>" for what, value in self.facts.items()
        )
        return picture.svg(self.found) + tables + phases_svg(self.found) + facts


def describe(*overrides: str, config: Any = None) -> NetworkDescription:
    """Describe the network of a configuration: modules, parameters, phases, memory.

    Nothing is compiled and no data are read.

    Args:
        overrides: as `darnax.train` takes them.
        config: a run, or the config.yaml of one, to start from instead of the defaults.

    Raises:
        RequestError: names everything that is wrong with the configuration.

    Example:
        >>> import darnax
        >>> network = darnax.describe("+experiment=associations")
        >>> network.facts["parameters"]
        '40,006, of which 30,000 learn'
        >>> print(network.to_svg("network.svg"))
        network.svg
    """
    from darnax.builder import describe as describe_config

    words, file = require_overrides(overrides), config_file(config)
    with naming_files(words, file):
        return NetworkDescription(describe_config(compose_here(words, file).resolved))


def list_layers(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every buffer; the input has no layer."""
    layer_of_buffer = {
        module.receiver: module
        for module in description.modules
        if module.sender == module.receiver
    }
    for position, (name, size) in enumerate(description.buffers):
        layer = layer_of_buffer.get(position)
        cells = module_cells(layer) if layer is not None else ("", "", "", "")
        yield name, "×".join(map(str, size)), *cells


def list_adapters(description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every adapter, forward ones first."""
    names = [name for name, _ in description.buffers]
    rows = [module for module in description.modules if module.sender != module.receiver]
    for module in sorted(rows, key=lambda a: (a.sender > a.receiver, a.sender, a.receiver)):
        yield module.name, names[module.sender], names[module.receiver], *module_cells(module)


def list_learning(description: "Description") -> Iterator[tuple[str, ...]]:
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


def module_cells(module: "ModuleRow") -> tuple[str, str, str, str]:
    """Return the cells that layers and adapters share: kind, connectivity, weights, settings."""
    weights = f"{module.weights:,}" if module.weights else ""
    return module.kind, module.connectivity, weights, module.settings


def list_phases(when: str, description: "Description") -> Iterator[tuple[str, ...]]:
    """One row for every phase of training or of inference."""
    for name, phase in getattr(description, when).items():
        steps = str(phase.steps) if phase.until is None else f"at most {phase.max_steps}"
        learning_modules = []
        for module in description.modules:
            if when == "train" and name in module.learns:
                learning_modules.append(f"{module.name}{describe_factor(phase, module.name)}")
        start = ", ".join([phase.start, *describe_shown(phase)])
        learning = " ".join(learning_modules)
        if phase.target_state:
            learning += f"; the state of {describe_target_state(phase)}"
        yield f"{when} {name}", steps, describe_messages(phase), start, learning


def describe_messages(phase: "Phase") -> str:
    """Return the messages of a phase in words: a choice, names, or names with their gains."""
    if isinstance(phase.messages, str):
        return phase.messages
    names = phase.messages
    words = str(names) if isinstance(names, Mapping) else ", ".join(names)
    return words.replace("[0-9]*", "")  # of the name of an entry that makes several modules


def describe_factor(phase: "Phase", module: str) -> str:
    """Return the factor of a module's update in a phase, such as `·-1`; "" for 1."""
    factor = phase.factor(module)
    return "" if factor in (None, 1) else f"·{factor:g}"


def list_facts(description: "Description") -> Iterator[tuple[str, str]]:
    """Yield the name and the text of the lines under the tables."""
    yield "updates", description.orchestrator
    yield "scored", description.score or "no phase: in none are there scores without the label"
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
