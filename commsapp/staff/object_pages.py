"""Pages and panels of records, and the steps of a command: preview, confirmation, result.

An admin lists them in `pages` and `panels`; see `commsapp/staff/contributions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor, has_permission, require
from commsapp.core.audit import Busy, Refusal, Refused, TimedOut, is_undoable
from commsapp.db.commits import has_committed
from commsapp.models import Operation
from commsapp.staff.contributions import Contribution, contributions_to
from commsapp.staff.request import actor_of, can_view

View = Callable[[HttpRequest, Any], HttpResponse]
PanelContext = Callable[[HttpRequest, Any], dict[str, Any] | None]


def url_of(record: Model, page: str = "page") -> str:
    """Return the address of a record's page, or of another page of the record."""
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=(record.pk,))


# --- Pages and panels -----------------------------------------------------------------------


@dataclass(frozen=True)
class Page(Contribution):
    """A page at `…/{id}/{name}/`, for those who may `verb` the `model`.

    With a label, the record's page shows a button to them, where `is_available(record)`.
    """

    name: str
    view: View
    label: Any = ""
    selection_label: Any = ""  # of its button below a table of related records with checkboxes
    verb: str = "change"
    is_available: Callable[[Any], bool] = lambda record: True
    is_primary: bool = False
    is_destructive: bool = False  # its button comes last
    max_form_characters: int | None = None  # instead of the setting

    def is_offered(self, record: Model, by: Actor) -> bool:
        """Return whether the actor is shown a button to the page of this record."""
        return self.is_available(record) and has_permission(by, self.verb, self.model or Model)

    def button(self, record: Model) -> dict[str, Any]:
        return {
            "url": url_of(record, self.name),
            "label": self.label,
            "is_primary": self.is_primary,
            "is_destructive": self.is_destructive,
        }


@dataclass(frozen=True)
class Panel(Contribution):
    """A part of a record's page, for those who may view the `model`.

    It is left out where `get_context` returns None.
    """

    title: Any
    template: str
    get_context: PanelContext


def pages_on(model: type[Model]) -> list[Page]:
    return contributions_to(model, "pages", Page)


def buttons_for(request: HttpRequest, record: Model) -> list[dict[str, Any]]:
    """Return the buttons of a record's page."""
    by = actor_of(request)
    return [
        page.button(record)
        for page in pages_on(type(record))
        if page.label and page.is_offered(record, by)
    ]


def selection_buttons_for(request: HttpRequest, record: Model) -> list[dict[str, Any]]:
    """Return the buttons below a table of related records, which take the checked ones."""
    by = actor_of(request)
    return [
        {"url": url_of(record, page.name), "label": page.selection_label}
        for page in pages_on(type(record))
        if page.selection_label and page.is_offered(record, by)
    ]


def panels_for(request: HttpRequest, record: Model) -> list[dict[str, Any]]:
    """Return the panels of a record's page, rendered."""
    by = actor_of(request)
    rendered = []
    for panel in contributions_to(type(record), "panels", Panel):
        may_view = can_view(by, panel.model or type(record))
        context = panel.get_context(request, record) if may_view else None
        if context is not None:
            context = {"record": record, **context}
            body = render_to_string(panel.template, context, request)
            rendered.append({"title": panel.title, "count": context.get("count"), "body": body})
    return rendered


# --- Answers --------------------------------------------------------------------------------


def show(
    request: HttpRequest,
    record: Model | None,
    template: str,
    *,
    title: str,
    status: int = 200,
    **context: Any,
) -> TemplateResponse:
    """A page of the site, about a record."""
    about: dict[str, Any] = {"record": record}
    if record is not None:
        about |= {"opts": record._meta, "record_url": url_of(record)}
    context = {**admin.site.each_context(request), **about, "title": title, **context}
    return TemplateResponse(request, template, context, status=status)


def open_object_page(
    request: HttpRequest, record_of: Callable[[], Model], page: Page
) -> HttpResponse:
    """Ask the permission, find the record, and let the page answer."""
    require(actor_of(request), page.verb, page.model or Model)
    record = record_of()
    try:
        return page.view(request, record)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, refusal.message)
    except Busy as busy:
        messages.error(request, busy_message(busy))
    return HttpResponseRedirect(url_of(record))


