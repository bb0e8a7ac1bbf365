"""UMAP's process with a stand-in for umap-learn, which takes `UMAP_SECONDS` and triples the first two numbers."""

import os
import sys
import time
from pathlib import Path

from analysis.runtime.watched import heed_asker
from analysis.selection import umap_map


class Umap:
    """What is used of the package and of its class."""

    def UMAP(**_):
        return Umap

    def fit_transform(vectors):
        time.sleep(float(os.environ["UMAP_SECONDS"]))
        return vectors[:, :2] * 3


if __name__ == "__main__":
    umap_map.umap_installed = lambda: True
    umap_map.importlib.import_module = lambda name: Umap
    heed_asker()
    sys.exit(umap_map.main(Path(sys.argv[1])))
