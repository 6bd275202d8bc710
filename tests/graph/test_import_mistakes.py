"""What a module raised while it was imported: at its line, in words of the project's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.project.import_mistakes import mistake_of, place_of


def raised(folder: Path, text: str) -> str:
    """What is told of a module of that text, that is run as Python up to 3.13 would run its annotations."""
    file = folder / "plants.py"
    file.write_text(text, encoding="utf-8")
    try:
        exec(compile(text, str(file), "exec"), {"__name__": "plants"})  # noqa: S102 - the test's own text
    except (AttributeError, NameError) as error:
        return str(mistake_of(error, folder, folder / "schema.py")).replace(f"{folder}/", "")
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("int.caler\n", "plants.py:1: AttributeError: type object 'int' has no attribute 'caler'"),
        ("from stolon import rest\nrest.far\n", "plants.py:2: AttributeError: rest has no 'far'"),
        (
            "from stolon import rest\nrest.caler('sub')\n",
            "plants.py:2: AttributeError: rest has no 'caler'; did you mean 'caller'?",
        ),
        ("x = Plant\nclass Plant: ...\n", "plants.py:1: NameError: name 'Plant' is not defined"),
    ],
)
def test_a_name_that_is_not_there_is_told_as_the_project_wrote_it(
    tmp_path: Path, text: str, told: str
) -> None:
    """`rest` by the name that it is imported by, and with the nearest one; anything else as Python says it."""
    assert raised(tmp_path, text) == told


@pytest.mark.parametrize(
    ("text", "line", "quoted"),
    [
        ("class Plant:\n    kin: list[Harvest] | None = None\n", 2, '"list[Harvest] | None"'),
        ("class Plant:\n    kin: (\n        Harvest | None\n    ) = None\n", 3, '"Harvest | None"'),
        ("def harvests(of: Harvest): ...\n", 1, '"Harvest"'),
        ("def harvests() -> Harvest: ...\n", 1, '"Harvest"'),
        ("async def harvests() -> dict['a', Harvest]: ...\n", 1, "\"dict['a', Harvest]\""),
    ],
)
def test_an_annotation_of_a_class_that_comes_later_says_to_quote_it(
    tmp_path: Path, text: str, line: int, quoted: str
) -> None:
    """Where Python evaluates it at once; a later version never raises for it."""
    file = tmp_path / "plants.py"
    file.write_text(f"{text}class Harvest: ...\n", encoding="utf-8")
    # At that line, as Python raises it up to 3.13, whichever version runs this test.
    code = compile("\n" * (line - 1) + "Harvest", str(file), "exec")
    with pytest.raises(NameError) as caught:
        exec(code, {})  # noqa: S102 - the test's own text
    assert place_of(caught.value.__traceback__, tmp_path) == (file, line)
    assert str(mistake_of(caught.value, tmp_path, file)) == (
        f"{file}:{line}: NameError: 'Harvest' is not defined yet: write the annotation in quotes, {quoted}"
    )


def test_an_annotation_that_no_class_of_the_file_explains_is_told_as_it_is(tmp_path: Path) -> None:
    """Quotes would only put the mistake off; so it is where the file is not there any more."""
    file = tmp_path / "plants.py"
    file.write_text("class Plant:\n    kin: Harvst = None\nclass Harvest: ...\n", encoding="utf-8")
    with pytest.raises(NameError) as caught:
        exec(compile("\nHarvst", str(file), "exec"), {})  # noqa: S102 - the test's own text
    told = f"{file}:2: NameError: name 'Harvst' is not defined"
    assert str(mistake_of(caught.value, tmp_path, file)) == told
    file.unlink()
    assert str(mistake_of(caught.value, tmp_path, file)) == told


def test_what_no_line_of_the_project_raised_is_told_of_the_module(tmp_path: Path) -> None:
    """Without a line."""
    assert place_of(None, tmp_path) is None
    assert (
        str(mistake_of(ValueError("why"), tmp_path, tmp_path / "a.py")) == f"{tmp_path}/a.py: ValueError: why"
    )
