"""Objects below an address (`s3://`, `gs://`, `hf://`, whatever fsspec reads): what is there, and bytes of it, in time.

Credentials come from the environment, as the storage's own library reads it; an address that holds some is refused, and
no message repeats what a library says. Imports fsspec when something is asked for.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import re
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from analysis.runtime.contents import Stamp

Result = TypeVar("Result")


class StorageError(ValueError):
    """What an address names cannot be read; the message says what is wrong, where, and what to do."""


SECONDS = 8.0
"""How long one request may take: less than a block of 8 MiB in this time is no connection to work with."""
BLOCK = 1 << 20
"""Bytes of one request; several run at once."""
AT_ONCE = 8
_S3 = {
    "config_kwargs": {"connect_timeout": 2, "read_timeout": 3, "retries": {"max_attempts": 1, "mode": "standard"}},
}
"""Without these a server that hangs is waited for during minutes."""
_EXTRAS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
"""Protocol -> the package that reads it."""


def is_address(text: object) -> bool:
    """Whether a text names a place that is no path: `protocol://...`.

    >>> is_address("s3://bucket/runs"), is_address("/runs"), is_address("C://runs")
    (True, False, False)
    """
    return isinstance(text, str) and re.match(r"[a-z][a-z0-9+]+://", text) is not None


def checked_address(address: str) -> str:
    """An address without a slash at its end.

    Raises
    ------
    StorageError : it holds a user, a password or a query: whatever it is, it would be shown, logged and kept
    """
    parts = urlsplit(address)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise StorageError(
            f"{parts.scheme}://...: an address is shown and kept, so it may hold no user, key or query: "
            "let the environment say them (for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    if any(part == ".." for part in parts.path.split("/")):
        raise StorageError(f"{address} leads upwards: give the address itself")
    return address.rstrip("/")


def _refused(address: str, error: BaseException) -> StorageError:
    """What to say of a failure: by its kind alone, since a library's words may hold keys."""
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError):
        return StorageError(f"{address}: there is no such object: check the address")
    if isinstance(error, PermissionError) or "Credentials" in kind:
        return StorageError(
            f"{address}: the storage refuses access: check the credentials in the environment "
            "(for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    if isinstance(error, TimeoutError | concurrent.futures.TimeoutError) or "Timeout" in kind:
        return StorageError(
            f"{address}: the storage did not answer within {SECONDS:.0f} s: check the connection, try again"
        )
    return StorageError(f"{address}: the storage cannot be read ({kind}): check the connection, try again")


def _missing(protocol: str) -> NoReturn:
    package = _EXTRAS.get(protocol)
    if package is None:
        raise StorageError(f"{protocol}:// is no kind of storage that fsspec knows: use s3://, gs:// or hf://")
    raise StorageError(f"{protocol}:// needs the package {package}: install it beside the app (pip install {package})")


@cache
def _filesystem(protocol: str):
    """One connection for each kind of storage; a failed one is made anew."""
    import fsspec

    try:
        kind = fsspec.get_filesystem_class(protocol)
        options = {"use_listings_cache": False} | (_S3 if protocol in ("s3", "s3a") else {})
        found = kind(**options)
    except (ImportError, ValueError):
        _missing(protocol)
    if protocol in ("s3", "s3a"):
        found.retries = 1  # an attribute, no argument
    return found


def within(address: str, work: Callable[[], Result], seconds: float = SECONDS) -> Result:
    """What some work on the storage gives, in time; it goes on in a thread of its own that nothing waits for.

    Raises
    ------
    StorageError : it failed, or took longer
    """
    promise: concurrent.futures.Future[Result] = concurrent.futures.Future()

    def call() -> None:
        try:
            promise.set_result(work())
        except BaseException as error:
            promise.set_exception(error)

    threading.Thread(target=call, name="storage", daemon=True).start()
    try:
        return promise.result(seconds + 1)
    except StorageError:
        raise
    except Exception as error:  # OSError, botocore's and aiohttp's own, FSTimeoutError
        raise _refused(address, error) from None


def _split(address: str) -> tuple[str, str]:
    protocol, _, path = address.partition("://")
    return protocol, path if protocol != "memory" else f"/{path.lstrip('/')}"


def stamp_of_object(info: dict) -> Stamp:
    """The stamp of an object, from what its storage says of it."""
    mark = next(
        (str(info[key]).strip('"') for key in ("ETag", "etag", "md5Hash", "blob_id", "ino") if info.get(key)), ""
    )
    changed = next(
        (info[key] for key in ("LastModified", "last_modified", "updated", "mtime", "created") if info.get(key)), ""
    )
    when = changed.timestamp() if hasattr(changed, "timestamp") else changed
    nanoseconds = int(when * 1e9) if isinstance(when, int | float) else 0
    if not mark:
        mark = hashlib.sha256(str(changed).encode()).hexdigest()[:16]
    return Stamp(mark, int(info.get("size") or 0), nanoseconds)


def listed(address: str) -> dict[str, Stamp | None]:
    """What lies in the folder of an address, by name: objects with their stamps, folders as None.

    Raises
    ------
    StorageError : there is nothing, or it cannot be read
    """
    protocol, path = _split(address)
    storage = _filesystem(protocol)
    found = within(address, lambda: storage.ls(path, detail=True))
    entries = {
        one["name"].rstrip("/").rsplit("/", 1)[-1]: one for one in found if one["name"].strip("/") != path.strip("/")
    }
    return {name: None if one["type"] == "directory" else stamp_of_object(one) for name, one in entries.items()}


def stamp_at(address: str) -> Stamp:
    """The stamp of one object.

    Raises
    ------
    StorageError : it is not there, or cannot be read
    """
    protocol, path = _split(address)
    storage = _filesystem(protocol)
    return stamp_of_object(within(address, lambda: storage.info(path)))


def ranges(address: str, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes start..stop-1 of an object, for each of several ranges; long ones are fetched in pieces, side by side.

    Raises
    ------
    StorageError : the object is gone, too short, or not there in time
    """
    protocol, path = _split(address)
    storage = _filesystem(protocol)
    pieces = [
        (place, at, min(at + BLOCK, stop))
        for place, (start, stop) in enumerate(wanted)
        for at in range(start, stop, BLOCK)
    ]
    found = [bytearray() for _ in wanted]
    for first in range(0, len(pieces), AT_ONCE):
        some = pieces[first : first + AT_ONCE]
        starts, stops = [one[1] for one in some], [one[2] for one in some]
        given = within(
            address,
            lambda starts=starts, stops=stops: storage.cat_ranges(
                [path] * len(starts), starts, stops, on_error="raise", max_gap=None
            ),
        )
        for (place, start, stop), data in zip(some, given):
            if isinstance(data, BaseException):
                raise _refused(address, data)
            if len(data) != stop - start:
                raise StorageError(
                    f"{address} is shorter than it was, or was cut off on its way: try again, or copy the run anew"
                )
            found[place] += data
    return [bytes(data) for data in found]


def whole_range(address: str, start: int, stop: int) -> bytes:
    """Bytes start..stop-1 of an object.

    Raises
    ------
    StorageError : as `ranges`
    """
    return ranges(address, [(start, stop)])[0] if start < stop else b""


class ObjectFile(io.RawIOBase):
    """An object as a file that can be read anywhere; the last block of 256 KiB is kept."""

    AHEAD = 1 << 18

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self._size, self._at = address, stamp_at(address).size, 0
        self._start, self._data = 0, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def size(self) -> int:
        """Bytes."""
        return self._size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        stop = self._size if size is None or size < 0 else min(self._at + size, self._size)
        if not self._start <= self._at <= stop <= self._start + len(self._data):
            until = min(max(stop, self._at + self.AHEAD), self._size)
            self._start, self._data = self._at, whole_range(self.address, self._at, until)
        data = self._data[self._at - self._start : max(stop, self._at) - self._start]
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray) -> int:
        """Fill a buffer with the next bytes; gives how many there were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
