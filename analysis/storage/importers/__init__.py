"""Runs from the files researchers already have, one module per form of file. Imports no torch."""

from analysis.storage.importers.joining import Imported, import_run

__all__ = ["Imported", "import_run"]
