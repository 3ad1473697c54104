"""The command `darnax` and its sub-commands; turns exceptions into panels and exit codes."""

import inspect
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from darnax.children import keep_to_installed_code
from darnax.cli import (
    analyse,
    cite,
    compare,
    data,
    diff,
    evaluate,
    experiments,
    panels,
    predict,
    recall,
    runs,
    show,
    streams,
    sweep,
    tables,
    train,
)
from darnax.cli.options import DEBUG
from darnax.laboratory import dependency_warnings, log_records

# Commands that write files: they stay valid when their output cannot be printed.
RECORDED = ("train", "sweep")


class ErrorReportingGroup(TyperGroup):
    """Runs a command; an error is shown as one panel instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            if ctx.invoked_subcommand not in RECORDED:
                streams.require_complete()
            return result
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError, SystemExit):
            raise
        except BaseException as error:
            raise typer.Exit(panels.report(error, debug=ctx.meta.get(DEBUG, False))) from None


app = typer.Typer(
    cls=ErrorReportingGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("eval")(evaluate.evaluate)
app.command("analyse")(analyse.analyse)
app.command("predict")(predict.predict)
app.command("recall")(recall.recall)
app.command("cite")(cite.cite)
app.command("show")(show.show)
app.command("list")(experiments.list_experiments)
app.command("runs")(runs.runs)
app.command("compare")(compare.compare)
app.command("diff")(diff.diff)
app.add_typer(sweep.app)
app.add_typer(data.app)


def unfold(text: str) -> str:
    r"""Return a docstring with each paragraph in one line, which help wraps at any width.

    Example:
        >>> unfold("Train\na network.\n\n    darnax train")
        'Train a network.\n\n    darnax train'
    """
    paragraphs = text.split("\n\n")
    return "\n\n".join(part if part[0] == " " else part.replace("\n", " ") for part in paragraphs)


COMMANDS = (*app.registered_commands, *sweep.app.registered_commands, *data.app.registered_commands)
for command in COMMANDS:
    command.help = unfold(inspect.getdoc(command.callback) or "")


def version(asked: bool) -> None:
    """Print the version and stop."""
    if asked:
        import darnax

        tables.echo(f"darnax {darnax.__version__}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train deep recurrent networks without gradients, by relaxation and local learning rules.

    Start with `darnax list`, then `darnax train +experiment=<name>`.
    """


def main() -> None:
    """Entry point of the command `darnax`."""
    keep_to_installed_code()
    streams.install()
    log_records.install()
    dependency_warnings.install()
    app(prog_name="darnax")


if __name__ == "__main__":
    main()
