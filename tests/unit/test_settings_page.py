"""docs/settings.md is what the tables say: `python tests/unit/test_settings_page.py` writes it, the test compares."""

import sys
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from analysis.policies import POLICIES, Policy  # noqa: E402
from analysis.predictors import PREDICTORS, Predictor  # noqa: E402
from analysis.sets import SETS, SetMethod  # noqa: E402
from analysis.settings import REQUIRED, Setting, as_text  # noqa: E402
from app.control_table import CONTROLS  # noqa: E402
from app.page_table import EVERY_PAGE  # noqa: E402

PAGE = PROJECT / "docs" / "settings.md"
HEAD = """# Settings

Written from the tables in `analysis/predictors/table.py`, `analysis/policies/table.py`, `analysis/sets/table.py` and
`app/control_table.py` by `python tests/unit/test_settings_page.py`.

## Of the predictors

On the command line `--set NAME=VALUE`, which may be repeated; in the address `set=NAME:VALUE,NAME:VALUE`.
"""
OF_POLICIES = """
## Of the policies

With `policy`, also by `--set NAME=VALUE`: a name that the policy knows is the policy's, every other the predictor's.
"""
OF_SETS = """
## Of the sets

With `sets`, also by `--set NAME=VALUE`: a name that the method knows is the method's, every other the predictor's.
"""
ADDRESS = """
## In the address of the app

`run`, `predictor` and `poe` are always written, the others where they differ from their defaults. What is no value of a
setting is said in one line, and its default is shown.

"""


def cells(*texts: str) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def common(setting: Setting) -> tuple[str, str, str]:
    if setting.default is REQUIRED:
        return f"`{setting.name}`", "required", setting.range_text
    default = as_text(setting, setting.default)
    return f"`{setting.name}`", f"`{default}`" if default else "none", setting.range_text


def table(columns: Iterable[str], rows: Iterable[str]) -> str:
    columns = list(columns)
    return "\n".join([cells(*columns), "|" + "---|" * len(columns), *rows]) + "\n"


def page() -> str:
    text = HEAD + of_rows(PREDICTORS.values()) + OF_POLICIES + of_rows(POLICIES.values())
    text += OF_SETS + of_rows(SETS.values())
    rows = (
        cells(*common(row), "all" if row.pages == EVERY_PAGE else ", ".join(row.pages), row.description)
        for row in CONTROLS.values()
    )
    return text + ADDRESS + table(("name", "default", "takes", "pages", "meaning"), rows)


def of_rows(rows: Iterable[Predictor | Policy | SetMethod]) -> str:
    """A section for each row of a table: its name, what it is, its settings."""
    text = ""
    for row in rows:
        text += f"\n### `{row.id}`, {row.name}\n\n{row.summary}"
        if row.settings:
            lines = (cells(*common(setting), setting.description) for setting in row.settings)
            text += "\n\n" + table(("setting", "default", "takes", "meaning"), lines)
        else:
            text += " It has no settings.\n"
    return text


def test_the_page_is_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
