"""An answer's body is whole, within its bound, in an encoding that was offered; or it is refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.transport.body import Body, BodyError

TEXT = b'{"a": [1, 2, 3]}' * 20


def read(encoding: str | None, *pieces: bytes, limit: int = 10_000) -> bytes:
    body = Body(encoding, limit)
    for piece in pieces:
        body.feed(piece)
    return body.whole()


def raw_deflate(data: bytes) -> bytes:
    packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packed.compress(data) + packed.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        (None, TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("GZIP ", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
    ],
)
def test_every_offered_encoding_is_undone(encoding: str | None, packed: bytes):
    """Bodies come out the same whole or byte by byte, gzip in several members and deflate without its header
    included.
    """
    one_by_one = [packed[at : at + 1] for at in range(len(packed))]
    assert read(encoding, packed) == read(encoding, *one_by_one) == TEXT


@given(st.binary(max_size=3000), st.integers(1, 700))
def test_what_was_packed_comes_back(data: bytes, step: int):
    """Any bytes survive gzip, cut into pieces of any size."""
    packed = gzip.compress(data)
    assert read("gzip", *(packed[at : at + step] for at in range(0, len(packed), step))) == data


@given(st.binary(min_size=1, max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_are_a_body_or_refused(data: bytes, encoding: str):
    """Bytes that are not what they say raise nothing but BodyError."""
    try:
        found = read(encoding, data)
    except BodyError:
        return
    assert isinstance(found, bytes)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
def test_an_encoding_that_was_not_offered_is_refused(encoding: str):
    """What nobody offered to read is not taken for a body."""
    with pytest.raises(BodyError, match="not offered"):
        Body(encoding, 100)


def test_the_bound_is_on_bytes_as_they_travel():
    """A body of exactly the bound is read, one byte more is refused as soon as it comes."""
    assert read(None, b"x" * 10, limit=10) == b"x" * 10
    body = Body(None, 10)
    body.feed(b"x" * 10)
    with pytest.raises(BodyError, match="longer than 10 bytes"):
        body.feed(b"x")


def test_the_bound_is_on_bytes_as_they_unfold():
    """A compressed body of exactly the bound is read, one byte more is refused."""
    assert read("gzip", gzip.compress(b"x" * 500), limit=500) == b"x" * 500
    with pytest.raises(BodyError, match="unfolds to more than 500 bytes"):
        read("gzip", gzip.compress(b"x" * 501), limit=500)


def test_a_bomb_is_not_unfolded():
    """Sixty megabytes packed into sixty kilobytes cost little more memory than the bound."""
    bomb = gzip.compress(b"\0" * 60_000_000)
    body = Body("gzip", 200_000)
    tracemalloc.start()
    with pytest.raises(BodyError, match="unfolds to more than 200000 bytes"):
        body.feed(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_many_members_are_refused():
    """Members in a row are bounded, since each costs a copy of the rest."""
    with pytest.raises(BodyError, match="more than 16 compressed members"):
        read("gzip", gzip.compress(b"x") * 17)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_that_is_cut_short_is_refused(encoding: str):
    """A compressed body without its end is not whole, although HTTP's own length was."""
    packed = gzip.compress(TEXT) if encoding == "gzip" else zlib.compress(TEXT)
    with pytest.raises(BodyError, match="cut short"):
        read(encoding, packed[:-9])


def test_no_bytes_at_all_are_an_empty_body():
    """An answer without a body may still name an encoding, as one to HEAD does."""
    assert read("gzip") == b""


def test_garbage_is_refused():
    """Bytes that are no gzip are refused by name."""
    with pytest.raises(BodyError, match="not what its content encoding says"):
        read("gzip", b"<html>")
