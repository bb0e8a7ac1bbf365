"""What a run folder is to hold, in parts that belong together: what `write_run_folder` and `import_run` take.

Imports pandas for its types alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Description:
    """What a run says of itself.

    title : shown to people; None: the folder's name
    dataset, model : what the run is, such as `cifar100` and `msdnet`; None: nobody says
    provenance : how the run was made, as JSON
    """

    title: str | None = None
    dataset: str | None = None
    model: str | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)


UNDESCRIBED = Description()


@dataclass(frozen=True)
class Exits:
    """The exits of a run.

    names : one per exit; None: `exit 1` and so on
    costs : unit -> cumulative cost of each exit; the first unit is the default
    """

    names: Sequence[str] | None = None
    costs: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of a run, in the order of its logits.

    labels : (samples,) whole numbers in 0..classes-1, None or NaN where unknown; None: `label` of `table`
    table : one row per sample: `id`, `split`, `image` and any further column
    images : split -> image parquet shards, in which `image` counts; they must lie in the runs folder
    """

    labels: object | None = None
    table: pd.DataFrame | None = None
    images: Mapping[str, Sequence[str | Path]] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptNetwork:
    """The network that a run keeps for live inference; both None: it keeps none.

    weights : a safetensors file, which is copied into the run
    arch : the id of its architecture
    """

    weights: str | Path | None = None
    arch: str | None = None


@dataclass(frozen=True, eq=False)
class RunContent:
    """All that a run folder is made of.

    logits : (exits, samples, classes), or chunks of that along samples; float16 is kept, the rest becomes float32. Of
        kind `probs`: log p
    kind : `logits` or `probs`
    class_names : one per class; an empty one is shown as its index; None: the indices
    """

    logits: np.ndarray | Iterable[np.ndarray]
    samples: Samples = field(default_factory=Samples)
    exits: Exits = field(default_factory=Exits)
    description: Description = field(default_factory=Description)
    network: KeptNetwork = field(default_factory=KeptNetwork)
    class_names: Sequence[str] | None = None
    kind: str = "logits"
