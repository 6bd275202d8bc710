"""`traceparent` read and written as W3C Trace Context, level 1, says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.observing import trace_context
from graph.observing.trace_context import TraceContext, continued, parsed

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"

DIGITS = st.text("0123456789abcdef", min_size=1)


@pytest.mark.parametrize(
    ("value", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-ff", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_valid_parent_is_read(value, sampled):
    """Trace, span and the sampled flag are read; of later versions what level 1 knows."""
    assert parsed([value]) == TraceContext(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01 ",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}0-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.what",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"00-{chr(0x660) * 32}-{SPAN}-01",
    ],
)
def test_an_invalid_parent_is_none(value):
    """A value that is not of the form, all zeros, in capitals or of version ff is no parent."""
    assert parsed([value]) is None


def test_several_parents_are_none():
    """Two fields are no parent, even equal ones; nor is none at all."""
    value = f"00-{TRACE}-{SPAN}-01"
    assert parsed([value, value]) is None
    assert parsed([]) is None


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_is_read_again(trace, span, sampled):
    """Every context survives its header."""
    context = TraceContext(f"{trace:032x}", f"{span:016x}", sampled)
    assert parsed([context.header]) == context


@given(
    st.sampled_from(["00", "01", "ff", "0", "0g"]),
    st.sampled_from([TRACE, "0" * 32, "0" * 31 + "1", TRACE[1:], TRACE.upper()]),
    st.sampled_from([SPAN, "0" * 16, "1" + "0" * 15, SPAN + "0"]),
    st.sampled_from(["00", "01", "02", "03", "0", "ff"]),
    st.sampled_from(["", "-", "-x", "\n"]),
)
def test_the_short_way_reads_what_the_long_way_reads(version, trace, span, flags, more):
    """What most clients send is read without being taken apart, and is read the same."""
    value = f"{version}-{trace}-{span}-{flags}{more}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trace_context, "_USUAL", re.compile("(?!)"))
        long = parsed([value])
    assert parsed([value]) == long


@given(st.one_of(st.text(), st.lists(DIGITS, max_size=6).map("-".join)))
def test_any_text_is_a_parent_or_none(value):
    """Whatever comes, it is read as a valid context or not at all."""
    found = parsed([value])
    assert found is None or re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{16}", f"{found.trace_id}-{found.span_id}")


def test_a_parent_is_continued_by_a_new_span():
    """The trace and its flag go on; the span is new."""
    parent = TraceContext(TRACE, SPAN, sampled=True)
    assert continued(parent, lambda bits: bits) == TraceContext(TRACE, f"{64:016x}", sampled=True)
    assert continued(parent).span_id != SPAN


def test_without_a_parent_a_trace_begins():
    """Both ids are new, nothing is sampled, and neither is ever all zeros."""
    assert continued(None, lambda bits: bits) == TraceContext(f"{128:032x}", f"{64:016x}")
    assert continued(None, lambda _: 0) == TraceContext(f"{1:032x}", f"{1:016x}")
    assert continued(None).trace_id != continued(None).trace_id
