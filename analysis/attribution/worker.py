"""The process that computes one strip: `python -m analysis.attribution.worker FOLDER`, started by `jobs`.

It ends by itself when nobody has asked for its progress for a while: the page was left, or the app is gone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

PATIENCE_S = 20
ORDER, IMAGE, PROGRESS, ASKED, ERROR, RESULT = (
    "order.json", "image.npy", "progress", "asked", "error", "strip.entry",
)  # fmt: skip


def end_when_forgotten(folder: Path) -> None:
    """End this process, in the middle of whatever it does, once nobody has asked for `PATIENCE_S` seconds."""
    while True:
        time.sleep(1)
        try:
            forgotten = time.time() - (folder / ASKED).stat().st_mtime > PATIENCE_S
        except OSError:
            forgotten = True
        if forgotten:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(3)


def compute(folder: Path) -> None:
    """Compute what the folder's order says, and leave the strip, or the error's sentence, in the folder."""
    import numpy as np
    import torch

    from analysis.attribution.strip import StripSettings, film_strip, write_strip
    from analysis.models.evaluation.live import within_memory
    from analysis.models.networks.architectures import architecture
    from analysis.models.networks.checkpoints import load_checkpoint

    torch.set_num_threads(1)  # several would wait for each other, and for whoever else computes here
    order = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    image = np.load(folder / IMAGE, allow_pickle=False)
    (folder / IMAGE).unlink()  # someone's picture: it is kept nowhere

    def report(done: int) -> None:
        (folder / PROGRESS).write_text(str(done), encoding="ascii")

    try:
        with within_memory("attributions of this network"):
            network = load_checkpoint(order["weights"], order["arch"])
            dataset = architecture(order["arch"]).dataset
            strip = film_strip(network, image, StripSettings(**order["settings"]), dataset, report)
    except ValueError as error:
        (folder / ERROR).write_text(str(error), encoding="utf-8")
        return
    write_strip(folder / RESULT, strip)


def main(folder: Path) -> None:
    """Compute a folder's order at low priority, for as long as someone asks for it."""
    threading.Thread(target=end_when_forgotten, args=(folder,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)  # whoever looks at the app comes first
    compute(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
