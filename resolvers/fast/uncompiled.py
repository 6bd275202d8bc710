"""Why an operation runs on its plan unhurried, on the checked lane: counted by these reasons."""

from __future__ import annotations

from enum import StrEnum


class Unhurried(StrEnum):
    """Why a plan is run by the checked lane (`resolvers/run`) and not by its compiled program."""

    SWITCHED_OFF = "fast_switched_off"
    """The project chose the checked lane."""
    MUTATION = "mutation"
    """What changes something runs one root field after the other, and holds few objects."""
    RESOLVER = "resolver"
    """Nothing but Python resolvers and plain Strawberry types: their values are Python's own. Of operations that have
    other fields too, the checked lane runs just these.
    """
    VARIANTS = "variants"
    """Nothing but interfaces or unions, objects of several schemas in one place; as with resolvers."""
    FREE_FORM = "free_form"
    """A step, or a parameter of one, reads a property in a way that has no type of its own."""
    MASKED = "masked"
    """The caller may not see a field that insists on a value, which takes all of the answer."""
    EXPLAINED = "explained"
    """The request asked what really happens, which the checked lane writes down step by step."""
    EXTENSIONS = "extensions"
    """A Strawberry extension or hook of the project's own takes part in executing."""
    FIRST = "first"
    """Nobody has validated the document yet."""
    VARIABLES = "variables"
    """The variables, or arguments, cannot be coerced, as the answer will say."""
    DEFECT = "defect"
    """Compiling failed for a reason that nobody foresaw, which is in the log."""
    FAULT = "fault"
    """A step failed, or an answer is not what its contract promises: values and nulls are looked at one by one."""


class NotCompiled(Exception):
    """The plan has no program, for this reason."""

    def __init__(self, reason: Unhurried) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Troubled(Exception):
    """Something is not as promised: the checked lane takes over, with all that the store has."""
