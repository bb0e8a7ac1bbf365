"""What a training script calls to write its run, as text that runs."""

from pathlib import Path

_SNIPPET = """import numpy as np
import analysis  # once: pip install the folder of Exitlens

# after evaluation, without gradients: `outputs` has a tensor (samples, classes) for each exit, `targets` (samples,)
analysis.write_run(
    {out!r},
    logits=np.stack([exit_logits.float().cpu().numpy() for exit_logits in outputs]),  # (exits, samples, classes)
    labels=targets.cpu().numpy(),
    title="My network, seed 0",
    costs={{"MACs": [1e6 * (number + 1) for number in range(len(outputs))]}},  # cumulative, yours in place of these
)
"""


def snippet(folder: Path) -> str:
    """Python that writes a run into a folder of runs, where the app finds it."""
    return _SNIPPET.format(out=str(folder / "my-run"))
