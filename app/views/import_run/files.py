"""The files of an import: dropped ones, put on the disk for the command, or paths; what each is taken for."""

import hashlib
import os
import re
import shutil
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from analysis.runtime.own_folders import own_folder
from analysis.runtime.whole_files import whole_file
from analysis.storage.importers.layouts.places import SIGN, place_of
from analysis.storage.importers.parts import means_labels
from app.components.text import escape, plain_text
from app.server.listening import paths_may_be_named

LARGEST_MB = 500
"""Of one dropped file; `.streamlit/config.toml` names the same."""
MOST_FILES = 24
TEST, CALIBRATION, LABELS, SAMPLES = "logits", "logits of calibration samples", "labels", "further columns"
CLASSES, COSTS, IMAGES, NOTHING = "class names", "costs of the exits", "images", "not used"
ROLES = (TEST, CALIBRATION, LABELS, SAMPLES, CLASSES, COSTS, IMAGES, NOTHING)
UPLOAD, PATHS, STAGE = "import-upload", "import-paths", "import-stage"
_CALIBRATION = {"calibration", "calib", "cal", "val", "valid", "validation"}
_COSTS = {"cost", "costs", "flops", "macs", "gflops", "latency", "latencies"}
_CLASSES = {"classes", "classnames", "names", "synsets"}


@dataclass(frozen=True)
class Given:
    """One file of an import, and what it is taken for."""

    path: Path
    role: str


class Stage:
    """A folder on the disk for dropped files, which goes with the browser's session."""

    def __init__(self) -> None:
        self.folder = own_folder("import")
        self.clear = weakref.finalize(self, shutil.rmtree, self.folder, True)

    def put(self, file: object) -> Path:
        """Where an uploaded file lies, under its own name, in a folder of its own.

        Raises
        ------
        ValueError
            It cannot be put there; no part of it is left.
        """
        place = self.folder / re.sub(r"[^\w-]", "", str(file.file_id))[:64] / safe_name(file.name)
        if not place.exists():
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with whole_file(place) as unfinished:
                    unfinished.write_bytes(file.getbuffer())
            except OSError as error:
                raise ValueError(
                    f"{place.name} cannot be put into {self.folder} ({error.strerror}): make room there, or import it "
                    "on the command line"
                ) from None
        return place

    def together(self, paths: Sequence[Path]) -> Path:
        """A folder with these files, as the command takes images of several splits; the same for the same files.

        Raises
        ------
        ValueError
            Two have one name.
        """
        if len({path.name for path in paths}) < len(paths):
            raise ValueError("two files of images have one name: rename one, such as test-00000 and calibration-00000")
        folder = self.folder / f"images-{hashlib.sha256(repr(sorted(map(str, paths))).encode()).hexdigest()[:16]}"
        folder.mkdir(exist_ok=True)
        for path in paths:
            if not (folder / path.name).is_symlink():
                os.symlink(path, folder / path.name)
        return folder


def safe_name(name: str) -> str:
    """A file name that is one, whatever a browser sends.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("..")
    ('passwd', 'file')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable()).replace("::", "_").lstrip(".-")
    stem, dot, suffix = kept.rpartition(".")
    return (f"{stem[:80]}{dot}{suffix[:16]}" if stem else kept[:80]) or "file"


def shown_name(path: Path) -> str:
    """A file's name; of a place in one, with the file that it lies in.

    Examples
    --------
    >>> shown_name(Path("/data/nested.pt::results/test")), shown_name(Path("/data/val.npz"))
    ('nested.pt::results/test', 'val.npz')
    """
    place = place_of(path)
    return f"{place.file.name}{SIGN}{place.name}" if place.name else path.name


def role_of(path: Path) -> str:
    """What a file is taken for by its name, until somebody says otherwise.

    Examples
    --------
    >>> role_of(Path("val_logits.npy")), role_of(Path("test_labels.npy")), role_of(Path("flops.pth"))
    ('logits of calibration samples', 'labels', 'costs of the exits')
    """
    words = set(re.findall(r"[a-z]+", path.stem.lower()))
    if path.is_dir() or (path.suffix == ".parquet" and re.match(r"(test|train|val\w*|calibration)-", path.name)):
        return IMAGES
    if words & _COSTS:
        return COSTS
    if words & _CLASSES:
        return CLASSES
    if means_labels(path.stem) and not words & {"logits", "probs"}:
        return LABELS
    if path.suffix in (".csv", ".tsv", ".parquet") and not words & {"logits", "probs", "predictions", "outputs"}:
        return SAMPLES
    return CALIBRATION if words & _CALIBRATION else TEST


def stage() -> Stage:
    """This session's folder for dropped files."""
    if STAGE not in st.session_state:
        st.session_state[STAGE] = Stage()
    return st.session_state[STAGE]


