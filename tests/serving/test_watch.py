"""Which files a project consists of, and when they have changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graph.serving.watch import Snapshot, changed, snapshot


def put(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)


def names(folder: Path, found: Snapshot) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in found.files)


def test_a_project_is_its_settings_modules_contracts_and_operations(tmp_path):
    """The project file, modules in any folder, and whatever stands in contracts/ and operations/ count; hidden
    folders, caches, virtual environments and everything else do not.
    """
    counting = ["stolon.toml", "schema.py", "parts/users.py", "apis/users.yaml"]
    counting += ["contracts/a.yaml", "contracts/deep/README", "operations/a.graphql", "operations/a.json"]
    put(tmp_path, *counting)
    put(
        tmp_path,
        "README.md",
        "parts/stolon.toml",
        ".git/x.py",
        "parts/__pycache__/x.py",
        "node_modules/x/x.json",
    )
    put(tmp_path, "venv/pyvenv.cfg", "venv/lib/x.py", ".hidden.txt")
    (tmp_path / "parts" / "up").symlink_to(tmp_path)
    assert names(tmp_path, snapshot(tmp_path)) == sorted(counting)


def test_a_folder_of_too_many_files_is_read_to_the_bound(tmp_path):
    """No more files are looked at than stated, and the snapshot says so."""
    put(tmp_path, "a.py", "b.py", "c.py")
    found = snapshot(tmp_path, most=2)
    assert (len(found.files), found.is_whole) == (2, False)
    assert snapshot(tmp_path, most=3).is_whole


def test_changes_are_what_came_went_or_differs(tmp_path):
    """A file that is new, gone, written anew or put in the place of another has changed; the others have not."""
    put(tmp_path, "same.py", "gone.py", "longer.py", "other.py")
    before = snapshot(tmp_path)
    put(tmp_path, "new.py", "copy.py")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "longer.py").write_text("much longer than before")
    (tmp_path / "copy.py").replace(tmp_path / "other.py")
    changes = before.changes(snapshot(tmp_path))
    assert [file.name for file in changes] == ["gone.py", "longer.py", "new.py", "other.py"]


def test_a_folder_that_is_gone_has_no_files(tmp_path):
    """A project's folder that cannot be read is one without files."""
    assert snapshot(tmp_path / "none") == Snapshot({})


def state(number: int) -> Snapshot:
    return Snapshot({Path("a.py"): (number, 1, 1)})


async def paused(_seconds: float) -> None:
    """No time passes."""


async def test_a_change_is_told_when_the_files_rest(tmp_path):
    """While files go on changing they are waited for; what is told is how they came to rest."""
    looks: Iterator[Snapshot] = iter(map(state, [0, 0, 1, 2, 3, 3, 9]))
    found = await changed(tmp_path, state(0), sleep=paused, look=lambda _: next(looks))
    assert found == state(3)
    assert next(looks) == state(9)


async def test_files_that_never_rest_are_not_waited_for_forever(tmp_path):
    """Files that change at every look are told after twenty looks."""
    looks = iter(map(state, range(1, 100)))
    assert await changed(tmp_path, state(0), sleep=paused, look=lambda _: next(looks)) == state(21)
