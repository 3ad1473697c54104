"""What went wrong, on stderr, in one panel (plain lines when piped), and the exit code that goes with it."""

import sys
import traceback

from darnax.cli.tables import echo, printable
from darnax.errors import Problem, RequestError, RunError

REFUSED, FAILED, INTERRUPTED = 2, 1, 130


def report(error: BaseException, *, debug: bool = False) -> int:
    """Show the error and return its exit code: 2 the request was wrong, 1 the run failed, 128 + signal interrupted."""
    if debug:
        trace(error)
    error = as_request_error(error)
    if isinstance(error, RequestError):
        panel("This request cannot be carried out", [str(problem) for problem in error.problems])
        return REFUSED
    if hasattr(error, "resume") and hasattr(error, "exit_code"):
        what = (
            "a checkpoint is saved"
            if getattr(error, "saved", True)
            else "stopped at once, the last checkpoint is as it was"
        )
        panel(f"Interrupted; {what}. Resume with", [str(error.resume)])
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        panel("Interrupted", ["before a run had started: there is nothing to resume"])
        return INTERRUPTED
    panel("The run failed", describe_failure(error, debug=debug))
    return FAILED


def trace(error: BaseException) -> None:
    """Print the traceback."""
    echo(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), error=True)


def as_request_error(error: BaseException) -> BaseException:
    """Return a RequestError in the place of what JAX raises at a value of a variable that it does not know."""
    text = str(error)
    if isinstance(error, ValueError) and (
        "for JAX flag jax_" in text or "environment 'JAX_" in text
    ):
        return RequestError(
            Problem("JAX_…", f"{text}; unset that variable, or give it another value")
        )
    return error


def describe_failure(error: BaseException, *, debug: bool = False) -> list[str]:
    """Tell the exception in one line, the notes it carries (the runner's say where the traceback is), and how to see more."""
    what = (
        str(error)
        if isinstance(error, RunError)
        else f"{type(error).__name__}: {error}".rstrip(": ")
    )
    notes = list(getattr(error, "__notes__", []))
    return [
        what,
        *notes,
        *([] if debug else ["--debug (or DARNAX_DEBUG=1) shows the traceback here"]),
    ]


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

    body = Table.grid(padding=(0, 1))
    for line in lines:
        body.add_row("•" if len(lines) > 1 else "", Text(line, overflow="fold"))
    Console(stderr=True).print(Panel(body, title=title, title_align="left", border_style="red"))
