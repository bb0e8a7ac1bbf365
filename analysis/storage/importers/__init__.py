"""Runs from the files researchers already have, one module per form of file. Imports no torch."""

from analysis.storage.importers.joining import Imported, ImportedNetwork, import_run
from analysis.storage.importers.sources import Sources

__all__ = ["Imported", "ImportedNetwork", "Sources", "import_run"]
