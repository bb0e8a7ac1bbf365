"""What a figure's CSV holds: its numbers, and what they are of: run, split, each predictor with its settings."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis import predictors
from app.view import View


def figure_table(
    view: View,
    table: pd.DataFrame,
    *,
    predictor: str | None = None,
    defaults: bool = False,
    split: bool = True,
) -> pd.DataFrame:
    """A figure's numbers, with columns before them that say what they are of.

    Parameters
    ----------
    view : View
    table : pandas.DataFrame
        The numbers. A column `predictor` says whose each row is, by id.
    predictor : str, optional
        Whose all rows are, in a table without that column.
    defaults : bool
        Whether predictors are with their default settings, whatever is chosen in the sidebar.
    split : bool
        Whether the numbers are over a split.

    Returns
    -------
    pandas.DataFrame
        Columns `run`, `split`, `predictor` and `settings` as far as they apply, then the table's; after the split
        `selected`, in words, where numbers are over the selected samples alone. Settings are written as `--set` takes
        them, a space between two.
    """
    table = table if predictor is None else table.assign(predictor=predictor)
    about = {"run": [view.run.id] * len(table)}
    if split:
        about["split"] = [view.split] * len(table)
        if view.only:
            about["selected"] = [f"{view.selected.count} samples {view.selected.words}".strip()] * len(table)
    if "predictor" in table:
        own = {key: {} if defaults else view.settings_of(key) for key in table["predictor"].unique()}
        texts = {key: settings_text(view, key, settings) for key, settings in own.items()}
        about |= {"predictor": table["predictor"].tolist(), "settings": [texts[key] for key in table["predictor"]]}
    rest = table.drop(columns="predictor", errors="ignore").reset_index(drop=True)
    return pd.concat([pd.DataFrame(about), rest], axis=1)


def settings_text(view: View, predictor: str, settings: Mapping[str, object]) -> str:
    """A predictor's settings, defaults included: `weights=linear threshold=0`."""
    resolved = predictors.resolve(predictor, settings, kind=view.run.kind, n_exits=view.run.n_exits)
    return predictors.settings_text(predictor, resolved)


def by_exit(exit_names: tuple[str, ...], columns: Mapping[str, np.ndarray], **fixed: object) -> pd.DataFrame:
    """Numbers (exits,) by their columns' names, a row per exit: its number from 1, its name, and what is fixed."""
    count = len(next(iter(columns.values())))
    exits = {"exit": range(1, count + 1), "exit_name": list(exit_names)[:count]}
    return pd.DataFrame({**{name: [value] * count for name, value in fixed.items()}, **exits, **columns})
