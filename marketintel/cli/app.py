"""Command line application: its commands and its end. Nothing heavy is imported here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from marketintel.cli.data import build, check, data, explain, market, segments
from marketintel.cli.diff import diff
from marketintel.cli.documents import check_form
from marketintel.cli.documents import command as document
from marketintel.cli.fetch import fetch
from marketintel.cli.forecast import print_levels
from marketintel.cli.kpi import kpi, practice
from marketintel.cli.priorities import priorities
from marketintel.cli.process import run_as_process
from marketintel.cli.refresh import refresh, schedule
from marketintel.documents.document import NAMES, document_class
from marketintel.errors import UsageError
from marketintel.version import VERSION

#: What a document's command does instead of writing it, if asked to.
INSTEAD: dict[str, Callable[..., bool]] = {"outlook": print_levels, "clusters": check_form}

app = typer.Typer(
    name="marketintel",
    help="Market intelligence for photonics: official trade data in, cited market studies out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Market intelligence for photonics: official trade data in, cited market studies out."""
    if version:
        typer.echo(f"marketintel {VERSION}")
        raise typer.Exit


for command in (
    market,
    priorities,
    segments,
    data,
    build,
    check,
    fetch,
    diff,
    refresh,
    schedule,
    explain,
    practice,
):
    app.command()(command)
for name in NAMES:
    group, _, verb = document_class(name).command.rpartition(" ")
    (kpi if group else app).command(verb)(document(name, INSTEAD.get(name)))
app.add_typer(kpi, name="kpi")


def main() -> None:
    """Run the command line; a mistake or a trouble gives one line and its own exit code."""
    # What parsing raises, in every version of typer.
    mistake: Any = typer.BadParameter.__base__
    with run_as_process():
        try:
            code = typer.main.get_command(app).main(standalone_mode=False)
        except mistake as error:
            told = " ".join(error.format_message().split()).rstrip(".")
            if not told or not sys.argv[1:] or told.startswith("Usage:"):  # the help was printed
                sys.exit(2)
            place = getattr(getattr(error, "ctx", None), "command_path", "marketintel")
            raise UsageError(f"{told}; see `{place} --help`") from None
        sys.exit(code)


if __name__ == "__main__":
    main()
