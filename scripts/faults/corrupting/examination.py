"""Examination: a mutant is asked, checked and repaired, and what it says is judged."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from corrupting.judging import States, broken, fitting, lost, names, refused, wrong
from corrupting.mutants import Mutant, Specimens, bring_about
from corrupting.questions import (
    Answers,
    Broken,
    Question,
    Report,
    ask,
    check,
    lasting,
    making,
    reading,
)

from annclust.errors import DamagedFileWarning
from annclust.storage.layout import KINDS


@dataclass(slots=True)
class Verdict:
    """What was seen of a mutant.

    Parameters
    ----------
    seen : list of str
        What it counts as.
    violations : list of str
    remarks : list of str
        Everything it said, for who wants to know.
    """

    seen: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def see(self, column: str) -> None:
        """Note what a mutant counts as."""
        if column not in self.seen:
            self.seen.append(column)

    def blame(self, column: str, problems: Iterable[str]) -> None:
        """Note violations, if there are any, and what the mutant counts as then."""
        for problem in problems:
            self.see(column)
            self.violations.append(problem)

    def judge(self, occasion: str, answers: Answers, states: States) -> None:
        """Note what was answered, and what is wrong about it."""
        self.remarks += [f"{occasion}, {name}: {answer}" for name, answer in answers.items()]
        self.blame("wrong", (f"{occasion}, {problem}" for problem in wrong(answers, states)))
        self.blame("failure", (f"{occasion}, {problem}" for problem in broken(answers)))

    def hear(self, occasion: str, report: Report) -> None:
        """Note what `check` said."""
        self.remarks += [f"{occasion}: {said}" for said in (report.failure, *report.problems)]
        if isinstance(report.failure, Broken):
            self.blame("failure", [f"{occasion}, {report.failure.message}"])


@dataclass(frozen=True, slots=True)
class Before:
    """What was seen of a mutant before anything was written to it."""

    answers: Answers
    report: Report
    states: States


def examine(specimens: Specimens, path: Path, mutant: Mutant) -> Verdict:
    """Bring a mutant about at `path`, ask it, check it, and repair it if it is to be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # thousands of them
        return _examined(specimens, path, mutant)


def _examined(specimens: Specimens, path: Path, mutant: Mutant) -> Verdict:
    verdict, photos = Verdict(), specimens[mutant.specimen].photos
    expected = bring_about(mutant, specimens, path)
    answers = ask(path, reading(photos))
    verdict.see("error" if refused(answers) else "answered")
    verdict.judge("at first", answers, expected.states)
    report = check(path)
    if not expected.states:
        verdict.hear("check", report)
        verdict.see("mispaired")
        return verdict
    _see_check(verdict, mutant, report, expected.harmless)
    states = fitting(answers, expected.states) or expected.states
    before = Before(answers, report, states)
    if mutant.repaired:
        _see_repair(verdict, path, before, lasting(photos))
        if mutant.kind in KINDS and "remains" in verdict.seen:
            verdict.blame("unhealed", ["what is derived was not made again"])
    else:
        _see_making(verdict, path, before)
    return verdict


def _see_check(verdict: Verdict, mutant: Mutant, report: Report, harmless: str | None) -> None:
    verdict.hear("check", report)
    if names(report, mutant.file, derived=mutant.kind in KINDS):
        verdict.see("named")
    elif harmless is not None:
        verdict.see("no effect")
        verdict.remarks.append(f"no effect: {harmless}")
    else:
        verdict.blame("unnamed", ["check does not name the damage"])


def _see_making(verdict: Verdict, path: Path, before: Before) -> None:
    """What is out of date is made again when it is asked for."""
    after = ask(path, making())
    verdict.judge("at last", after, before.states)
    if before.report.clean:
        _expect_answers(verdict, {**before.answers, **after})


def _see_repair(
    verdict: Verdict, path: Path, before: Before, questions: dict[str, Question]
) -> None:
    said = check(path, repair=True)
    verdict.hear("repair", said)
    known = {name: ask_one for name, ask_one in questions.items() if _known(name, before.states)}
    after, again = ask(path, known), check(path)
    verdict.judge("after the repair", after, before.states)
    verdict.hear("check after the repair", again)
    verdict.blame("worse", lost(before.answers, after, before.states))
    if again.clean:
        _expect_answers(verdict, after)
        if not before.report.clean:
            verdict.see("healed")
        return
    verdict.see("remains")
    if said.clean:
        verdict.blame("unnamed", ["the repair says that all is well, and check does not"])
    if before.report.clean:
        verdict.blame("worse", ["check was clean before the repair, and is not any more"])


def _known(question: str, states: States) -> bool:
    """Whether there is a right answer: a usurper that was repaired is a sound collection."""
    return any(question in state for state in states)


def _expect_answers(verdict: Verdict, answers: Answers) -> None:
    silent = refused(answers)
    verdict.blame("unnamed", (f"check is clean, but no answer to: {n}" for n in silent[:1]))
