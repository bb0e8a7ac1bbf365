"""Changes to valid files: bytes, members of zip files, leaves of JSON, each drawn from a generator."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Sequence

import numpy as np

NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1]

LEAVES = [None, True, False, 0, 1, -1, 3, 2**31, 2**53, 2**63, 10**30, 0.5, -0.0, 1e308, "", "x", "\ud800", "a" * 3000]
LEAVES += ["../../../etc/passwd", "\u202egnp", "\0", "[x](https://example.org)", [], {}, [[]], [[[[]]]], {"": None}]
LEAVES += [float("nan"), float("inf"), "2", [1, 2], ["x"], {"a": 1}, "F32", "F8_E4M3", "test", "float16"]


def pick(rng: np.random.Generator, items: Sequence) -> object:
    """One of the items."""
    return items[int(rng.integers(len(items)))]


def changed_bytes(data: bytes, rng: np.random.Generator, others: Sequence[bytes] = ()) -> bytes:
    """The bytes after one to eight changes; `others` are files that a part may come from."""
    changed = bytearray(data)
    for _ in range(min(8, int(rng.geometric(0.45)))):
        kind, at = int(rng.integers(8)), int(rng.integers(len(changed) + 1))
        length = int(min(rng.geometric(0.1), 400))
        if kind == 0:
            changed[at : at + 1] = bytes([int(rng.integers(256))])
        elif kind == 1 and at < len(changed):
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            width = int(pick(rng, [1, 2, 4, 8]))
            number = int(pick(rng, NUMBERS)) % (1 << 8 * width)
            changed[at : at + width] = number.to_bytes(width, str(pick(rng, ["little", "big"])))
        elif kind == 3:
            del changed[at : at + length]
        elif kind == 4:
            changed[at:at] = changed[at : at + length]
        elif kind == 5:
            changed[at:at] = rng.bytes(length)
        elif kind == 6 and others:
            other = bytes(pick(rng, others))
            start = int(rng.integers(len(other) + 1))
            changed[at : at + length] = other[start : start + length]
        elif kind == 7 and rng.random() < 0.2:
            del changed[at:]
    return bytes(changed)


def changed_zip(data: bytes, rng: np.random.Generator) -> bytes:
    """The zip file made anew with changes in its members, whose checksums are right again."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as archive:
        members = source.infolist()
        for number in rng.permutation(len(members)) if rng.random() < 0.2 else range(len(members)):
            content = source.read(members[number])
            if rng.random() < 0.5:
                content = changed_bytes(content, rng)
            name = members[number].filename
            if rng.random() < 0.1:
                name = str(
                    pick(rng, ["", "x", "/", "../x", "logits.npy", "a/data.pkl", "labels.npy", "\u202ex", "x" * 999])
                )
            if name in archive.namelist():
                continue
            method = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
            archive.writestr(zipfile.ZipInfo(name), content, method[int(rng.integers(4))] if rng.random() < 0.3 else 0)
    return target.getvalue()


def changed_json(content: object, rng: np.random.Generator) -> str:
    """JSON after one to three changes to its leaves, keys or lists."""
    content = json.loads(json.dumps(content))
    for _ in range(int(rng.integers(1, 4))):
        place, holders = content, []
        while isinstance(place, (dict, list)) and place:
            key = pick(rng, list(place)) if isinstance(place, dict) else int(rng.integers(len(place)))
            holders.append((place, key))
            place = place[key]
        if not holders:
            break
        holder, key = holders[int(rng.integers(len(holders)))]
        kind = int(rng.integers(5))
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.extend([holder[key]] * int(rng.integers(1, 40)))
        elif kind == 2 and isinstance(holder, dict):
            holder[str(pick(rng, ["", "x", "\ud800", "schema", "title"]))] = holder.pop(key)
        else:
            holder[key] = copy.deepcopy(pick(rng, LEAVES))  # later changes are of this case alone
    return json.dumps(content)
