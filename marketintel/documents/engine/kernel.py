"""The kernel that runs a study: this very interpreter, untouched by the user's own settings."""

import logging
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from marketintel.sources.http.provider import KEY_VARIABLES

_LOG = "kernel.log"
# As ``-m ipykernel_launcher`` would, with this very package and a record of the files it reads.
_HOME = str(Path(__file__).resolve().parents[3])
_START = (
    f"import sys; sys.path[:] = [place for place in sys.path if place]; home = {_HOME!r}\n"
    "sys.path[:0] = [] if home in sys.path else [home]\n"
    "from marketintel.warehouse import reads; reads.watch()\n"
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)


def pinned_kernel(folder: Path) -> type[AsyncKernelManager]:
    """Make a kernel manager that starts ``sys.executable`` under any kernel name.

    A user's own kernel called ``python3`` may be another Python without this package. What the
    kernel's process itself writes is not for the user's terminal (:func:`last_words`): what
    cells write is in the notebook. Providers' keys are not handed on; no notebook fetches.

    Parameters
    ----------
    folder : Path
        Empty and with a short path. It takes the place of the user's IPython folder, so that no
        start-up file runs, and holds the sockets: no port is opened.
    """
    environment = {
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(folder),
    }

    class PinnedKernelManager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.log.setLevel(logging.CRITICAL)  # what goes wrong is raised
            self.transport = "ipc"
            self.connection_file = str(folder / "kernel.json")

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[sys.executable, "-c", _START, "-f", "{connection_file}"],
                display_name="Python 3",
                language="python",
                env=environment,
            )

        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            kw["env"] = {k: v for k, v in kw["env"].items() if k not in KEY_VARIABLES}
            with (folder / _LOG).open("wb") as log:
                await super()._async_launch_kernel(kernel_cmd, **kw, stdout=log, stderr=log)

    return PinnedKernelManager


def last_words(folder: Path) -> str:
    """Return the last line that the kernel's process itself wrote."""
    log = folder / _LOG
    lines = log.read_text("utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line for line in reversed(lines) if line.strip()), "")
