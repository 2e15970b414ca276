"""The command line: commands of runs, of risk and of comparison, and what a user sees of whatever is wrong.

Wrong input ends with one line on standard error and exit code 2; an interrupted run with 130, and the next one goes on from there.
"""

import errno
import os
import sys
import threading

import click

from scfast import __version__
from scfast.cli import risks, runs, topology
from scfast.cli.shared import Interrupted


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="scfast")
@click.pass_context
def cli(context: click.Context) -> None:
    """How risk spreads through supply networks: grow or load a network, run an ensemble, look at it.

    \b
    scfast init > my.toml             a commented configuration
    scfast run my.toml -o results     run it, or complete it
    scfast show results               tables
    scfast plot results               pictures
    scfast compare my.toml -o results strategies beside the baseline
    scfast topology edges.csv         the shape of a network
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (*runs.COMMANDS, *risks.COMMANDS, *topology.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Entry point: one line and an exit code instead of a traceback for whatever a user can get wrong."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt, Interrupted) as stop:
        number = (*(stop.__cause__ or stop).args, 2)[0]  # click wraps the interrupt, which says which signal it was
        click.echo(f"scfast: stopped; {KEPT}" if isinstance(stop, Interrupted) else "scfast: stopped", err=True)
        if any(thread.name.startswith("scfast-worker") for thread in threading.enumerate()):
            sys.stdout.flush()
            os._exit(128 + int(number))  # what is still at work would be waited for; what is published is whole
        sys.exit(128 + int(number))
    except (ValueError, OSError, MemoryError, ImportError) as error:
        wrong = (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)
        path = isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EROFS)
        _fail(_line(error), 2 if path or isinstance(error, wrong) else 1)
    except RuntimeError as error:
        from scfast.driver import GivenUp

        if not isinstance(error, GivenUp):
            raise
        _fail(str(error), 1)


KEPT = "what is finished is kept: run the same command again to go on from there"


def _line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.filename or 'file'}: {str(error.strerror).lower()}; make room; {KEPT}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'file'}: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return str(error)


def _fail(line: str, code: int) -> None:
    click.echo(f"scfast: {' '.join(line.split())}", err=True)
    sys.exit(code)
