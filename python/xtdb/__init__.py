"""xTdb in Python: a time-series store behind the sqlite3 (or apsw) connection that you have.

    import sqlite3, xtdb
    db = sqlite3.connect("plant.db")
    xtdb.load(db)
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS plant USING xtdb(path='plant.xtdb')")
    xtdb.append(db, "plant", "boiler.temp", times, values)
    points = xtdb.read(db, "plant", "boiler.temp", "2026-01-01", "2026-02-01")

All of it is SQL underneath: batches are INSERTs of BLOBs and reads are xtdb_vectors, so transactions
and snapshots are those of the connection. With numpy the columns are arrays of it, else of the
standard library's array module; nothing is needed but Python.
"""

from __future__ import annotations

import array
import datetime
import math
import numbers
import operator
import os
import pathlib
import sys
from typing import Any, Iterable, List, NamedTuple, Optional, Union

__all__ = [
    "Series",
    "append",
    "define_tag",
    "extension_path",
    "load",
    "microseconds",
    "read",
    "read_frame",
]

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

Time = Union[int, str, datetime.date]  # or a numpy.datetime64
Column = Any  # an array of numpy or of the module array, or a list

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_DATETIME64: Any = numpy.datetime64 if numpy is not None else ()
_EXACT = 2**53  # below it every integer is a double


def extension_path() -> str:
    """Where the extension is: $XTDB_EXTENSION, beside this package, where `cmake --install` puts a
    link to it, or the name alone, for which the system's library folders are searched."""
    named = os.environ.get("XTDB_EXTENSION")
    if named:
        return named
    beside = pathlib.Path(__file__).resolve().parent / "xtdb.so"
    return str(beside) if beside.exists() else "xtdb"


def _load_extension(connection: Any, path: str) -> None:
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(True)
        try:
            connection.load_extension(path)
        finally:
            connection.enable_load_extension(False)
    elif hasattr(connection, "enableloadextension"):  # apsw before 3.42
        connection.enableloadextension(True)
        try:
            connection.loadextension(path)
        finally:
            connection.enableloadextension(False)
    else:
        raise RuntimeError(
            "this Python's sqlite3 cannot load extensions; use the system's python3, or apsw"
        )


def load(connection: Any, path: Optional[str] = None) -> None:
    """Loads the extension into a connection of sqlite3 or apsw; RuntimeError if it cannot."""
    path = path or extension_path()
    try:
        _load_extension(connection, path)
    except RuntimeError:
        raise
    except Exception as error:
        folder = pathlib.Path(__file__).resolve().parent
        raise RuntimeError(
            f"the extension {path} cannot be loaded: {error}; name it in XTDB_EXTENSION, or put"
            f" xtdb.so into {folder}"
        ) from error


