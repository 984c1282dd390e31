"""The process around a command: its streams, its signals, and how it ends in one line."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn, TextIO

import typer

from marketintel.errors import MarketIntelError
from marketintel.files import storage_error

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def run_as_process() -> Iterator[None]:
    """Run the body as the whole of a process, and exit with its code.

    A user's mistake and a trouble of the operating system are one line each. A signal to stop
    (Ctrl-C, SIGTERM, SIGHUP) unwinds the body, so that drafts and kernels go with it.
    """
    _open_streams()
    out, before, code = sys.stdout, {}, 0
    with suppress(ValueError):  # signals are the main thread's
        for number in _STOPS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in the background
                before[number] = signal.signal(number, _stop)
    try:
        yield
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code - 128 in _STOPS:
            _say("stopped; nothing half-written was kept")
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
        _say("stopped; nothing half-written was kept")
    except MarketIntelError as error:
        code = error.exit_code
        _say(str(error))
    except OSError as error:
        trouble = storage_error(error)
        code = trouble.exit_code
        _say(str(trouble))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.disable(logging.NOTSET)
    sys.exit(_flush(out, code))


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for each in _STOPS:
        signal.signal(each, signal.SIG_IGN)  # let the clearing up be finished
    logging.disable()  # libraries would report what it ends
    raise SystemExit(128 + number)


def _open_streams() -> None:
    """Give closed standard streams a sink: the next file opened would become one of them."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _flush(out: TextIO, code: int) -> int:
    """Print what is still held back; a reader that went away (``| head``) is no fault."""
    try:
        out.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            return 0 if code == 1 else code
        if code == 0:
            trouble = storage_error(error, "output")
            code = trouble.exit_code
            _say(str(trouble))
    return code


def _say(message: str) -> None:
    with suppress(OSError):
        typer.echo(f"marketintel: {' '.join(message.split())}", err=True)
