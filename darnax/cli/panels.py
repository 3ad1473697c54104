"""Shows an error on stderr, as a panel or as plain lines when piped, and picks its exit code."""

import sys
import traceback
from collections.abc import Sequence

from darnax.cli.tables import echo, printable
from darnax.errors import Problem, RequestError, RunError, explain

FRAME = 8  # columns of a panel beside its text
REFUSED, FAILED, INTERRUPTED = 2, 1, 130


def report(error: BaseException, *, debug: bool = False) -> int:
    """Show the error and return its exit code.

    The code is 2 if the request was wrong, 1 if the run failed, 128 + signal if it was interrupted.
    """
    if getattr(error, "resume", None) == "" and hasattr(error, "exit_code"):
        return int(error.exit_code)  # no point of a sweep was recorded: nothing can be resumed
    if debug:
        trace(error)
    error = as_request_error(error)
    if isinstance(error, RequestError):
        panel(title_of(error.problems), [str(problem) for problem in error.problems])
        return REFUSED
    if hasattr(error, "resume") and hasattr(error, "exit_code"):
        if getattr(error, "saved", True):
            what = "a checkpoint is saved"
        else:
            what = "stopped at once, the last checkpoint is as it was"
        panel(f"Interrupted; {what}. Resume with", [str(error.resume)])
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        panel(
            "Interrupted",
            ["before training began: nothing has changed, and the same command starts again"],
        )
        return INTERRUPTED
    panel("The run failed", describe_failure(error, debug=debug))
    return FAILED


def title_of(problems: Sequence[Problem]) -> str:
    """Name the kind of an invalid request: an option, a file or folder, or the configuration."""
    where = problems[0].where if problems else ""
    if not where or where.startswith("-"):
        return "Invalid command"
    is_path = "/" in where and "=" not in where and not where.startswith(("hydra/", "configs/"))
    return "Invalid data" if is_path else "Invalid configuration"


def trace(error: BaseException) -> None:
    """Print the traceback."""
    echo(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), error=True)


def as_request_error(error: BaseException) -> BaseException:
    """Return a RequestError for JAX's exception about an invalid environment variable."""
    text = str(error)
    is_of_jax = "for JAX flag jax_" in text or "environment 'JAX_" in text
    if isinstance(error, ValueError) and is_of_jax:
        what = f"{text}; unset that variable, or give it another value"
        return RequestError(Problem("JAX_…", what))
    return error


def describe_failure(error: BaseException, *, debug: bool = False) -> list[str]:
    """Return the exception in one line, its notes (one names the log), and how to see more."""
    if isinstance(error, RunError):
        what = str(error)
    else:
        what = f"{type(error).__name__}: {explain(error)}".rstrip(": ")
    lines = [what, *getattr(error, "__notes__", [])]
    if not debug:
        lines.append("--debug (or DARNAX_DEBUG=1) shows the traceback here")
    return lines


def panel(title: str, lines: list[str]) -> None:
    """Print a box with a title on a terminal; `title:` and one indented line each when piped."""
    lines = ["\n".join(map(printable, line.split("\n"))) for line in lines]
    if not sys.stderr.isatty():
        indented = "\n".join("  " + line.replace("\n", "\n    ") for line in lines)
        echo(f"{title}:", *indented.split("\n"), error=True)
        return
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True)
    longest = max(len(word) for line in lines for word in [*line.split(), ""])
    if longest > console.width - FRAME:  # a URL in a box would be broken, and could not be copied
        console.print(Text(f"{title}:", "red"))
        for line in lines:
            console.print(Text(f"  {line}"), soft_wrap=True)
        return
    body = Table.grid(padding=(0, 1))
    for line in lines:
        body.add_row("•" if len(lines) > 1 else "", Text(line, overflow="fold"))
    console.print(Panel(body, title=title, title_align="left", border_style="red"))