def busy_message(error: Exception) -> str:
    """Say why a change was not made, and that nothing was changed unless something was before."""
    if has_committed():
        return _(
            "The change was saved, at least in part, before the database failed. See what is "
            "there before you make it again."
        )
    if isinstance(error, TimedOut):
        return _("This took too long. Nothing was changed; try again, or with fewer at once.")
    return _("Somebody else is changing this at the moment. Nothing was changed; try again.")


def tell(request: HttpRequest, change: Any, *, about: str = "") -> None:
    """Say what was done, with a button to undo it where that can be.

    `about` names what it was done to, where the sentence does not.
    """
    entries: Sequence[Any] = getattr(change, "operations", None) or [change.operation]
    entry: Operation | None = next((one for one in entries if one and one.touched), None)
    undo = ""
    if entry is not None and is_undoable(entry):
        batches = dict.fromkeys(str(one.batch) for one in entries)  # one of each licensee
        undo = f"batch:{','.join(batches)}" if len(entries) > 1 else f"operation:{entry.pk}"
    text = f"{about}: {change.message}" if about else change.message
    (messages.info if entry is None else messages.success)(request, text, extra_tags=undo)


# --- Preview → confirm → result -------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """Why one of the things asked for is not done: where it stands, what it says, the reason."""

    reason: str
    line: int | None = None
    value: str = ""
    column: str = ""  # of a table
    url: str = ""  # of the record that the value names


def problem_of(refusal: Refusal) -> Problem:
    return Problem(refusal.message)


@dataclass(frozen=True)
class Command:
    """A change that is shown before it is made: preview and commit are the same function."""

    title: str
    button: str
    run: Callable[[bool], Any]  # dry_run → Change, or Moved
    back: str
    subtitle: str = ""  # of whom
    about: str = ""  # what its message names, where the sentence does not
    fields: Sequence[tuple[str, str]] = ()  # what the confirmation sends again
    problems: Sequence[Problem] = ()  # found before the operation was asked
    spell: Callable[[Refusal], Problem] = problem_of
    is_destructive: bool = False
    all_or_none: bool = False  # with any problem nothing is done
    selected: int | None = None  # how many now match what was selected: asked again if others did
    success_url: Callable[[Any], str] | None = None  # where, after a change; `back` if not said
    template: str = "staff/preview.html"
    context: Mapping[str, Any] = field(default_factory=dict)
    seen: str | None = None  # how many matched at the preview, where that differs


def run_command(request: HttpRequest, record: Model | None, command: Command) -> HttpResponse:
    """Show what the command would do; do it when that is confirmed; show what was not done."""
    is_stopped = command.all_or_none and bool(command.problems)
    confirmed = "confirm" in request.POST and not is_stopped
    seen = request.POST.get("selected", "") if confirmed and command.selected is not None else None
    if seen not in (None, str(command.selected)):  # since the preview
        confirmed, command = False, replace(command, seen=seen)
    if command.selected is not None:
        sent = [*command.fields, ("selected", str(command.selected))]
        command = replace(command, fields=sent)
    try:
        change = command.run(not confirmed)
    except Refused as refused:
        problems = [*command.problems, *map(command.spell, refused.refusals)]
        return _preview(request, record, command, None, problems, status=409)
    except Busy as busy:
        if has_committed():
            raise  # a page that says so, by the middleware
        return _preview(request, record, command, None, [Problem(busy_message(busy))], status=503)
    skipped = getattr(change, "skipped", ())
    problems = sorted(
        [*command.problems, *map(command.spell, skipped)], key=lambda one: one.line or 0
    )
    if not confirmed:
        return _preview(request, record, command, change, problems)
    tell(request, change, about=command.about)
    if command.success_url:
        command = replace(command, back=command.success_url(change))
    if problems:
        return _preview(request, record, command, change, problems, is_done=True)
    return HttpResponseRedirect(command.back)


def _preview(
    request: HttpRequest,
    record: Model | None,
    command: Command,
    change: Any,
    problems: Sequence[Problem],
    *,
    status: int = 200,
    is_done: bool = False,
) -> HttpResponse:
    entry = getattr(change, "operation", None)
    is_stopped = command.all_or_none and bool(problems)
    return show(
        request,
        record,
        command.template,
        title=command.title,
        subtitle=command.subtitle,
        status=status,
        command=command,
        change=change,
        problems=problems,
        is_done=is_done,
        can_confirm=change is not None
        and not is_done
        and not is_stopped
        and (entry is None or entry.touched > 0),
        **command.context,
    )
