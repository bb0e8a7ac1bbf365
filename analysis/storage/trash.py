"""Deleted runs: moved whole into the state folder, from where they can be put back.

Imports the standard library only.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.runtime.folders import state_folder
from analysis.runtime.state_file import state_file
from analysis.storage.display_titles import display_title, rename_run
from analysis.storage.remote.stubs import is_stub

_TABLE = """CREATE TABLE IF NOT EXISTS deleted (
    folder TEXT PRIMARY KEY, run TEXT NOT NULL, title TEXT NOT NULL, given TEXT NOT NULL,
    deleted TEXT NOT NULL)"""
_COLUMNS = "folder, run, title, given, deleted"
_WHAT = "the list of deleted runs"


@dataclass(frozen=True)
class DeletedRun:
    """A run in the trash.

    Attributes
    ----------
    folder : str
        Its name in the trash folder.
    run : str
        The absolute path of the run folder that it was.
    title : str
        What it was called.
    given : str
        The title that people had given it; empty where it had its own.
    deleted : str
        When: ISO 8601, UTC.
    """

    folder: str
    run: str
    title: str
    given: str
    deleted: str

    @property
    def id(self) -> str:
        """The run's id."""
        return os.path.basename(self.run)


def trash_folder() -> Path:
    """Where deleted runs lie, each in a folder of its own: whatever is removed from here is gone for good."""
    return state_folder() / "trash"


def _file() -> Path:
    return trash_folder() / "deleted.sqlite"


def why_not_deletable(run: Path) -> str | None:
    """Why a run folder cannot be moved away; None where it can."""
    if is_stub(run):
        return "it lies on object storage, where this app writes nothing"
    if run.is_symlink():
        return f"{run} is a link to another place: remove the link itself"
    if not os.path.isdir(run):
        return f"{run} is no longer there"
    for folder in (run.parent, run):
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} may not be written by this app"
    return None


def delete_run(run: Path, title: str = "") -> DeletedRun:
    """Move a run folder into the trash: `restore_run` puts it back.

    Parameters
    ----------
    title : what the list of deleted runs calls it

    Raises
    ------
    ValueError
        It cannot be moved, and why; it is then where it was.
    """
    run = Path(os.path.abspath(run))
    if reason := why_not_deletable(run):
        raise ValueError(f"run {run.name!r} cannot be deleted: {reason}")
    now = datetime.now(UTC)
    given = display_title(run) or ""
    gone = DeletedRun(
        folder=f"{now:%Y%m%dT%H%M%S%f}-{run.name[:40]}",
        run=str(run),
        title=title or given or run.name,
        given=given,
        deleted=now.isoformat(timespec="seconds"),
    )
    with state_file(_file(), _TABLE, _WHAT, make=True) as file:
        file.execute(f"INSERT INTO deleted ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", astuple(gone))
    _move(run, trash_folder() / gone.folder, "deleted")
    rename_run(run, "")  # the next run of this name is another one
    return gone


def deleted_runs() -> list[DeletedRun]:
    """Those that can be put back, the last deleted first.

    Raises
    ------
    ValueError
        The list cannot be read, and why.
    """
    path = _file()
    if not path.is_file():
        return []
    with state_file(path, _TABLE, _WHAT) as file:
        rows = file.execute(f"SELECT {_COLUMNS} FROM deleted ORDER BY folder DESC").fetchall()
    return [one for one in (DeletedRun(*row) for row in rows) if (trash_folder() / one.folder).is_dir()]


def restore_run(one: DeletedRun) -> Path:
    """Put a run back where it was.

    Returns
    -------
    pathlib.Path
        The run folder.

    Raises
    ------
    ValueError
        There is something in its place, or it cannot be moved; it is then still in the trash.
    """
    run = Path(one.run)
    if os.path.lexists(run):
        raise ValueError(f"run {run.name!r} cannot be put back: {run} is taken; rename what is there")
    _move(trash_folder() / one.folder, run, "put back")
    with state_file(_file(), _TABLE, _WHAT, make=True) as file:
        file.execute("DELETE FROM deleted WHERE folder = ?", (one.folder,))
    if one.given:
        rename_run(run, one.given)
    return run


def _move(source: Path, target: Path, done: str) -> None:
    """Move a folder, whole or not at all, also to another file system."""
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_then_remove(source, target)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"run {Path(source).name!r} cannot be {done}: {target}: {reason}") from None


def _copy_then_remove(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")  # a name that no list of runs shows
    try:
        shutil.copytree(source, part, symlinks=True)
        os.rename(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    with suppress(OSError):  # the copy is whole: what cannot be removed goes from the list all the same
        left = source.with_name(f".{source.name}.moved")
        os.rename(source, left)
        shutil.rmtree(left, ignore_errors=True)
