"""Atomic writes, locks and temporary folders for files that several processes share.

Locks are the operating system's (``flock``): they hold between processes, containers and, on a
network file system, hosts, and end with the process that holds them however it ends. A process
number would mean nothing in another container.
"""

import ctypes
import errno
import fcntl
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from marketintel.errors import StorageError

#: Free space asked for before work begins; an edition or a set of tables takes less.
ROOM_BYTES = 16 << 20
_LONGEST_WAIT_S = 900.0
_UNNAMED_S = 3600.0  # a folder that is still without its name after so long has no owner
_SOCKET_PATH = 60  # a kernel's sockets lie in the temporary folder, and may have 107 letters
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2

_WAYS_OUT = {
    errno.ENOSPC: "free some space or choose a folder on another disk",
    errno.EDQUOT: "free some space or choose a folder on another disk",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EACCES: "make it accessible or choose another folder",
    errno.EPERM: "make it accessible or choose another folder",
    errno.EROFS: "it is mounted read-only: choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of the path is a file: choose another folder",
    errno.EISDIR: "it is a folder: give a file",
    errno.EEXIST: "it is no folder, or a link to nothing: remove it or choose another folder",
    errno.ENOENT: "create it or correct the path",
    errno.ELOOP: "its links lead in a circle: remove them",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENOLCK: "this file system has no locks: choose a folder on another one",
    errno.ENOTSUP: "this file system has no locks: choose a folder on another one",
}


def storage_error(error: OSError, path: object = None) -> StorageError:
    """Return an operating-system error as one line: path, reason, way out."""
    where = path or error.filename2 or error.filename or "output"
    where = os.fsdecode(where) if isinstance(where, bytes | os.PathLike) else str(where)
    if len(where) > 200:
        where = f"{where[:100]}…{where[-60:]}"
    reason = error.strerror or str(error) or type(error).__name__
    way_out = _WAYS_OUT.get(error.errno or 0, "check the disk and the path")
    return StorageError(f"{where}: {reason[:1].lower()}{reason[1:]}; {way_out}")


@contextmanager
def storage_errors(path: Path, *, always: bool = True) -> Iterator[None]:
    """Turn operating-system errors into storage errors of `path`, or of the file they name."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        named = error.filename if not always else None
        raise storage_error(error, None if named else path) from error


def write_atomic(path: Path, payload: bytes) -> None:
    """Write ``payload`` so that ``path`` holds either its old content or all of the new.

    The bytes go to a temporary file in the same directory, are flushed to the disk, and take
    their name in one step. A killed process leaves the old file, and no visible half.

    Raises
    ------
    StorageError
        The disk is full or the folder cannot be written to.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(payload)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(0o644)  # mkstemp makes private files; data are for everyone to read
            os.replace(temporary, path)  # noqa: PTH105 - the one call that is atomic by contract
        finally:
            temporary.unlink(missing_ok=True)


def check_folder(folder: Path, room_bytes: int | None = None) -> None:
    """Check that files can be written below `folder`, which need not exist, before any work.

    Permission bits do not decide it (root, read-only mounts, ``/proc``), so a folder is made in
    the nearest one that exists, and removed at once.

    Raises
    ------
    StorageError
        It cannot be made or written to, or has less room than ``ROOM_BYTES``.
    """
    with storage_errors(folder):
        nearest = folder.absolute()
        while not os.path.lexists(nearest):
            nearest = nearest.parent
        if nearest.is_symlink() and not nearest.exists():
            raise FileExistsError(errno.EEXIST, "a link to nothing is in the way")
        if not nearest.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        longest = os.pathconf(nearest, "PC_NAME_MAX")
        if any(len(os.fsencode(part)) > longest for part in folder.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        try:
            Path(tempfile.mkdtemp(prefix=".try-", dir=nearest)).rmdir()
        except FileNotFoundError:  # /proc
            raise PermissionError(errno.EPERM, f"nothing can be made in {nearest}") from None
        if shutil.disk_usage(nearest).free < (ROOM_BYTES if room_bytes is None else room_bytes):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def visible(root: Path, pattern: str) -> list[Path]:
    """Return the paths that match below `root`, sorted, without names that begin with a dot.

    Those are other processes' drafts and editors' lock files. ``Path.glob`` includes them, and
    fails on a folder that vanishes meanwhile.
    """
    return [root / name for name in sorted(glob.glob(pattern, root_dir=root))]  # noqa: PTH207


@contextmanager
def locked(folder: Path, wait_s: float = _LONGEST_WAIT_S) -> Iterator[None]:
    """Hold the lock of a ``reports`` or data folder, after waiting for another holder.

    Raises
    ------
    StorageError
        Another process keeps it for `wait_s` seconds, or the file system has no locks.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    deadline, pause = time.monotonic() + wait_s, 0.005
    while (handle := _take(folder)) is None:
        if time.monotonic() > deadline:
            raise StorageError(
                f"{folder}: another run has kept this folder locked for {wait_s:.0f} seconds; end that "
                "run, or wait for it, then try again"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def temporary_folder(
    parent: Path, prefix: str, rescue: Callable[[Path], None] = lambda _: None
) -> Iterator[Path]:
    """Yield a folder that is removed afterwards, in any case; remove those of killed runs first.

    A folder with this prefix is locked for as long as its owner lives, since it gets its name
    after its lock.

    Parameters
    ----------
    parent : Path
        Where to make it; must exist.
    prefix : str
        Of its name, the same for all folders of this kind.
    rescue : callable, optional
        Called with each folder, this one and those of killed runs, before it is removed.
    """
    _sweep(parent, prefix, rescue)
    with storage_errors(parent):
        unnamed = Path(tempfile.mkdtemp(prefix=".unnamed-", dir=parent))
        folder = parent / unnamed.name.replace(".unnamed-", prefix)
        handle = _take(unnamed)
        try:
            unnamed.rename(folder)
        except BaseException:
            unnamed.rmdir()
            raise
    try:
        yield folder
    finally:
        rescue(folder)
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except BaseException:  # a signal to stop, of which there is one: finish, then stop
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if handle is not None:
            os.close(handle)


def _sweep(parent: Path, prefix: str, rescue: Callable[[Path], None]) -> None:
    for folder in parent.glob(f"{prefix}*"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if (handle := _take(folder)) is not None:
                try:
                    rescue(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(handle)
    for folder in parent.glob(".unnamed-*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _UNNAMED_S:
                shutil.rmtree(folder)


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a temporary folder with a short path, for this process and its children."""
    usual = tempfile.gettempdir()
    parent = Path(usual if len(usual) < _SOCKET_PATH else "/tmp")  # noqa: S108 - leased, private
    check_folder(parent)
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with temporary_folder(parent, "marketintel-") as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = before[0]
            if before[1] is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before[1]


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; return False where system or file system cannot."""
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if swap(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.EXDEV, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def sync(folder: Path) -> None:
    """Flush every file below `folder` to the disk, before older ones are removed."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take(folder: Path) -> int | None:
    """Lock a folder and return the handle that holds it; None if another process does.

    A folder is its own lock file, so none is left in it. Network file systems need a file open
    for writing.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for last in (False, True):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError as error:
            os.close(handle)
            if last:
                raise storage_error(error, folder) from error
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(folder / ".lock", flags, 0o666)
        else:
            break
    return handle
