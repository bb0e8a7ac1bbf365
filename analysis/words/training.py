"""How a network was trained, in sentences, and the commands that train it again.

`facts` are those of `analysis.models.training.provenance.training_facts`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.reference.names import DATASETS
from analysis.words.formats import counted, moved, percent, plural

CALIBRATION_NOTE = "training images held out for calibration, the same for every seed"


def hardware_words(facts: Mapping[str, object]) -> str:
    """What trained it.

    Examples
    --------
    >>> hardware_words({"processes": 2, "hardware": "one core"})
    '2 processes, each on one core'
    >>> hardware_words({"processes": 1, "hardware": "one card", "beside": 1})
    'one card beside 1 other training'
    """
    one, count, beside = facts["hardware"], facts["processes"], facts.get("beside", 0)
    shared = f" beside {beside} other {plural(beside, 'training')}" if beside else ""
    return (one if count == 1 else f"{count} processes, each on {one}") + shared


def training_summary(facts: Mapping[str, object]) -> str:
    """The sentences that the app shows: what was trained, where, and how far from the paper."""
    trained = f"for {counted(facts['epochs'], 'epoch')} (the paper: {facts['paper_epochs']}){_limit_words(facts)}"
    if facts["batch"] != facts["paper_batch"]:
        trained += f" in batches of {facts['batch']} (the paper: {facts['paper_batch']}), the rate scaled to them,"
    trained += f" on {hardware_words(facts)}, {_time_words(facts['hours'])}, seed {facts['seed']}."
    if facts["model"] == "imta-stage1":
        return f"Stage 1 of IMTA (an MSDNet whose gradient is rescaled), trained {trained}"
    if facts["model"] == "imta":
        first = facts["first_stage"]
        known = [counted(first["epochs"], "epoch")] if "epochs" in first else []
        known += [f"seed {first['seed']}"] if "seed" in first else []
        frozen = ", ".join(["new heads on the frozen stage 1", *known])
        return f"Stage 2 of IMTA ({frozen}), trained {trained}"
    return f"Trained {trained}"


def _limit_words(facts: Mapping[str, object]) -> str:
    minutes, cut_from = facts["minutes"], facts["cut_from"]
    allowed = f"{minutes:g} {plural(minutes, 'minute')} allow{'s' if minutes == 1 else ''}" if minutes else ""
    if cut_from is not None:
        where = f"within epoch {facts['epochs'] + 1} of" if facts["within_epoch"] else "before"
        return f", stopped {where} the {cut_from} that {allowed or 'were planned'},"
    return f", as many as {allowed}," if allowed else ""


def _time_words(hours: float) -> str:
    minutes = round(60 * hours)
    if minutes >= 60:
        return f"{hours:.1f} hours" if hours >= 1.05 else "1 hour"
    return counted(minutes, "minute") if minutes else "less than a minute"


def curves_title(epoch: np.ndarray, loss: np.ndarray, accuracy: np.ndarray) -> str:
    """What training came to, as the curves show it.

    Parameters
    ----------
    epoch, loss : (epochs,), `loss` NaN where it is not known
    accuracy : float, (exits, epochs)
        On held-out images, 0 to 1, NaN where it is not known; may have no rows.

    Examples
    --------
    >>> curves_title(np.array([1, 2]), np.array([3.0, 1.5]), np.array([[0.2, 0.45]]))
    'Over 2 epochs the training loss goes from 3 to 1.5; on held-out images the last exit is right on 45.0%'
    """
    known = loss[np.isfinite(loss)]
    said = f"Over {counted(int(epoch[-1]), 'epoch')} the training loss "
    said += moved(known[0], known[-1], "{:.3g}".format) if known.size else "is not known"
    if len(accuracy) and np.isfinite(accuracy[-1, -1]):
        said += f"; on held-out images the last exit is right on {percent(100 * accuracy[-1, -1])}"
    return said


def training_title(facts: Mapping[str, object]) -> str:
    """What people see in the list of runs: network, data set, epochs (of both stages where known), limits and seed."""
    first, minutes = (facts["first_stage"] or {}).get("epochs"), facts["minutes"]
    epochs = counted(facts["epochs"], "epoch")
    epochs = epochs if first is None else f"{first} + {epochs}"
    limited = minutes is not None and facts["cut_from"] is None
    epochs += f" in {minutes:g} {plural(minutes, 'minute')}" if limited else ""
    if facts["batch"] != facts["paper_batch"]:
        epochs += f", batch {facts['batch']}"
    return f"{facts['network']} on {DATASETS[facts['dataset']]}, {epochs}, seed {facts['seed']}"


def training_command(
    facts: Mapping[str, object],
    *,
    batch: int | None,
    record: bool | None,
    split: str | None,
    no_weights: bool,
    latency: int | None,
) -> str:
    """The command that trains the network again, without the paths of this machine.

    Parameters
    ----------
    batch, record, split, no_weights, latency
        As on the command line; None where they are left out.
    """
    count, minutes = facts["processes"], facts["minutes"]
    start = "python" if count == 1 else f"torchrun --nproc-per-node {count}"
    words = [f"{start} -m analysis train --recipe {facts['recipe']}"]
    words += ["--init STAGE1"] if facts["first_stage"] is not None else []
    words += [f"--data PATH --out DIR --epochs {facts['planned_epochs']} --seed {facts['seed']}"]
    words += [f"--device {facts['device']} --precision {facts['precision']}"]
    words += [f"--batch {batch}"] if batch is not None else []
    words += [f"--minutes {minutes:g}"] if minutes is not None else []
    words += ["--compile" if facts["compiled"] else "--no-compile"]
    words += [] if record is None else ["--record" if facts["recorded"] else "--no-record"]
    words += [f"--split {split}"] if split is not None else []
    words += ["--no-weights"] if no_weights else []
    words += [f"--latency {latency}"] if latency else []
    return " ".join(words)


def paper_command(facts: Mapping[str, object]) -> str:
    """The command of the paper's schedule; of both stages for IMTA's second."""
    official, first, seed = facts["official"], facts["first_stage"], facts["seed"]
    if first is None:
        return f"python -m analysis train --recipe {official} --data PATH --out DIR --seed {seed}"
    begin = f"python -m analysis train --recipe {official.replace('stage2', 'stage1')} --data PATH --out STAGE1"
    begin += f" --seed {first['seed']}" if "seed" in first else ""
    return f"{begin} && python -m analysis train --recipe {official} --init STAGE1 --data PATH --out DIR --seed {seed}"


def speed_words(facts: Mapping[str, object]) -> str:
    """How fast the steps were, and where their time went.

    Examples
    --------
    >>> speed_words({"images_per_s": 120, "shares": {"data": 0.004, "forward": 0.37, "backward": 0.626}})
    '120 images/s; of a step: data 0.4%, forward 37%, backward 63%'
    """
    words = f"{facts['images_per_s']:.0f} images/s"
    said = [f"{phase} {float(f'{100 * share:.2g}'):g}%" for phase, share in facts["shares"].items() if share >= 0.001]
    return f"{words}; of a step: {', '.join(said)}" if said else words
