"""Import: what do these files hold, and does it look right? Then a run is made of them."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count, permutations
from pathlib import Path

import streamlit as st

from analysis.reference.outside_text import file_name
from analysis.runtime.command_job import CommandJob
from analysis.runtime.folders import DATASETS, folder_for_new_runs
from analysis.storage.display_titles import LONGEST
from analysis.storage.importers.axes import AXES
from analysis.storage.importers.layouts.places import SIGN, place_of
from analysis.storage.importers.layouts.tables import UNDERSTOOD
from analysis.words.formats import counted
from app import cache, state
from app.components.frame.run_choice import import_example
from app.components.long_work import fault_of, forget, long_work
from app.components.text import escape, plain_text
from app.server.read_only import read_only, refuse_read_only
from app.view import View
from app.views.import_run.files import CALIBRATION, COSTS, LABELS, TEST, Given, clear, given_files, source_options
from app.views.import_run.found import show_arrays, show_preview
from app.views.import_run.snippet import snippet

LOOK, MAKE = "import-look", "import-make"
ASKED = "import-asked"
FIELDS = ("id", "title", "dataset", "model", "costs", "unit", "axes", "kind", "drop_nan", "name", "labels")


def render(view: View | None) -> None:
    """The page; `view` is None where no run can be opened."""
    st.subheader("What do these files hold, and does it look right?", anchor=False)
    if read_only():
        plain_text("This app is read-only: nothing can be imported here. In an app of your own it can.")
        return
    given = given_files()
    if not any(one.role in (TEST, CALIBRATION) for one in given):
        forget(LOOK)
        if given:
            plain_text(
                "None of these files is taken for logits: say above which one holds them. A table of logits has "
                f"{UNDERSTOOD}."
            )
        _other_ways()
        return
    _ask_anew(given)
    options = [*source_options(given, _value("name")), *_told(given)]
    looked = long_work(
        LOOK,
        ["import", *options, "--preview"],
        start_label=None,
        doing=f"Looking into {counted(len(given), 'file')}",
        begin=partial(_begin, "read"),
    )
    fault, printed = fault_of(LOOK)
    _ask(fault)
    if (text := looked or printed).strip():
        found = json.loads(text)
        show_arrays(found)
        _find_labels(given, found["arrays"], fault)
    _ask_labels()
    if looked is not None:
        show_preview(json.loads(looked))
    _make(given, options, looked is not None)


def _begin(what: str, argv: Sequence[str]) -> CommandJob:
    refuse_read_only(what)
    return CommandJob(argv)


def _value(field: str) -> str:
    return str(st.session_state.get(f"import:{field}") or "").strip()


# --- what it cannot know --------------------------------------------------------------------------------------------


def _ask_anew(given: Sequence[Given]) -> None:
    """Forget what was asked about other files."""
    files = tuple(one.path for one in given)
    if st.session_state.get(ASKED, ((), {}))[0] != files:
        for field in FIELDS:
            st.session_state.pop(f"import:{field}", None)
        st.session_state[ASKED] = files, {}


def _ask(fault: str) -> None:
    """A widget for each option that the command asked for, as long as the files are the same."""
    _, asked = st.session_state[ASKED]
    for option in ("--axes", "--kind", "--drop-nan"):
        if f"{option} " in f"{fault} ":
            asked[option] = True
    if named := re.findall(r"(?<!--labels )'[^']*?::([^']+)'", fault):
        asked["::"] = named
    if "--axes" in asked:
        st.selectbox(
            "Axes of the logits, in the order of the file",
            ["", *(",".join(order) for order in permutations(AXES))],
            format_func=lambda text: text.replace(",", " x ") or "told by the files",
            key="import:axes",
            help="Which axis counts the exits, which the samples and which the classes.",
        )
    if "--kind" in asked:
        st.selectbox(
            "What the values are",
            ["", "logits", "probs"],
            format_func={
                "": "told by the files",
                "logits": "logits",
                "probs": "probabilities, or their logarithms",
            }.get,
            key="import:kind",
            help="Logits are before the softmax, and every correction can be computed from them. Of probabilities "
            "log p is kept.",
        )
    if "--drop-nan" in asked:
        st.checkbox(
            "Leave out the samples with NaN or infinity",
            key="import:drop_nan",
            help="Their ids are told, and the others keep theirs.",
        )
    if "::" in asked:
        st.selectbox(
            "Which of the arrays or dictionaries in the file",
            ["", *asked["::"]],
            format_func=lambda name: name or "choose one",
            key="import:name",
            help="The file holds several that may be meant.",
        )


def _find_labels(given: Sequence[Given], arrays: Sequence[Mapping], fault: str) -> None:
    """The vectors in the one file of logits that may hold the labels, where none was taken for them."""
    _, asked = st.session_state[ASKED]
    logits = [row for row in arrays if row["axes"]]
    lengths = [row["shape"].split(" x ")[row["axes"].split(" x ").index("samples")] for row in logits]
    is_open = len(logits) == 1 and not any(row["taken_for"].startswith("labels") for row in arrays)
    if len(_logits(given)) == 1 and not any(one.role == LABELS for one in given) and (is_open or "--labels" in fault):
        asked["labels"] = [
            row["where"].partition(": ")[2]
            for row in arrays
            if "int" in row["dtype"]
            and row["shape"].replace(",", "").isdigit()
            and (row["shape"] in lengths or not lengths)
        ]


def _ask_labels() -> None:
    """Which of them holds the labels; asked for also while the command looks, so that the answer is kept."""
    _, asked = st.session_state[ASKED]
    if names := [name for name in asked.get("labels", ()) if name]:
        st.selectbox(
            "Labels",
            ["", *names],
            format_func=lambda name: name or "none of these",
            key="import:labels",
            help="The vector in the file that holds the true class of each sample.",
        )


def _logits(given: Sequence[Given]) -> list[Path]:
    return [one.path for one in given if one.role in (TEST, CALIBRATION)]


def _told(given: Sequence[Given]) -> list[str]:
    """What people say about the files, as options of the command."""
    options = [f"--{field}={_value(field)}" for field in ("axes", "kind") if _value(field)]
    if labels := _value("labels"):
        options.append(f"--labels={place_of(_logits(given)[0]).file}{SIGN}{labels}")
    if st.session_state.get("import:drop_nan"):
        options.append("--drop-nan")
    costs = _value("costs")
    if costs and not re.fullmatch(r"[-+\d.eE_,\s]+", costs):  # never a path, which the command would take too
        st.error(
            escape(f"costs {costs[:60]!r}: give a number for each exit, separated by commas, such as 15.1e6,25.5e6")
        )
        costs = ""
    if costs:
        options.append(f"--costs={costs}")
    if unit := _value("unit"):
        options.append(f"--cost-unit={unit}")
    return options


# --- the run --------------------------------------------------------------------------------------------------------


def _make(given: Sequence[Given], options: Sequence[str], ready: bool) -> None:
    folder = folder_for_new_runs()
    st.markdown("**What the run is**")
    _describe(given, folder)
    name = _value("id")
    if not ready:
        return
    if not name or name != Path(name).name or name.startswith(".") or name == DATASETS:
        st.error(escape(f"a run cannot be called {name[:60]!r}: give letters, digits and hyphens"))
        return
    if (other := hiding(name, folder)) is not None:
        st.error(escape(f"{other} is a run of that name, which would hide this one: choose another id"))
        return
    told = [f"--{field}={_value(field)}" for field in ("title", "dataset", "model") if _value(field)]
    made = long_work(
        MAKE,
        ["import", *options, *told, f"--out={folder / name}"],
        start_label="Import",
        doing=f"Importing {name}",
        help="Makes the run and opens it.",
        note=f"It is written to {escape(folder / name)}.",
        begin=partial(_begin, "imported"),
    )
    if made is not None:
        forget(MAKE)
        forget(LOOK)
        clear()
        state.reset("sample")
        state.set("run", name)
        state.open_page("overview")
        st.rerun()


def _describe(given: Sequence[Given], folder: Path) -> None:
    """Its names and its costs, which no file of logits tells."""
    if not _value("id"):
        stem = next(one.path.stem for one in given if one.role in (TEST, CALIBRATION))
        st.session_state["import:id"] = free_id(stem, folder)
    left, middle, right = st.columns(3)
    left.text_input("Id", key="import:id", max_chars=100, help="The name of its folder, which addresses hold.")
    left.text_input("Title", key="import:title", max_chars=LONGEST, help="What people see; empty: the id.")
    middle.text_input(
        "Data set", key="import:dataset", max_chars=100, help="Such as cifar100: finds published numbers, superclasses."
    )
    middle.text_input("Model", key="import:model", max_chars=100, help="Such as msdnet: finds published numbers.")
    if not any(one.role == COSTS for one in given):
        right.text_input(
            "Costs of the exits",
            key="import:costs",
            max_chars=2000,
            placeholder="15.1e6,25.5e6,...",
            help="Cumulative: all that runs up to each exit, one number for each, by commas. Empty: none known.",
        )
    right.text_input("Their unit", key="import:unit", max_chars=40, placeholder="MACs", help="Such as MACs or ms.")


def free_id(stem: str, folder: Path) -> str:
    """A run's id from a file's name that no run has, in the folder or in another that is looked into."""
    plain = file_name(stem, "run")
    plain = f"{plain}-run" if plain in ("logits", DATASETS) else plain
    free = (one for n in count(1) if not (folder / (one := plain if n == 1 else f"{plain}-{n}")).exists())
    return next(one for one in free if hiding(one, folder) is None)


def hiding(name: str, folder: Path) -> Path | None:
    """The run of that name in another folder, which an address would open in place of one in this folder."""
    own = os.path.abspath(folder / name)
    others = (entry.path for entry in cache.runs() if entry.id == name and os.path.abspath(entry.path) != own)
    return next(others, None)


# --- other ways -----------------------------------------------------------------------------------------------------


def _other_ways() -> None:
    st.markdown("**From a training script**")
    plain_text("This writes a run, which is in the app's list at once:")
    st.code(snippet(folder_for_new_runs()), language="python")
    st.markdown("**On the command line**")
    plain_text("For files of any size, and with every option: python -m analysis import --help")
    st.code(import_example(), language="bash", wrap_lines=True)
