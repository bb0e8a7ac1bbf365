"""The saved presentations as the app may use them: read always, changed unless the app is read-only."""

from analysis.presentations import Presentations
from app.server.read_only import read_only


def saved() -> Presentations:
    """The saved presentations, to be looked at."""
    return Presentations()


def changeable() -> Presentations:
    """The saved presentations, to be changed.

    Raises
    ------
    ValueError
        The app is read-only.
    """
    if read_only():
        raise ValueError("This app is read-only: presentations are composed in an app of one's own.")
    return Presentations()
