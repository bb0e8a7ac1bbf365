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
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from analysis.runtime.contents import Stamp

Result = TypeVar("Result")


class StorageError(ValueError):
    """What an address names cannot be read; the message says what is wrong, where, and what to do."""


class Interrupted(StorageError):
    """The connection failed, or the storage was too slow: what is there is as good as it was, and may be had later."""


class _Short(Exception):
    """Fewer bytes came than were asked for."""


SECONDS = 8.0
"""How long one request may take: less than a block of 8 MiB in this time is no connection to work with."""
PAUSE_S = 0.1
"""Before what failed at once is tried again; then twice as long, and so on for half of `SECONDS`."""
SILENT_S = 10.0
"""For which a storage that did not answer in time is not asked again: a page asks it for many things, one by one."""
BLOCK = 1 << 20
"""Bytes of one request; several run at once."""
AT_ONCE = 8
_S3 = {
    "config_kwargs": {"connect_timeout": 2, "read_timeout": 3, "retries": {"max_attempts": 1, "mode": "standard"}},
}
"""Without these a server that hangs is waited for during minutes."""
_EXTRAS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
"""Protocol -> the package that reads it."""
_silent: dict[str, float] = {}
"""Protocol and bucket -> when it last did not answer in time."""


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
    StorageError : it holds a user, a password or a query: whatever it is, it would be shown, logged and kept; or it is
        none
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # square brackets that hold no IPv6 address
        raise StorageError(
            f"{address.partition('://')[0]}://...: this is no address: give it as s3://bucket/folder"
        ) from None
    if re.search(r"@|:(?!\d+$)", parts.netloc) or parts.query or parts.fragment:
        raise StorageError(
            f"{parts.scheme}://...: an address is shown and kept, so it may hold no user, key or query: "
            "let the environment say them (for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    if any(part == ".." for part in parts.path.split("/")):
        raise StorageError(f"{address} leads upwards: give the address itself")
    return address.rstrip("/")


def shown_address(address: str) -> str:
    """An address as messages may name it: whole, unless it is one that `checked_address` refuses.

    >>> shown_address("s3://bucket/runs"), shown_address("s3://KEY:SECRET@bucket/runs")
    ('s3://bucket/runs', 's3://...')
    """
    try:
        return checked_address(address)
    except StorageError:
        return f"{address.partition('://')[0]}://..."


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
    if _is_late(error):
        return Interrupted(
            f"{address}: the storage did not answer within {SECONDS:.0f} s: check the connection, try again"
        )
    if isinstance(error, _Short):
        return Interrupted(
            f"{address} is shorter than it was, or was cut off on its way: try again, or copy the run anew"
        )
    return Interrupted(f"{address}: the storage cannot be read ({kind}): check the connection, try again")


def _is_late(error: BaseException) -> bool:
    return isinstance(error, TimeoutError | concurrent.futures.TimeoutError) or "Timeout" in type(error).__name__


def _is_final(error: BaseException) -> bool:
    """Whether asking again would give the same."""
    return (
        isinstance(error, FileNotFoundError | PermissionError | StorageError) or "Credentials" in type(error).__name__
    )


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


def _tried(work: Callable[[], Result], until: float) -> Result:
    """What some work gives; what fails by the connection is tried again until a time on the monotonic clock."""
    pause = PAUSE_S
    while True:
        try:
            return work()
        except Exception as error:  # OSError, botocore's and aiohttp's own, FSTimeoutError
            if _is_final(error) or time.monotonic() + pause > until:
                raise
        time.sleep(pause)
        pause *= 2


def within(address: str, work: Callable[[], Result]) -> Result:
    """What some work on the storage gives, in time; it goes on in a thread of its own that nothing waits for.

    What fails at once is tried again; a storage that was silent is left alone for `SILENT_S`.

    Raises
    ------
    StorageError : it failed, or took longer
    """
    place = "/".join(address.split("/")[:3])
    if time.monotonic() - _silent.get(place, -SILENT_S) < SILENT_S:
        raise _refused(address, TimeoutError())
    promise: concurrent.futures.Future[Result] = concurrent.futures.Future()

    def call() -> None:
        try:
            promise.set_result(_tried(work, time.monotonic() + SECONDS / 2))
        except BaseException as error:
            promise.set_exception(error)

    threading.Thread(target=call, name="storage", daemon=True).start()
    try:
        return promise.result(SECONDS + 1)
    except StorageError:
        raise
    except Exception as error:
        if _is_late(error):
            _silent[place] = time.monotonic()
        raise _refused(address, error) from None


def _bounded(storage: object) -> dict[str, float]:
    """What ends a request of a storage in time, and frees its connection, where it can do that."""
    return {"timeout": SECONDS} if getattr(storage, "async_impl", False) else {}


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
    nanoseconds = int(when) * 10**9 if isinstance(when, int | float) else 0  # lists say more digits than objects do
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
    found = within(address, lambda: storage.ls(path, detail=True, **_bounded(storage)))
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
    return stamp_of_object(within(address, lambda: storage.info(path, **_bounded(storage))))


def ranges(address: str, wanted: Sequence[tuple[int, int]]) -> list[memoryview]:
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
    found = [memoryview(bytearray(stop - start)) for start, stop in wanted]
    for first in range(0, len(pieces), AT_ONCE):
        some = pieces[first : first + AT_ONCE]
        starts, stops = [one[1] for one in some], [one[2] for one in some]

        def get(starts: list[int] = starts, stops: list[int] = stops) -> list[bytes]:
            asked = {"on_error": "raise", "max_gap": None} | _bounded(storage)
            given = storage.cat_ranges([path] * len(starts), starts, stops, **asked)
            for start, stop, data in zip(starts, stops, given):
                if isinstance(data, BaseException):
                    raise data
                if len(data) != stop - start:
                    raise _Short
            return given

        for (place, start, stop), data in zip(some, within(address, get)):
            begin = start - wanted[place][0]
            found[place][begin : begin + stop - start] = data
    return found


def whole_range(address: str, start: int, stop: int) -> bytes:
    """Bytes start..stop-1 of an object.

    Raises
    ------
    StorageError : as `ranges`
    """
    return bytes(ranges(address, [(start, stop)])[0]) if start < stop else b""


def check_unchanged(address: str, stamp: Stamp) -> None:
    """Refuse an object that is no longer the one that had a stamp.

    Raises
    ------
    StorageError : it was replaced or removed, or cannot be asked for
    """
    if stamp_at(address) != stamp:
        raise StorageError(f"{address} was changed while it was read: open the run again")


def unchanged_range(address: str, stamp: Stamp, start: int, stop: int) -> bytes:
    """Bytes start..stop-1 of the object that has a stamp.

    Raises
    ------
    StorageError : it has another, or as `ranges`
    """
    data = whole_range(address, start, stop)
    check_unchanged(address, stamp)
    return data


def hash_at(address: str, stamp: Stamp, progress: Callable[[int], None] | None = None) -> str:
    """The sha256 of the object that has a stamp, of which a few blocks are held at once.

    Parameters
    ----------
    progress : told how many more bytes are done

    Raises
    ------
    StorageError : as `unchanged_range`
    """
    digest, step = hashlib.sha256(), AT_ONCE * BLOCK
    for start in range(0, stamp.size, step):
        data = whole_range(address, start, min(start + step, stamp.size))
        digest.update(data)
        if progress is not None:
            progress(len(data))
    check_unchanged(address, stamp)
    return digest.hexdigest()


class ObjectFile(io.RawIOBase):
    """An object as a file that can be read anywhere, as long as it is what it was when this was made.

    The last block of 256 KiB is kept. Reading raises StorageError.
    """

    AHEAD = 1 << 18

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self._stamp, self._at = address, stamp_at(address), 0
        self._size = self._stamp.size
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
            self._start, self._data = self._at, unchanged_range(self.address, self._stamp, self._at, until)
        data = self._data[self._at - self._start : max(stop, self._at) - self._start]
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray) -> int:
        """Fill a buffer with the next bytes; gives how many there were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
