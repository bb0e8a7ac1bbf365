"""README's numbers are the runs', its Python runs: `python tests/unit/test_readme.py` writes the table.

`python tests/unit/test_readme.py bench` measures and writes the seconds of docs/speed.md: a machine at an hour.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from analysis.reference.published import published_for  # noqa: E402
from analysis.results import results_of  # noqa: E402
from analysis.run import Run  # noqa: E402
from analysis.storage import load_run  # noqa: E402
from analysis.words.formats import decimals  # noqa: E402

README = PROJECT / "README.md"
SPEED = PROJECT / "docs" / "speed.md"
THRESHOLDS = (0.01, 0.1)
BENCH = "<!-- bench: python tests/unit/test_readme.py bench -->\n", "<!-- end of bench -->\n"
BEGIN, END = "<!-- table: python tests/unit/test_readme.py -->\n", "<!-- end of table -->\n"


def row(run: Run, predictor: str) -> str:
    """One line: the last exit's accuracy and the share of samples that fall, with the paper's in parentheses."""
    results = results_of(run, predictor)
    paper = published_for(run.dataset, run.model, run.n_exits).get(predictor)
    ours = [100 * results.accuracy[-1], *results.falling_percent(THRESHOLDS)]
    relative = float(results.falling_percent(THRESHOLDS[-1:], kind="relative")[0])
    cells = [f"{decimals(value)}%" for value in ours]
    if paper is not None:
        theirs = [100 * paper.accuracy[-1], *paper.decrease("true_class", THRESHOLDS)]
        cells = [f"{cell} ({decimals(value)}%)" for cell, value in zip(cells, theirs)]
    label = "Baseline" if predictor == "baseline" else "PA"
    return "| " + " | ".join([run.title, label, *cells, f"{decimals(relative)}%"]) + " |"


def table() -> str:
    """The table of every bundled run, test split, default settings."""
    runs = [load_run(path.parent) for path in sorted((PROJECT / "cached_runs").glob("*/run.json"))]
    falls = [f"true class falls by > {threshold:g}" for threshold in THRESHOLDS]
    head = ["run", "predictor", "accuracy, last exit (the paper's)", *(f"{fall} (the paper's)" for fall in falls)]
    head.append(f"relative fall > {100 * THRESHOLDS[-1]:g}%")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [row(run, predictor) for run in runs for predictor in ("baseline", "pa")]
    return "\n".join(lines) + "\n"


def between(text: str, begin: str, end: str) -> str:
    """What stands between two marks."""
    return text[text.index(begin) + len(begin) : text.index(end)]


def test_the_table_is_what_the_runs_say():
    assert between(README.read_text(), BEGIN, END) == table()


def test_the_seconds_are_of_what_bench_measures(capsys):
    from analysis.cli import main

    assert main(["bench", "--exits", "2", "--samples", "20", "--classes", "3", "--format", "json"]) == 0
    measured = {row["pass"] for row in json.loads(capsys.readouterr().out)["passes"]}
    text = SPEED.read_text()
    rows = [line[:48].strip() for line in between(text, *BENCH).splitlines() if line.endswith("x the bare pass")]
    assert {"bare pass", "traces, baseline and pa", "traces, all six", "policy, pcee"} <= set(rows)
    assert set(rows[:-1]) <= measured
    assert rows[-1].endswith("other metrics and numbers, each")


def test_every_file_that_the_readme_names_exists():
    text = README.read_text()
    for name in re.findall(r"`((?:app|analysis|tests|cached_runs|docs)/[\w/.-]*)`|\]\(([\w/.-]+)\)", text):
        assert (PROJECT / (name[0] or name[1])).exists(), name


def test_every_command_that_the_readme_names_exists():
    from analysis.cli import COMMANDS

    named = set(re.findall(r"python -m analysis (\w+)", README.read_text()))
    assert named <= set(COMMANDS)
    assert {"import", "summarize", "probs", "traces", "train"} <= named


def test_the_python_of_the_readme_runs_where_its_commands_were_called(monkeypatch, tmp_path):
    from analysis.cli import main

    text = README.read_text()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cached_runs").mkdir()
    (tmp_path / "cached_runs" / "msdnet-cifar100").symlink_to(PROJECT / "cached_runs" / "msdnet-cifar100")
    monkeypatch.setattr("analysis.report.pictures.save_picture", lambda figure, *_: figure.data[0])  # no browser here
    assert main(shlex.split(re.search(r"python -m analysis (policy .*)", text)[1])) == 0
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert {path.name for path in tmp_path.iterdir()} == {"cached_runs", "rule.json"}
    assert (tmp_path / "cached_runs" / "mine" / "run.json").is_file()


if __name__ == "__main__":
    if sys.argv[1:] == ["bench"]:
        printed = subprocess.check_output([sys.executable, "-m", "analysis", "bench"], cwd=PROJECT, text=True)
        page, (begin, end), written = SPEED, BENCH, f"```\n{printed}```\n"
    else:
        page, (begin, end), written = README, (BEGIN, END), table()
    text = page.read_text()
    page.write_text(text.replace(begin + between(text, begin, end), begin + written))
