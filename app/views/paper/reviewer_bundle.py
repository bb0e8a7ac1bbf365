"""The reviewer bundle: what `report` writes of the run on screen, made beside the app and offered for download."""

from collections.abc import Sequence

import streamlit as st

from analysis.predictors import available_predictors, first_correction, setting_arguments
from analysis.report.reviewer.facts import report_name
from analysis.runtime.command_job import CommandJob
from analysis.runtime.own_folders import own_folder
from app.components.long_work import long_work
from app.view import View

_WORK = "reviewer-bundle"
NOTE = (
    "One HTML file about this run that opens offline: claims with intervals, figures with the switch, the samples "
    "behind them, settings, hashes of the data and the command that makes it again. It takes some seconds."
)
HELP = "What `python -m analysis report` writes: all samples of the split, the predictor and the settings on screen."


class ReportJob(CommandJob):
    """`report` into a file of the job's own folder; `output` is its text once it is done."""

    def __init__(self, argv: Sequence[str]):
        folder = own_folder("report")
        self.file = folder / "report.html"
        super().__init__([*argv, "--out", str(self.file)], folder=folder)

    def done(self) -> bool:
        """As `CommandJob.done`; the file is read, and removed, once."""
        ended = super().done()
        if ended and self.file.is_file():
            self.output = self.file.read_text(encoding="utf-8")
            self.file.unlink()
        return ended


def reviewer_bundle(view: View) -> None:
    """The button, how far it is, and the file. It writes nothing but a temporary file: read-only apps offer it too."""
    run = view.run
    predictor = first_correction(run.kind) if view.predictor == "baseline" else view.predictor
    st.markdown("**For a reviewer**")
    made = long_work(
        _WORK,
        arguments(view, predictor),
        start_label="Reviewer bundle",
        doing="Making the reviewer bundle",
        help=HELP,
        note=NOTE,
        begin=ReportJob,
    )
    if made is not None:
        st.download_button(
            "Download the bundle",
            data=made,
            file_name=report_name([run.id], predictor),
            mime="text/html",
            on_click="ignore",
            help=f"{len(made.encode()) / 1e6:.1f} MB",
        )


def arguments(view: View, predictor: str) -> list[str]:
    """`report` with what is on screen; what is the default is left out, so that the file names the shortest command."""
    run, row = view.run, available_predictors()[predictor]
    argv = ["report", str(run.path.absolute()), "--predictor", predictor]
    argv += setting_arguments(row, view.settings_of(predictor))
    argv += ["--split", view.split]
    first = run.cost()
    if view.unit is not None and first is not None and view.unit != first[0]:
        argv += ["--cost-unit", view.unit]
    return argv
