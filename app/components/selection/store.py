"""The saved slices as the app may use them: read always, changed unless the app is read-only."""

from collections.abc import Mapping

from analysis.run import Run
from analysis.selection import Selection, Slice, Slices
from analysis.selection.listed import Listed
from analysis.selection.slices import bound
from app.server.read_only import read_only


def saved() -> Mapping[str, Slice]:
    """Every saved slice by its name, read once."""
    return {one.name: one for one in Slices().listed()}


def changeable() -> Slices:
    """The saved slices, to be changed.

    Raises
    ------
    ValueError
        The app is read-only.
    """
    if read_only():
        raise ValueError("This app is read-only: slices are saved, renamed and deleted in an app of one's own.")
    return Slices()


def with_ids(selection: Selection) -> Selection:
    """The selection with the ids of the saved slices that it names; a name that none bears stays."""
    return selection.bound({name: one.listed for name, one in _named(selection.slices).items()})


def explained(selection: Selection, run: Run) -> Selection:
    """The same, and each slice is held against the run.

    Raises
    ------
    ValueError
        A slice is not saved here, or is of other samples than the run's.
    """
    listed = {name: one for name, one in selection.regions.items() if isinstance(one, Listed)}
    for name, one in _named(tuple(listed)).items():
        if one.listed == listed[name]:  # else another one of the same name, of which only ids are known
            one.joined(run)
    selection = bound(selection, saved, run)
    if selection.slices:
        raise ValueError(f"the slice {selection.slices[0]!r} is not saved here: import its file first, under “Slices”")
    return selection


def _named(names: tuple[str, ...]) -> dict[str, Slice]:
    if not names:
        return {}
    slices = saved()
    return {name: one for name in names if (one := slices.get(name)) is not None}
