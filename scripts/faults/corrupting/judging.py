"""Judging: are these the answers of one state of the collection?

A state is what the collection was after one of its commits. Errors that tell a user what is wrong
fit any state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corrupting.questions import Answers, Broken, Refused, Report

States = Sequence[Answers]
"""Right answers; any of them will do, but not a mixture."""


def fitting(answers: Answers, states: States) -> list[Answers]:
    """The states that all given answers may come from."""
    return [state for state in states if not _differing(answers, state)]


def _differing(answers: Answers, state: Answers) -> list[str]:
    given = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    return [name for name, answer in given.items() if answer != state.get(name)]


def wrong(answers: Answers, states: States) -> Iterator[str]:
    """What is wrong about answers, seen from the state that they fit best."""
    differing = min((_differing(answers, state) for state in states), key=len, default=[])
    if not differing:
        return
    stray = [n for n in differing if all(answers[n] != state.get(n) for state in states)]
    if stray:
        yield f"wrong answer to: {', '.join(stray)}"
    else:
        yield f"a mixture of states: {', '.join(differing)}"


def broken(answers: Answers) -> Iterator[str]:
    """Errors that no user should see."""
    seen = {answer.message: name for name, answer in answers.items() if isinstance(answer, Broken)}
    for message, name in seen.items():
        yield f"asked for {name}: {message}"


def refused(answers: Answers) -> list[str]:
    """What was not answered."""
    return [name for name, answer in answers.items() if not isinstance(answer, str)]


def lost(before: Answers, after: Answers, states: States) -> Iterator[str]:
    """What was answered right before a repair, and is not answered any more."""
    right = {name for state in states for name in state if before.get(name) == state[name]}
    for name in right.intersection(refused(after)):
        yield f"repair made it worse, no answer any more to: {name}"


def names(report: Report, file: str, *, derived: bool) -> bool:
    """Whether damage was named: of a derived file by its name, and never by a mere failure."""
    if report.failure is not None:
        return isinstance(report.failure, Refused)
    return any(not derived or file in problem for problem in report.problems)
