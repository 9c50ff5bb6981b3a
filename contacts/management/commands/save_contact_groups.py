"""manage.py save_contact_groups: the Message API's stream of contact groups, from a file."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from commsapp.api.message.json_lines import groups_of
from commsapp.core.actors import Actor
from commsapp.core.audit import Refused
from commsapp.db.commits import OutcomeUnknown
from commsapp.models import Channel, User
from contacts.management.failed_lines import FailedLines
from contacts.management.progress import Progress, duration
from contacts.management.save_file import Interruptible, Result, Tally, save
from contacts.operations import Outcome

TOLD = 10  # failures that are also told on the screen
PIECE = 64 * 1024
INTERRUPTED = 130  # the exit status of what Ctrl-C has ended


class Command(BaseCommand):
    help = (
        "Save contact groups from a file of JSON Lines: one SaveContactGroup request a line, as "
        "for the Message API. Each line succeeds or fails by itself. To run the file again is "
        "harmless: what is saved already is Unchanged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="FILE.jsonl, or - for standard input")
        parser.add_argument("--user", required=True, help="the user who saves")
        parser.add_argument("--dry-run", action="store_true", help="do all but save")
        parser.add_argument(
            "--failed",
            metavar="PATH",
            help="where the lines that failed go, to be corrected and run again (default: "
            "FILE.failed.jsonl, or save_contact_groups.failed.jsonl here for -; the reasons go "
            "beside them, to FILE.failed.reasons.csv). Both are of this run alone: what an earlier "
            "one left there is replaced or removed",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self, *args: object, file: str, user: str, failed: str | None, **options: object
    ) -> None:
        by = Actor.of(self._active(user), Channel.COMMAND)
        leftovers = FailedLines(_failed_path(file, failed))
        with ExitStack() as stack:
            try:
                source = sys.stdin.buffer if file == "-" else stack.enter_context(_opened(file))
                stack.enter_context(leftovers)
            except OSError as error:
                raise CommandError(f"{error.filename}: {error.strerror}") from error
            run = _Run(self, source, leftovers, _size(source, file))
            run.save_all(by, dry_run=bool(options["dry_run"]))
        self.stdout.write(run.told(bool(options["dry_run"]), as_json=bool(options["json"])))
        run.raise_unless_all_is_well()

    def _active(self, username: str) -> User:
        user: User | None = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{username}”.")
        return user


class _Run:
    """One file's run: what became of it, and how it is told."""

    def __init__(
        self, command: BaseCommand, source: BinaryIO, leftovers: FailedLines, size: int | None
    ) -> None:
        self.err, self.source, self.leftovers = command.stderr, source, leftovers
        self.tally, self.progress = Tally(), Progress(command.stderr, size)
        self.read = 0
        self.stopped = ""  # why, if before the end
        self.is_unknown = False  # whether the lines after the last were saved

    def save_all(self, by: Actor, *, dry_run: bool) -> None:
        with Interruptible() as interruptible:
            try:
                groups = (group for group in groups_of(self._pieces()) if isinstance(group, list))
                for group in interruptible.until_asked(groups):
                    for result in save(group, by, dry_run=dry_run):
                        self._note(result)
                    self.progress.tell(self.tally.lines, self.tally.failed, self.read)
            except KeyboardInterrupt:
                self.stopped = "Stopped at once"
            except (OperationalError, InterfaceError) as error:
                self.stopped = f"The database went away ({str(error).strip()})"
                self.is_unknown = isinstance(error, OutcomeUnknown)
            else:
                self.stopped = "Stopped" if interruptible.is_asked else ""
        self.progress.clear()

    def _pieces(self) -> Iterator[bytes]:
        """The file, as much as there is at a time; a pipe may take its time for more."""
        read = getattr(self.source, "read1", self.source.read)
        while piece := read(PIECE):
            self.read += len(piece)
            yield piece

    def _note(self, result: Result) -> None:
        self.tally.add(result)
        if not isinstance(result.answer, Refused):
            return
        line, refusals = result.line, result.answer.refusals
        self.leftovers.add(line.number, line.text, result.key, refusals)
        if self.tally.failed <= TOLD:
            self.progress.clear()
            for refusal in refusals:
                at = f" {refusal.field}:" if refusal.field else ""
                self.err.write(f"Line {line.number}:{at} {refusal.code}: {refusal.message}")

    # --- What became of it ------------------------------------------------------------------

    def told(self, dry_run: bool, *, as_json: bool) -> str:
        """The summary: outcomes, and where the failed lines are."""
        tally, failed = self.tally, self.tally.failed
        outcomes = {each.value: tally.outcomes[each.value] for each in Outcome}
        if as_json:
            context = {
                "lines": tally.lines,
                "outcomes": {name: count for name, count in outcomes.items() if count},
                "failed": failed,
                "failed_lines": str(self.leftovers.lines_path) if failed else None,
                "reasons": str(self.leftovers.reasons_path) if failed else None,
                "dry_run": dry_run,
                "last_line": tally.last_line,
                "finished": not self.stopped,
                "seconds": round(self.progress.seconds, 3),
            }
            return json.dumps(context)
        rows = {
            **{name: count for name, count in outcomes.items() if count},
            Outcome.FAILED.value: failed,
        }
        seconds = self.progress.seconds
        rate = f", {tally.lines / seconds:,.0f} a second" if seconds else ""
        return "\n".join(
            [
                *(["A dry run: nothing was saved."] if dry_run else []),
                f"{tally.lines:,} lines in {duration(seconds)}{rate}",
                *(f"{name:10} {count:12,}" for name, count in rows.items()),
            ]
        )

    def raise_unless_all_is_well(self) -> None:
        """Raises CommandError: 130 if Ctrl-C ended it, 1 if a line failed."""
        failed = self.tally.failed
        told = []
        if self.stopped:
            unknown = (
                "It is not known whether the next lines were saved. " if self.is_unknown else ""
            )
            told.append(
                f"{self.stopped} after line {self.tally.last_line:,}. {unknown}Run the same again "
                "to go on: what is saved already is Unchanged."
            )
        if failed:
            told.append(
                f"{failed:,} {'line' if failed == 1 else 'lines'} failed: see "
                f"{self.leftovers.lines_path} to run them again, {self.leftovers.reasons_path} for "
                "the reasons."
            )
        if told:
            status = INTERRUPTED if self.stopped.startswith("Stopped") else 1
            raise CommandError(" ".join(told), returncode=status)


def _opened(file: str) -> BinaryIO:
    return Path(file).open("rb")


def _size(source: BinaryIO, file: str) -> int | None:
    """In bytes. Nobody knows a pipe's."""
    return None if file == "-" else os.fstat(source.fileno()).st_size or None


def _failed_path(file: str, failed: str | None) -> Path:
    if failed is None:
        name = "save_contact_groups" if file == "-" else file.removesuffix(".jsonl")
        failed = f"{name}.failed.jsonl"
    path = Path(failed)
    if file != "-" and path.absolute() == Path(file).absolute():
        raise CommandError("--failed is the file itself: name another.")
    return path
