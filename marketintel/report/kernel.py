"""The kernel that runs a study: this very interpreter, untouched by the user's own settings."""

import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


def pinned_kernel(folder: Path) -> type[AsyncKernelManager]:
    """Make a kernel manager that starts ``sys.executable`` under whatever name is asked for.

    A user's own kernel called ``python3`` may be another Python without this package.

    Parameters
    ----------
    folder : Path
        Empty and with a short path. It takes the place of the user's IPython folder, so that no
        start-up file runs, and holds the sockets: no port is opened.
    """
    # Its own log would report the interrupt with which it is ended.
    arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=50"]
    environment = {
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(folder),
    }

    class PinnedKernelManager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.transport = "ipc"
            self.connection_file = str(folder / "kernel.json")

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[sys.executable, *arguments],
                display_name="Python 3",
                language="python",
                env=environment,
            )

    return PinnedKernelManager
