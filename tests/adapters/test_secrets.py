"""Secrets: what a file holds, and that a file which changes is read again, and no more often than needed."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials.secrets import LOOKED, MOST_BYTES, KeptSecret, NoSecret, Secret, secret_in


class Time:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def put(file: Path, text: str) -> None:
    """Replaces the file as tools that rotate secrets do: a new one takes its name."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, file)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_a_file_holds_its_text(text: str, ending: str):
    """A secret is the file's text, without the one line end that editors add."""
    assert secret_in(f"{text}{ending}".encode()) == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"a\nb", "it holds control characters, such as a second line"),
        (b"a\n\n", "it holds control characters, such as a second line"),
        (b"a\x7f", "it holds control characters, such as a second line"),
        (b"\xff", "it is not UTF-8"),
        (b"a" * (MOST_BYTES + 1), f"it is larger than {MOST_BYTES} bytes"),
    ],
)
def test_what_is_no_secret_is_told_without_it(content: bytes, why: str):
    """What cannot be a secret is refused with the reason alone."""
    with pytest.raises(NoSecret) as caught:
        secret_in(content)
    assert str(caught.value) == why


def test_a_text_is_itself():
    """A secret of the environment is what it is, at any time."""
    kept = KeptSecret(Secret("s"), Time())
    assert (kept.current(), kept.reread()) == ("s", "s")


def test_a_file_is_read_again_when_it_changed(tmp_path: Path):
    """A rotated file is used from the next look on, a look being due after its interval."""
    file, time = tmp_path / "key", Time()
    put(file, "one\n")
    kept = KeptSecret(Secret(file=file), time)
    assert kept.current() == "one"
    put(file, "two\n")
    time.now = LOOKED - 0.01
    assert kept.current() == "one"
    time.now = LOOKED
    assert kept.current() == "two"


def test_a_file_that_did_not_change_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A look at a file that is as it was opens nothing."""
    file, time = tmp_path / "key", Time()
    put(file, "one")
    kept = KeptSecret(Secret(file=file), time)
    assert kept.current() == "one"
    opened: list[Path] = []
    monkeypatch.setattr(Path, "open", lambda self, *_: opened.append(self))
    time.now = LOOKED
    assert kept.current() == "one"
    assert opened == []


def test_a_refused_secret_is_read_at_once(tmp_path: Path):
    """After a refusal the file is read whatever the time is, and whatever it looks like from outside."""
    file, time = tmp_path / "key", Time()
    put(file, "one")
    kept = KeptSecret(Secret(file=file), time)
    assert kept.current() == "one"
    was = os.stat(file)
    file.write_text("two")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert kept.reread() == "two"
    assert kept.current() == "two"


@pytest.mark.parametrize("broken", [None, "", "a\nb"])
def test_a_file_in_the_middle_of_its_change_leaves_the_last_secret(
    tmp_path: Path, broken: str | None, caplog: pytest.LogCaptureFixture
):
    """A file that is gone, empty or half written is logged by name; the secret before stays, and the next counts."""
    file, time = tmp_path / "key", Time()
    put(file, "s3cr3t")
    kept = KeptSecret(Secret(file=file), time)
    assert kept.current() == "s3cr3t"
    file.unlink() if broken is None else put(file, broken)
    time.now = 10.0
    with caplog.at_level(logging.WARNING):
        assert kept.current() == "s3cr3t"
    assert "the secret in key cannot be read" in caplog.text
    assert "s3cr3t" not in caplog.text
    put(file, "next")
    time.now = 20.0
    assert kept.current() == "next"


def test_a_secret_that_never_was_is_told(tmp_path: Path):
    """A file that held no secret yet gives none."""
    kept = KeptSecret(Secret(file=tmp_path / "key"), Time())
    with pytest.raises(NoSecret, match="its secret's file cannot be read"):
        kept.current()


def test_a_secret_is_a_text_or_a_file_and_shows_neither_text():
    """Both or neither is refused, and no repr shows the text."""
    for given_ in ({}, {"text": "s3cr3t", "file": Path("a")}):
        with pytest.raises(ValueError, match="a secret is a text or a file"):
            Secret(**given_)  # type: ignore[arg-type]  # the names are the parameter
    assert "s3cr3t" not in repr(Secret("s3cr3t"))