def microseconds(time: Any) -> int:
    """A time as the store counts it: microseconds since 1970-01-01 UTC. Takes them as they are,
    datetimes (naive ones are UTC), dates (their midnight in UTC) and numpy.datetime64."""
    if isinstance(time, int):
        return time
    if isinstance(time, (datetime.date, _DATETIME64)):
        if time != time:
            raise ValueError(f"no time: {time!r}; leave points without a time out")
        if isinstance(time, _DATETIME64):
            return int(numpy.asarray(time, dtype="datetime64[us]").astype("int64"))
        if not isinstance(time, datetime.datetime):
            time = datetime.datetime(time.year, time.month, time.day)
        aware = time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)
        return int((aware - _EPOCH) // datetime.timedelta(microseconds=1))
    try:
        return operator.index(time)
    except TypeError:
        wanted = "give microseconds, a datetime or numpy.datetime64"
        raise TypeError(f"no time: {time!r}; {wanted}") from None


def _little_endian(column: "array.array[Any]") -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def _listed(column: Any) -> Any:
    """A column that can be gone through more than once."""
    return column if hasattr(column, "__len__") or hasattr(column, "__array__") else list(column)


def _flat(column: Any, what: str) -> Any:
    """A column as numpy has it. A matrix would become one long column unsaid."""
    flat = numpy.asarray(column)
    if flat.ndim != 1:
        raise ValueError(f"{what} have {flat.ndim} dimensions; give columns of one dimension")
    return flat


def _times_blob(times: Iterable[Any]) -> bytes:
    if numpy is not None:
        if getattr(getattr(times, "dtype", None), "tz", None) is not None:
            # Of pandas, with a zone; numpy would make an object of each.
            times = times.to_numpy(dtype="datetime64[ns]")  # type: ignore[attr-defined]
        times = _listed(times)
        flat = _flat(times, "times")
        if flat.dtype.kind == "M":
            if numpy.isnat(flat).any():
                raise ValueError("no time: NaT; leave points without a time out")
            return bytes(flat.astype("datetime64[us]").astype("<i8").tobytes())
        if flat.dtype.kind in "iu" and numpy.can_cast(flat.dtype, "i8"):
            return bytes(flat.astype("<i8").tobytes())
    return _little_endian(array.array("q", (microseconds(time) for time in times)))


def _number(value: Any) -> float:
    """As a double; what a double cannot hold is no number of a batch."""
    if value is None or type(value).__name__ == "NAType":  # of pandas
        return math.nan
    if isinstance(value, (str, bytes, complex)):
        raise TypeError(f"no number: {value!r}; write other values by INSERT INTO")
    number = float(value)
    if isinstance(value, numbers.Integral) and number != int(value):
        raise ValueError(f"{value} is not exact in a batch, of doubles; write it by INSERT INTO")
    return number


def _values_blob(values: Iterable[Any]) -> bytes:
    values = _listed(values)
    if numpy is not None:
        flat = _flat(values, "values")
        if flat.dtype.kind in "bfiu" and not isinstance(values, numpy.ma.MaskedArray):
            doubles = flat.astype("<f8")
            # Of a list with integers beyond 2^53 numpy may have made doubles without a word.
            is_real = hasattr(values, "dtype") and flat.dtype.kind == "f"
            if is_real or not (numpy.abs(doubles) >= _EXACT).any():
                return bytes(doubles.tobytes())
    column = values.tolist() if hasattr(values, "tolist") else values
    return _little_endian(array.array("d", map(_number, column)))


def _quality_blob(quality: Union[int, Iterable[int]], count: int) -> bytes:
    if isinstance(quality, int):
        column = [quality] * count
    else:
        try:
            column = [operator.index(one) for one in quality]
        except TypeError:
            raise TypeError(f"a quality is a whole number, not as in {quality!r}") from None
    if len(column) != count:
        raise ValueError(f"{count} times and {len(column)} qualities")
    if column and not 0 <= min(column) <= max(column) <= 255:
        raise ValueError("a quality is a number from 0 to 255 (192 good, 64 uncertain, 0 bad)")
    return bytes(column)


def _name(table: str) -> str:
    """A table's name as SQL takes it; `schema.table` is two."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


def append(
    connection: Any,
    table: str,
    tag: str,
    times: Iterable[Any],
    values: Iterable[Any],
    quality: Union[None, int, Iterable[int]] = None,
) -> int:
    """Writes points of one tag, all or none, in the connection's transaction; returns how many.

    times:   microseconds, datetimes, or a numpy or pandas column of datetime64; in any order
    values:  numbers; NaN is kept, None and pandas.NA become it, and it is NULL in SQL. They go as
             doubles: an integer that is none is a ValueError, and a new tag becomes float64,
             unless define_tag says otherwise
    quality: OPC DA bytes, or one for all; left out: all good (192)
    """
    ts_blob = _times_blob(times)
    value_blob = _values_blob(values)
    if len(ts_blob) != len(value_blob):
        raise ValueError(f"{len(ts_blob) // 8} times and {len(value_blob) // 8} values")
    if not ts_blob:
        return 0
    count = len(ts_blob) // 8
    quality_blob = None if quality is None else _quality_blob(quality, count)
    connection.cursor().execute(
        f"INSERT INTO {_name(table)}(tag, ts_blob, value_blob, quality_blob) VALUES (?, ?, ?, ?)",
        (tag, ts_blob, value_blob, quality_blob),
    )
    return count


def define_tag(
    connection: Any,
    table: str,
    tag: str,
    type: Optional[str] = None,
    unit: Optional[str] = None,
    description: Optional[str] = None,
    step: Optional[bool] = None,
) -> int:
    """Defines a tag, or changes what is given; returns its number."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT xtdb_define_tag(?, ?, ?, ?, ?, ?)",
        (table, tag, type, unit, description, None if step is None else int(step)),
    )
    return int(cursor.fetchone()[0])