def clear() -> None:
    """Forget the files: the page is empty again."""
    if (held := st.session_state.pop(STAGE, None)) is not None:
        held.clear()
    st.session_state.pop(PATHS, None)
    st.session_state[f"{UPLOAD}:round"] = _round() + 1


def _round() -> int:
    return st.session_state.get(f"{UPLOAD}:round", 0)


def given_files() -> list[Given]:
    """Where files are dropped or named; those that are there, each with its role."""
    dropped = st.file_uploader(
        "Logits of every exit, and what belongs to them: labels, further columns, class names, costs, images",
        accept_multiple_files=True,
        max_upload_size=LARGEST_MB,
        key=f"{UPLOAD}:{_round()}",  # another one is empty
        help=".npz, .npy, .safetensors, .pt, .pth, .p, .pkl, .json, .csv, .tsv, .parquet. Nothing in them is executed.",
    )
    paths = [stage().put(file) for file in dropped or ()]
    if paths_may_be_named():
        text = st.text_area(
            "Or their paths on this computer, one a line",
            key=PATHS,
            height=68,
            help="For files of any size: they are read where they lie. Offered because this app is heard by this "
            "computer alone.",
        )
        paths += [Path(line.strip()).expanduser().absolute() for line in text.splitlines() if line.strip()]
        plain_text("Files that are larger are named by their path.", role="caption")
    else:
        plain_text("Files that are larger are imported on the command line, where they lie.", role="caption")
    paths = list(dict.fromkeys(paths))
    if len(paths) > MOST_FILES:
        raise ValueError(f"{len(paths)} files were given, and a page takes {MOST_FILES}: use the command line")
    return _with_roles(paths)


def _with_roles(paths: Sequence[Path]) -> list[Given]:
    given = []
    for path in paths:
        with st.container(horizontal=True, vertical_alignment="center"):
            name = shown_name(path)
            role = st.selectbox(
                f"What {escape(name)} holds",
                ROLES,
                index=ROLES.index(role_of(path)),
                key=f"import-role:{path}",
                label_visibility="collapsed",
                width=260,
            )
            plain_text(name)
        given.append(Given(path, role))
    return given


def source_options(given: Sequence[Given], name_in_file: str = "") -> list[str]:
    """What the command is told of the files.

    Parameters
    ----------
    name_in_file : str
        Of the dictionary or array that is meant in the files of logits; empty: the whole file.
    """
    logits = sorted((one for one in given if one.role in (TEST, CALIBRATION)), key=lambda one: one.role == TEST)
    labels = sorted((one.path for one in given if one.role == LABELS), key=_is_for_test)
    options = [f"{one.path}::{name_in_file}" if name_in_file else str(one.path) for one in logits]
    if len(logits) > 1 or any(one.role == CALIBRATION for one in logits):
        options += [f"--splits={','.join('test' if one.role == TEST else 'calibration' for one in logits)}"]
    options += [f"--labels={path}" for path in labels]
    for role, option in ((SAMPLES, "--samples"), (CLASSES, "--classes"), (COSTS, "--costs")):
        options += [f"{option}={path}" for path in _only(given, role)]
    images = [one.path for one in given if one.role == IMAGES]
    if images:
        options += [f"--images={images[0] if len(images) == 1 else stage().together(images)}"]
    return options


def _is_for_test(path: Path) -> bool:
    return not set(re.findall(r"[a-z]+", path.stem.lower())) & _CALIBRATION


def _only(given: Sequence[Given], role: str) -> list[Path]:
    found = [one.path for one in given if one.role == role]
    if len(found) > 1:
        raise ValueError(f"{found[0].name} and {found[1].name} are both taken for {role}: keep one of them")
    return found
