"""What pages complain of: all of it fails a test that did not announce it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

PATIENCE = 10  # seconds for what a page still loads when its test is done
# A navigation, a download and an AbortController end a request so.
_ABORTED = "net::ERR_ABORTED"
_FAILED_TO_LOAD = re.compile(r"Failed to load resource: .* status of (\d+)")
# Before any script of the page's own: the policy's refusals on the console, whoever words them.
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile }) =>
  console.error(`Refused by ${effectiveDirective}: ${blockedURI} in ${sourceFile}`));
"""


class UnexpectedProblemsError(AssertionError):
    """A page complained of what its test did not announce."""


@dataclass(frozen=True)
class Problem:
    """A line about it; of an answer also its status and path."""

    line: str
    status: int = 0
    path: str = ""


class Problems:
    """All problems of all pages of the browser contexts that are watched."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._announced: set[tuple[int, str]] = set()
        self._loading: set[Request] = set()
        self._contexts: list[BrowserContext] = []

    def watch(self, context: BrowserContext) -> None:
        self._contexts.append(context)
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._add(f"Page error: {error.error}"))
        context.on("request", self._on_request)
        context.on("requestfinished", self._on_finished)
        context.on("requestfailed", self._on_failed)
        context.on("response", self._on_response)
        context.on("page", lambda page: page.on("close", self._on_close))

    def announce(self, status: int, path: str) -> None:
        """An answer that the test asks for, by its status and path without query."""
        self._announced.add((status, path))

    def unexpected(self) -> list[str]:
        """The lines of all that was not announced, and what was announced and never came."""
        lines = [
            problem.line
            for problem in self.found
            if (problem.status, problem.path) not in self._announced
        ]
        answers = {(problem.status, problem.path) for problem in self.found}
        missing = sorted(self._announced - answers)
        return lines + [f"Announced, but did not come: {status} {path}" for status, path in missing]

    def check(self) -> None:
        """Wait for what is still loading; then raise if anything is unexpected."""
        self._settle()
        if lines := self.unexpected():
            raise UnexpectedProblemsError("\n".join(lines))

    def _settle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        pages = [page for context in self._contexts for page in context.pages]
        if pages:
            pages[0].wait_for_timeout(50)  # ms, for what a page is about to say
        while pages and self._loading and time.monotonic() < deadline:
            pages[0].wait_for_timeout(20)
        for request in self._loading:
            self._add(f"Still loading: {request.method} {request.url}")

    def _add(self, line: str, status: int = 0, url: str = "") -> None:
        self.found.append(Problem(line, status, urlsplit(url).path))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        url = message.location["url"]
        answer = _FAILED_TO_LOAD.match(message.text)
        self._add(
            f"Console {message.type}: {message.text} ({url})", int(answer[1]) if answer else 0, url
        )

    def _on_request(self, request: Request) -> None:
        self._loading.add(request)

    def _on_finished(self, request: Request) -> None:
        self._loading.discard(request)

    def _on_failed(self, request: Request) -> None:
        self._loading.discard(request)
        if request.failure != _ABORTED:
            self._add(f"{request.failure}: {request.method} {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            line = f"{response.status}: {response.request.method} {response.url}"
            self._add(line, response.status, response.url)

    def _on_close(self, page: Page) -> None:
        """Nobody hears of a closed page's requests any more."""
        self._loading = {each for each in self._loading if each.frame.page != page}