class Series(NamedTuple):
    """Points of one tag, by time."""

    ts: Column  # microseconds since 1970 UTC
    value: Column  # floats, integers of integer tags, or texts
    quality: Column  # OPC DA bytes
    is_null: Optional[Column]  # where the value is NULL; None: nowhere

    def __len__(self) -> int:
        return len(self.ts)

    def datetimes(self) -> Any:
        """The times as numpy.datetime64, or without numpy as a list of datetimes in UTC."""
        if numpy is not None:
            return numpy.asarray(self.ts, dtype="int64").astype("datetime64[us]")
        return [_EPOCH + datetime.timedelta(microseconds=ts) for ts in self.ts]

    def to_pandas(self, name: Optional[str] = None) -> Any:
        """A pandas.Series of the values, by UTC times; NULL is NaN."""
        import pandas

        values = pandas.Series(self.value, name=name)
        if self.is_null is not None:
            values = values.mask(pandas.Series(self.is_null))
        values.index = pandas.to_datetime(pandas.Index(self.ts), unit="us", utc=True)
        return values


def _bound(time: Optional[Any]) -> Any:
    return time if time is None or isinstance(time, str) else microseconds(time)


def _take(blob: bytes, code: str) -> Any:
    if numpy is not None:
        return numpy.frombuffer(blob, dtype={"q": "<i8", "d": "<f8", "B": "u1"}[code])
    column = array.array(code)
    column.frombytes(blob)
    if sys.byteorder == "big" and code != "B":
        column.byteswap()
    return column


def _bits(blob: Optional[bytes], count: int) -> List[bool]:
    if blob is None:
        return [False] * count
    return [bool(blob[row // 8] >> row % 8 & 1) for row in range(count)]


def _join(parts: List[Any], code: str) -> Any:
    if numpy is not None:
        kinds = {"q": "int64", "d": "float64", "B": "uint8"}
        return numpy.concatenate(parts) if parts else numpy.empty(0, dtype=kinds[code])
    joined = array.array(code)
    for part in parts:
        joined.extend(part)
    return joined


def _read_texts(connection: Any, table: str, tag: str, start: Any, stop: Any) -> Series:
    cursor = connection.cursor()
    cursor.execute(
        f"SELECT ts, value, quality FROM {_name(table)} WHERE tag = ?"
        " AND (?2 IS NULL OR ts >= (SELECT ts(?2))) AND (?3 IS NULL OR ts < (SELECT ts(?3)))"
        " ORDER BY ts",
        (tag, start, stop),
    )
    rows = cursor.fetchall()
    is_null = [row[1] is None for row in rows]
    return Series(
        _join([_take(array.array("q", (row[0] for row in rows)).tobytes(), "q")], "q"),
        [row[1] for row in rows],
        _join([_take(bytes(bytearray(row[2] for row in rows)), "B")], "B"),
        is_null if any(is_null) else None,
    )


def read(
    connection: Any,
    table: str,
    tag: str,
    start: Optional[Time] = None,
    stop: Optional[Time] = None,
) -> Series:
    """The points of a tag from start on and before stop, by time; None: open. Times are texts as
    SQL takes them, microseconds or datetimes. A tag that does not exist has no points."""
    start, stop = _bound(start), _bound(stop)
    cursor = connection.cursor()
    cursor.execute("SELECT type FROM xtdb_tags(?) WHERE tag = ?", (table, tag))
    kind = cursor.fetchone()
    if kind is not None and kind[0] == "text":
        return _read_texts(connection, table, tag, start, stop)
    # A name with a * or ? in it is a name here.
    cursor.execute(
        "SELECT type, count, ts, value, quality, nulls FROM xtdb_vectors WHERE tbl = ? AND tag = ?"
        " AND start = ? AND stop = ?",
        (table, tag, start, stop),
    )
    times, values, qualities = [], [], []
    nulls: List[bool] = []
    code = "d"
    for type_name, count, ts, value, quality, null_bits in cursor:
        code = "q" if type_name == "int64" else "d"
        times.append(_take(ts, "q"))
        values.append(_take(value, code))
        qualities.append(_take(quality, "B"))
        nulls.extend(_bits(null_bits, count))
    is_null: Column = nulls if any(nulls) else None
    if is_null is not None and numpy is not None:
        is_null = numpy.array(nulls)
    return Series(_join(times, "q"), _join(values, code), _join(qualities, "B"), is_null)


def read_frame(
    connection: Any,
    table: str,
    tags: Union[str, Iterable[str]],
    start: Optional[Time] = None,
    stop: Optional[Time] = None,
) -> Any:
    """A pandas.DataFrame with a column for each tag, by UTC times; NaN where a tag has no point."""
    import pandas

    tags = [tags] if isinstance(tags, str) else tags
    columns = [read(connection, table, tag, start, stop).to_pandas(tag) for tag in tags]
    return pandas.concat(columns, axis=1).sort_index() if columns else pandas.DataFrame()
