"""The process that computes one strip: `python -m analysis.attribution.worker FOLDER`, started by `jobs`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from analysis.runtime.watched import heed_asker, teller

ORDER, IMAGE, RESULT = "order.json", "image.npy", "strip.entry"


def compute(folder: Path) -> int:
    """Compute what the folder's order says, and leave the strip in the folder, or say why not; the exit status."""
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
    try:
        with within_memory("attributions of this network"):
            network = load_checkpoint(order["weights"], order["arch"])
            known, told = architecture(order["arch"]), 0
            tell = teller(known.logits_shape[0], "Attributing")

            def report(done: int) -> None:
                nonlocal told
                if tell is not None:
                    tell(done - told)
                told = done

            strip = film_strip(network, image, StripSettings(**order["settings"]), known.dataset, report)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    write_strip(folder / RESULT, strip)
    return 0


if __name__ == "__main__":
    heed_asker()
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
    sys.exit(compute(Path(sys.argv[1])))
