"""What a training script calls to write its run, as text that runs."""

from pathlib import Path

_SNIPPET = """import numpy as np
import analysis  # once: pip install the folder of Exitlens

# outputs: a tensor (samples, classes) for each exit; targets: (samples,)
analysis.write_run(
    {out!r},
    # (exits, samples, classes)
    logits=np.stack([one.detach().float().cpu().numpy() for one in outputs]),
    labels=targets.cpu().numpy(),
    title="My network, seed 0",
    # cumulative, a number for each exit: put yours in place of these
    costs={{"MACs": [1e6 * (n + 1) for n in range(len(outputs))]}},
)
"""


def snippet(folder: Path) -> str:
    """Python that writes a run into a folder of runs, where the app finds it."""
    return _SNIPPET.format(out=str(folder / "my-run"))
