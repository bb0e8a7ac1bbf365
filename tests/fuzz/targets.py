"""What is fuzzed: for each target its valid files, and one case, which ends as `read`, `refused` or as a finding."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import re
import shutil
import string
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.fuzz.mutations import changed_bytes, changed_json, changed_zip, pick
from tests.fuzz.pickle_opcodes import random_pickle

CASES = Path(__file__).with_name("cases")
LONGEST_SENTENCE = 1100


@dataclass(frozen=True)
class Target:
    """What is fuzzed.

    prepare : folder -> what every case starts from
    case : (that, generator, an empty folder) -> `read` or `refused`
    """

    prepare: Callable[[Path], object]
    case: Callable[[object, np.random.Generator, Path], str]


def outcome(call: Callable[[], object]) -> str:
    """How a call ends, as the command line sees it.

    Raises
    ------
    AssertionError : a refusal that is no clear sentence; whatever else the call lets out is a finding too
    """
    from analysis.cli import _message, one_line

    try:
        call()
    except (ValueError, OSError) as error:
        sentence = one_line(_message(error))
        assert 10 <= len(sentence) <= LONGEST_SENTENCE, f"a sentence of {len(sentence)} letters: {sentence[:200]}"
        assert not re.search(r"\w(Error|Exception)\b|Traceback|object at 0x|<class|Errno", sentence), sentence
        return "refused"
    return "read"


# --- files of arrays ---


def _logits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 24, 4)).astype(np.float32), rng.integers(0, 4, 24)


def _torch_bytes(content: object, **options: object) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def _pickles(folder: Path) -> list[bytes]:
    import torch

    x, y = _logits()
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    turned = np.ascontiguousarray(x.transpose(2, 0, 1)).transpose(1, 2, 0)
    contents = [(x, y), {"logits": x, "labels": list(y)}, [list(x), y.tolist()], (turned, y), tensors]
    contents.append(
        {"logits": np.array([list(e) for e in x], dtype=object), "y": np.array([None, "x", 3], dtype=object)}
    )
    heads, batches = {f"head{e}": x[e] for e in range(3)}, [x[:, i : i + 9] for i in range(0, 24, 9)]
    contents += [{**heads, "labels": y}, {"net": {"data": heads, "data_val": heads}}, (batches, y), list(batches)]
    contents += [
        [{"logits": batch, "labels": y[: batch.shape[1]]} for batch in batches],
        ([list(b) for b in batches], y),
    ]
    contents += [
        [{"logits": x[:, i], "label": int(y[i])} for i in range(24)],
        ([[b[e] for b in batches] for e in range(3)], y),
    ]
    contents += [
        {"logits": x, "data": [{"labels": y[:9]}, {"labels": y[9:]}]},
        [{"lr": 0.1}, {"logits": x, "y": y}],
    ]
    made = [pickle.dumps(content, protocol) for content in contents for protocol in (0, 2, 4, 5)]
    made += [_torch_bytes(content, _use_new_zipfile_serialization=False) for content in (tensors, list(tensors)) * 3]
    return made + [path.read_bytes() for path in sorted(CASES.glob("*.p"))]


def _import(data: bytes, name: str, rng: np.random.Generator, folder: Path, **options: object) -> str:
    from analysis.storage.importers import Sources, import_run
    from analysis.storage.validation import validate_run

    source, out = folder / name, folder / "runs" / "run"
    source.write_bytes(data)
    options |= {"drop_nan": bool(rng.random() < 0.3), "kind": [None, None, "logits", "probs"][int(rng.integers(4))]}
    if rng.random() < 0.2:
        options["axes"] = ("exits", "samples", "classes")
    ending = outcome(lambda: import_run(Sources([source], **options), out))
    if ending == "refused":
        assert not out.parent.exists(), f"left behind: {list(out.parent.rglob('*'))}"
    else:
        validate_run(out)
    return ending


def _pickle_case(seeds: list[bytes], rng: np.random.Generator, folder: Path) -> str:
    data = changed_bytes(bytes(pick(rng, seeds)), rng, seeds)
    return _import(data, "x.p", rng, folder)


def _opcode_case(_: object, rng: np.random.Generator, folder: Path) -> str:
    data = random_pickle(rng)
    if rng.random() < 0.2:
        data = changed_bytes(data, rng)
    return _import(data, "x.p", rng, folder)


def _archives(folder: Path) -> list[bytes]:
    import torch

    x, y = _logits()
    made = []
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, logits=x, labels=y)
        made.append(buffer.getvalue())
    made.append(_torch_bytes((torch.from_numpy(x), torch.from_numpy(y))))
    made.append(_torch_bytes({"logits": torch.from_numpy(x).bfloat16(), "labels": torch.from_numpy(y)}))
    float8, turned = torch.from_numpy(x).to(torch.float8_e4m3fn), torch._neg_view(torch.from_numpy(x))
    made.append(_torch_bytes({"logits": float8, "labels": y, "args": argparse.Namespace(lr=0.1)}))
    made.append(_torch_bytes((turned, torch.from_numpy(y))))
    buffer, exits = io.BytesIO(), np.empty(3, object)
    exits[:] = list(x)
    np.savez(buffer, logits=exits, labels=y)
    made.append(buffer.getvalue())
    return [*made, (CASES / "empty_name.npz").read_bytes()]


def _archive_case(seeds: list[bytes], rng: np.random.Generator, folder: Path) -> str:
    data = bytes(pick(rng, seeds[:-1]))
    data = changed_zip(data, rng) if rng.random() < 0.6 else changed_bytes(bytes(pick(rng, seeds)), rng, seeds)
    return _import(data, str(pick(rng, ["x.npz", "x.pth"])), rng, folder)


# --- checkpoints, as `evaluate` reads them ---


def _tiny_network() -> object:
    import torch

    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))


def _checkpoints(folder: Path) -> tuple[object, list[bytes]]:
    """A network, and files that hold its weights in the forms that are read."""
    import torch
    from safetensors.torch import save

    network = _tiny_network()
    state = network.state_dict()
    wrapped = {f"module._orig_mod.{key}": value for key, value in state.items()}
    optimiser = torch.optim.SGD(network.parameters(), 0.1).state_dict()
    contents = [
        state,
        {"state_dict": wrapped, "args": argparse.Namespace(lr=0.1), "best": np.float64(0.5), "optimizer": optimiser},
        {"model": {"net": {f"model.{key}": value for key, value in state.items()}}, "epoch": 3},
        {"weights": {key: torch._neg_view(v) if v.is_floating_point() else v for key, v in state.items()}},
        {key: value.to(torch.float8_e5m2) if value.ndim > 1 else value.double() for key, value in state.items()},
        {"state_dict": {**state, "0.weight": state["0.weight"].to_sparse()}},
        {"network": network},
    ]
    made = [_torch_bytes(content) for content in contents]
    made += [_torch_bytes(content, _use_new_zipfile_serialization=False) for content in contents]
    return network, [*made, save(state), save({key: value.bfloat16() for key, value in state.items()})]


def _checkpoint_case(prepared: tuple[object, list[bytes]], rng: np.random.Generator, folder: Path) -> str:
    from analysis.models.networks.checkpoints import load_weights, read_checkpoint

    network, seeds = prepared
    path, data = folder / str(pick(rng, ["x.pth", "x.pth.tar", "x.safetensors", "x.pt"])), bytes(pick(rng, seeds))
    if data.startswith(b"PK") and rng.random() < 0.7:
        data = changed_zip(data, rng)
    elif rng.random() < 0.9:
        data = changed_bytes(data, rng, seeds)
    else:
        data = random_pickle(rng)
    path.write_bytes(data)
    read_anyhow = outcome(lambda: read_checkpoint(path)) == "read"
    ending = outcome(lambda: load_weights(network, path, "tiny"))
    assert read_anyhow or ending == "refused"
    return ending


# --- headers of arrays ---


def _header_seeds(folder: Path) -> list[bytes]:
    from safetensors.numpy import save

    x, y = _logits()
    buffer = io.BytesIO()
    np.save(buffer, x)
    made = [buffer.getvalue(), save({"logits": x, "labels": y})]
    return made + [path.read_bytes() for path in sorted(CASES.iterdir()) if path.suffix in (".npy", ".safetensors")]


SHAPES = [
    "(3, 24, 4)",
    "(True, 24, 12)",
    "(3, 24, 0)",
    "()",
    "(288,)",
    "(-1, 24, 4)",
    "(3, 0, 4)",
    "(1,) * 99",
    "[3, 24, 4]",
]
SHAPES += [
    "(9223372036854775807, 2, 2)",
    "(0, 9223372036854775807, 8)",
    "(3., 24, 4)",
    "(3L, 24L, 4L)",
    "(2, 36, 4)",
    "None",
]
DTYPES = ["'<f4'", "'>f4'", "'|O'", "'<U1'", "'|S0'", "'|V4'", "'<f2'", "'|b1'", "'<M8[ns]'", "'<c8'", "('<f4', (2,))"]
DTYPES += [
    "[('a', '<f2'), ('b', '<f2')]",
    "[('bfloat16', '<u2')]",
    "'f4,f4'",
    "'<f16'",
    "'\\d'",
    "3",
    "None",
    "'<i8'",
    "[]",
]


def _header_case(seeds: list[bytes], rng: np.random.Generator, folder: Path) -> str:
    kind = int(rng.integers(4))
    if kind == 0:
        fields = {
            "descr": pick(rng, DTYPES),
            "fortran_order": pick(rng, ["False", "True", "3"]),
            "shape": pick(rng, SHAPES),
        }
        header = "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + ", }"
        header = changed_bytes(header.encode(), rng) if rng.random() < 0.3 else header.encode()
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + rng.bytes(1152)
        return _import(data, "x.npy", rng, folder)
    if kind == 1:
        entries = {"logits": {"dtype": "F32", "shape": [3, 24, 4], "data_offsets": [0, 1152]}}
        entries["labels"] = {"dtype": "I64", "shape": [24], "data_offsets": [1152, 1344]}
        header = changed_json(entries, rng).encode()
        return _import(len(header).to_bytes(8, "little") + header + bytes(1344), "x.safetensors", rng, folder)
    if kind == 2:  # values at the edges of what a type holds
        dtype = str(pick(rng, ["<f2", "<f4", "<f8", ">f4", "<i8", "|b1", "<u8", "|i1"]))
        shape = (int(rng.integers(1, 5)), int(rng.integers(1, 40)), int(rng.integers(1, 6)))
        array = np.frombuffer(rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype).reshape(shape)
        buffer = io.BytesIO()
        np.savez(
            buffer,
            logits=array,
            labels=rng.normal(size=shape[1]) if rng.random() < 0.3 else rng.integers(0, shape[2] + 1, shape[1]),
        )
        return _import(buffer.getvalue(), "x.npz", rng, folder)
    return _import(
        changed_bytes(bytes(pick(rng, seeds)), rng, seeds), str(pick(rng, ["x.npy", "x.safetensors"])), rng, folder
    )


# --- what stands beside the logits ---


def _tables(folder: Path) -> list[tuple[str, bytes]]:
    table = pd.DataFrame(
        {"id": [f"s{i}" for i in range(24)], "label": np.arange(24) % 4, "noise": np.linspace(0, 1, 24)}
    )
    parquet = io.BytesIO()
    table.to_parquet(parquet)
    labels = "\n".join(map(str, range(24))).encode()
    x, y = _logits()
    columns = {f"logit_{e}_{c}": x[e, :, c] for e in range(3) for c in range(4)}
    rows = [
        {"sample": i, "exit": e, "label": y[i]} | {f"c{c}": x[e, i, c] for c in range(4)}
        for e in range(3)
        for i in range(24)
    ]
    costs = pd.DataFrame([{"head1": 1e6, "head2": 2e6, "head3": 3e6}], index=["MACs"])
    arrays = {"logits": x.tolist(), "labels": [None, *y[1:].tolist()]}
    return [
        ("x.csv", pd.DataFrame({**columns, "target": y}).to_csv().encode()),
        ("x.csv", pd.DataFrame(rows).to_csv(index=False).encode()),
        ("x.csv", costs.to_csv().encode()),
        ("x.json", json.dumps(arrays).encode()),
        ("x.json", json.dumps({"net": {f"exit_{e}": x[e].tolist() for e in range(3)}}).encode()),
        ("x.csv", table.to_csv(index=False).encode()),
        ("x.tsv", table.to_csv(index=False, sep="\t").encode()),
        ("x.parquet", parquet.getvalue()),
        ("x.txt", labels),
        ("x.json", json.dumps(list(range(24))).encode()),
        ("x.json", json.dumps(["cat", "dog", "fox", "owl"]).encode()),
        ("x.npy", _header_seeds(folder)[0]),
    ]


def _table_case(seeds: list[tuple[str, bytes]], rng: np.random.Generator, folder: Path) -> str:
    from analysis.storage.importers import Sources, import_run
    from analysis.storage.importers.costs import read_costs
    from analysis.storage.importers.side_files import read_classes, read_labels, read_table

    name, data = seeds[int(rng.integers(len(seeds)))]
    data = (
        changed_json(json.loads(data), rng).encode("utf-8", "replace")
        if name == "x.json" and rng.random() < 0.5
        else (changed_bytes(data, rng, [other for _, other in seeds]))
    )
    path, logits, out = folder / name, folder / "logits.npy", folder / "runs" / "run"
    path.write_bytes(data)
    np.save(logits, _logits()[0])

    def read() -> None:
        kind = int(rng.integers(5))
        options, beside = {"axes": ("exits", "samples", "classes")}, {}
        name = str(pick(rng, ["", "", "::label", "::MACs", "::logits", "::net/exit_1"]))
        if kind == 4:
            import_run(Sources([f"{path}{name}"]), out)
            return
        if kind == 0:
            options["samples"] = read_table(path, "--samples")
        elif kind == 1:
            beside["class_names"] = read_classes(path)
        elif kind == 2:
            beside["costs"] = {"MACs": read_costs(f"{path}{name}").values}
        else:
            options["labels"] = [f"{path}{name}"]
            read_labels(options["labels"][0])
        import_run(Sources([logits], **options), out, **beside)

    return outcome(read)


# --- images ---


def _images(folder: Path) -> list[bytes]:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (24, 17, 3), dtype=np.uint8)
    made = [(CASES / "damaged.png").read_bytes()]
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO"):
        for mode in ("RGB", "L"):
            buffer = io.BytesIO()
            Image.fromarray(pixels).convert(mode).save(buffer, form)
            made.append(buffer.getvalue())
    return made


def _image_case(seeds: list[bytes], rng: np.random.Generator, folder: Path) -> str:
    from analysis.images.decoding import UndecodableImage, decode, size_of
    from analysis.images.uploads import read_upload

    data = changed_bytes(bytes(pick(rng, seeds)), rng, seeds)
    endings = [outcome(lambda: read_upload(data))]
    for read in (decode, size_of):
        with suppress(UndecodableImage):
            read(data)
            endings.append("read")
    return min(endings)


# --- run folders ---


def _run_folder(folder: Path) -> Path:
    from analysis.storage import write_run
    from analysis.traces.bundle import bundle_traces

    x, y = _logits()
    samples = pd.DataFrame({"split": ["test"] * 20 + ["calibration"] * 4, "noise": np.linspace(0, 1, 24)})
    costs = {"MACs": (1e6, 2e6, 3e6), "ms": (1, 2, 3)}
    run = folder / "runs" / "small"
    write_run(run, logits=x, labels=y, samples=samples, costs=costs, class_names=list("abcd"), bundle=bundle_traces)
    return run


def _run_case(sound: Path, rng: np.random.Generator, folder: Path) -> str:
    from analysis.storage import load_run
    from analysis.storage.catalog import list_runs
    from analysis.storage.manifest import file_entry
    from analysis.storage.validation import validate_run
    from analysis.traces import load_traces

    run = folder / "runs" / "small"
    shutil.copytree(sound, run)
    files = sorted(path.name for path in run.iterdir() if path.name != "run.json")
    manifest = json.loads((run / "run.json").read_text())
    if rng.random() < 0.6:
        name = str(pick(rng, files))
        (run / name).write_bytes(changed_bytes((run / name).read_bytes(), rng))
        if rng.random() < 0.9:  # as an attacker would: sizes and hashes fit
            manifest["files"][name] = file_entry(run / name)
            (run / "run.json").write_text(json.dumps(manifest))
    if rng.random() < 0.5:
        (run / "run.json").write_text(changed_json(manifest, rng))
    elif rng.random() < 0.1:
        (run / "run.json").write_bytes(changed_bytes((run / "run.json").read_bytes(), rng))
    os.environ["EXITLENS_RUNS"], os.environ["EXITLENS_CACHE"] = str(folder / "runs"), str(folder / "cache")
    for entry in list_runs():
        entry.title.encode()

    def read() -> None:
        opened = load_run(run)
        for text in (
            opened.title,
            opened.dataset or "",
            *opened.class_names,
            *opened.exit_names,
            *opened.samples["id"],
        ):
            text.encode()
        load_traces(opened, "baseline" if opened.kind == "probs" else "pa")
        opened.logits.read(0, opened.n_samples)
        validate_run(run)

    return outcome(read)


# --- stopping rules ---


def _rules(folder: Path) -> list[dict]:
    from analysis.policies import Rule, resolve_policy
    from analysis.policies.rule import ExitBins
    from analysis.policies.rule_files import rule_to_json

    bins = (ExitBins((0.0, 0.5, 1.0), (0.5, 1.0)), ExitBins((0.5,), (None,)))
    rules = [
        Rule(
            "risk", resolve_policy("risk"), "max-prob", (0.9, 0.9, 0.0), predictor="pa", predictor_settings={"cap": 6}
        ),
        Rule("confidence", {"lambda": 2, "measure": "patience"}, "patience", (2.0, 2.0, 0.0), reaches=True),
        Rule("pcee", resolve_policy("pcee"), "max-prob", (None, None, 0.0), bins=bins, target=0.9),
    ]
    return [rule_to_json(rule) for rule in rules]


def _rule_case(rules: list[dict], rng: np.random.Generator, folder: Path) -> str:
    from analysis.policies import read_rule, stops_now

    path, rule = folder / "rule.json", pick(rng, rules)
    if rng.random() < 0.5:
        path.write_bytes(changed_bytes(json.dumps(rule).encode(), rng))
    else:
        path.write_text(changed_json(rule, rng))

    def applied() -> None:
        found = read_rule(path)
        probs = rng.dirichlet(np.ones(3), found.n_exits)
        assert stops_now(found, probs)  # at the last exit everyone stops
        stops_now(found, probs[:1])

    return outcome(applied)


# --- addresses and queries ---

WORDS = [
    "",
    "0",
    "1",
    "-1",
    "1e999",
    "nan",
    "0x10",
    "1_000",
    "١",
    "true",
    "pa",
    "baseline",
    "overview",
    "msdnet-cifar100",
]
WORDS += [
    "fall > 0.1",
    "label ~ x",
    "(",
    "not not not fixed",
    "a" * 3000,
    "\u202e",
    "\0",
    "../..",
    "https://example.org",
    "9" * 400,
]
WORDS += ["x in (1, 2", '"', "`", "box:fall:0,1,2,3", "0,1,0,1", "and or", "1" * 19, "-0.0", "{}", "[x](y)", "\ud800"]


def _address_case(_: object, rng: np.random.Generator, folder: Path) -> str:
    from app.control_table import CONTROLS
    from app.state import from_address, to_address

    def word() -> str:
        text = str(pick(rng, WORDS))
        if rng.random() < 0.4:
            text += str(pick(rng, WORDS))
        if rng.random() < 0.2:
            text = "".join(str(pick(rng, string.printable)) for _ in range(int(rng.integers(12))))
        return text

    address = {str(pick(rng, list(CONTROLS))): word() for _ in range(int(rng.integers(1, 9)))}
    values, notes = from_address(address)
    assert len(values) + len(notes) == len(address)
    for page in ("overview", "samples", "live"):
        again = to_address(values, page)
        assert from_address(again)[1] == []
        assert to_address(from_address(again)[0], page) == again
    return min([_query_outcome(word() + word(), rng), "read" if values else "refused"])


def _query_outcome(text: str, rng: np.random.Generator) -> str:
    from analysis.selection import Selection
    from analysis.selection.earlier import read_selection

    table = pd.DataFrame({"id": ["a", "7"], "fall": [0.5, np.nan], "fixed": [True, False], "label_name": ["x", None]})

    def written_again() -> None:
        selection = Selection.parse(text)
        assert Selection.parse(selection.text) == selection
        selection.mask(table)

    return outcome([written_again, lambda: read_selection(text)][int(rng.integers(2))])


TARGETS = {
    "pickles": Target(_pickles, _pickle_case),
    "opcodes": Target(lambda folder: None, _opcode_case),
    "archives": Target(_archives, _archive_case),
    "checkpoints": Target(_checkpoints, _checkpoint_case),
    "headers": Target(_header_seeds, _header_case),
    "tables": Target(_tables, _table_case),
    "images": Target(_images, _image_case),
    "runs": Target(_run_folder, _run_case),
    "rules": Target(_rules, _rule_case),
    "addresses": Target(lambda folder: None, _address_case),
}
"""Name -> what is fuzzed."""
