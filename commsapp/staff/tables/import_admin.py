"""Imports: file → columns → preview → confirm → progress → result, for people in a browser.

    class RecipientAdmin(ImportedAdmin, …):
        imported = ImportKind(partial(import_records, RECIPIENTS), targets, once, about)

The table waits as a draft (`commsapp.core.imports.drafts`): each page shows its state, each form
moves it on by one step, and a repeated request does nothing more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from commsapp.core.actors import has_permission
from commsapp.core.audit import Busy, unavailable_reason
from commsapp.core.imports import drafts
from commsapp.db.ids import read_guid
from commsapp.models import Draft
from commsapp.staff.model_admin import TenantAdmin
from commsapp.staff.object_pages import busy_message, show
from commsapp.staff.request import actor_of, licensees_of, parse_digits
from commsapp.staff.tables import import_results, reader
from commsapp.staff.tables.cells import MAX_ROWS, shortened
from commsapp.staff.tables.column_mapping import REASON, Target, guess, plain
from commsapp.staff.tables.writer import table_response

log = logging.getLogger(__name__)
_DRAFTS_SHOWN = 10
_CHECKING_SECONDS = 2.0  # of one request: a file that takes longer shows its progress
State = Draft.State


@dataclass(frozen=True)
class ImportKind:
    """How records of a kind come from a table. `about`: which record a row means, in a sentence."""

    run: drafts.Run
    targets: Sequence[Target]
    once: Sequence[drafts.UniqueTogether]
    about: Any
    undoing: Any = ""  # what can be undone, if not just nothing


class ImportedAdmin(TenantAdmin):
    """Of records that can be imported from a file."""

    imported: ClassVar[ImportKind]

    def get_urls(self) -> list[URLPattern]:
        name, wrap = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        files = [
            path(f"import/template.{ending}", wrap(self.template_view), {"ending": ending},
                 name=f"{name}_template_{ending}")
            for ending in import_results.FILES
        ]  # fmt: skip
        failed = [
            path(f"import/<uuid:draft_id>/failed.{ending}", wrap(self.failed_view),
                 {"ending": ending}, name=f"{name}_failed_{ending}")
            for ending in import_results.FILES
        ]  # fmt: skip
        return [
            path("import/", wrap(self.import_view), name=f"{name}_import"),
            path("import/<uuid:draft_id>/", wrap(self.draft_view), name=f"{name}_draft"),
            *files, *failed, *super().get_urls(),
        ]  # fmt: skip

    def may_import(self, request: HttpRequest) -> bool:
        by = actor_of(request)
        return has_permission(by, "add", self.model) or has_permission(by, "change", self.model)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the link to the import."""
        url = self._url("import") if self.may_import(request) else ""
        return super().changelist_view(request, {**(extra_context or {}), "import_url": url})

    def _url(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def _require(self, request: HttpRequest) -> None:
        if not self.may_import(request):
            raise PermissionDenied

    # --- The file -------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask for a file. POST: read and keep it."""
        self._require(request)
        if request.method != "POST":
            return self._ask(request)
        upload, licensee = request.FILES.get("file"), self._licensee(request)
        if upload is None or licensee is None:
            message = _("Choose a file.") if upload is None else _("Choose for which licensee.")
            return self._ask(request, message)
        try:
            table = reader.read(upload)
        except reader.Unreadable as error:
            return self._ask(request, str(error), error.problems, str(upload.name))
        draft = drafts.save_draft(
            by=actor_of(request), licensee_id=licensee, kind=self.opts.label_lower,
            file_name=str(upload.name), ending=table.format, columns=table.columns,
            rows=table.rows,
        )  # fmt: skip
        return HttpResponseRedirect(self._url("draft", draft.pk))

    def _licensee(self, request: HttpRequest) -> UUID | None:
        by = actor_of(request)
        guid = read_guid(request.POST.get("licensee"))
        if guid is None:
            return by.only_licensee()
        chosen = licensees_of(by).filter(pk=UUID(guid)).first()
        return chosen.pk if chosen else None

    def _ask(
        self, request: HttpRequest, error: str = "", problems: Sequence[Any] = (), file: str = ""
    ) -> HttpResponse:
        by = actor_of(request)
        several = by.only_licensee() is None
        mine = drafts.drafts_of(by).filter(kind=self.opts.label_lower)[:_DRAFTS_SHOWN]
        return self._show(
            request, "staff/import_file.html", _("Import %s") % self.opts.verbose_name_plural,
            status=400 if error else 200, error=error, problems=problems, file_name=file,
            licensees=licensees_of(by) if several else (), targets=self.imported.targets,
            about=self.imported.about, earlier=[self._earlier(draft) for draft in mine],
            most_rows=MAX_ROWS,
            templates=[(one.upper(), self._url(f"template_{one}")) for one in import_results.FILES],
        )  # fmt: skip

    def _earlier(self, draft: Draft) -> dict[str, Any]:
        return {
            "draft": draft,
            "url": self._url("draft", draft.pk),
            "told": import_results.import_summary(draft),
        }

    def template_view(self, request: HttpRequest, ending: str) -> HttpResponseBase:
        """An empty file with the header of all columns that can be read."""
        self._require(request)
        columns = [target.name for target in self.imported.targets]
        return table_response(ending, f"{self.opts.model_name}-template", columns, ())

    # --- The draft ------------------------------------------------------------------------------

    def draft_view(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """GET: how it stands. POST: move it on, as `action` says."""
        self._require(request)
        draft = self._draft(request, draft_id)
        if request.method != "POST":
            again = draft.state == State.CHECKED and "columns" in request.GET
            if again or draft.state == State.READ:
                return self._ask_columns(request, draft)
            return self._show_draft(request, draft)
        try:
            return self._move_on(request, draft)
        except Draft.DoesNotExist as error:
            raise Http404 from error
        except (Busy, DatabaseError, InterfaceError) as error:
            return self._interrupted(request, draft, error)

    def _interrupted(self, request: HttpRequest, draft: Draft, error: Exception) -> HttpResponse:
        """Say which rows are done: "Nothing was changed" is true of a check alone."""
        is_import = draft.state in (State.CHECKED, State.APPLYING, State.STOPPED)
        is_import = is_import and request.POST.get("action") != "check"
        url = self._url("draft", draft.pk)
        if isinstance(error, Busy):
            text = (
                import_results.interruption_of(draft, error) if is_import else busy_message(error)
            )
            messages.error(request, text)
            return HttpResponseRedirect(url)
        if not is_import or unavailable_reason(error) is None:
            raise error
        log.error("the import %s was interrupted", draft.pk, exc_info=error)
        # Of its own context alone: what asks the database would fail as well.
        context = {"text": import_results.interruption_of(draft, error), "url": url}
        page = render_to_string("staff/import_interrupted.html", context)
        return HttpResponse(page, status=503, headers={"Retry-After": "5"})

    def _draft(self, request: HttpRequest, draft_id: UUID) -> Draft:
        mine = drafts.drafts_of(actor_of(request)).filter(kind=self.opts.label_lower)
        draft: Draft | None = mine.select_related("licensee").filter(pk=draft_id).first()
        if draft is None:
            raise Http404
        return draft

    def _move_on(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        by, action = actor_of(request), request.POST.get("action", "")
        if action == "check":
            mapping, error = self._mapping(request, draft)
            if error:
                return self._ask_columns(request, draft, mapping, error)
            draft = drafts.check(draft.pk, mapping, once=self.imported.once, by=by)
            self._check_on(draft, request)
        elif action == "confirm":
            draft = drafts.confirm(draft.pk, by=by)
            if draft.part_count == 1:  # nothing to watch, nothing to stop
                self._step(draft, 0, request)
        elif action == "step":
            if (part := parse_digits(request.POST.get("part"))) is not None:
                self._step(draft, part, request)
        elif action == "stop":
            drafts.stop(draft.pk, by=by)
        elif action == "forget":
            drafts.delete_draft(draft.pk, by=by)
            return HttpResponseRedirect(self._url("import"))
        return HttpResponseRedirect(self._url("draft", draft.pk))

    def _step(self, draft: Draft, number: int, request: HttpRequest) -> None:
        was_checking = draft.state == State.CHECKING
        draft = drafts.step(draft.pk, number, self.imported.run, by=actor_of(request))
        if was_checking:
            self._check_on(draft, request)

    def _check_on(self, draft: Draft, request: HttpRequest) -> None:
        """Check as many parts as a moment allows: it changes nothing."""
        end = time.monotonic() + _CHECKING_SECONDS
        while draft.state == State.CHECKING and time.monotonic() < end:
            draft = drafts.step(
                draft.pk, draft.next_part, self.imported.run, by=actor_of(request)
            )  # fmt: skip

    # --- Its columns ----------------------------------------------------------------------------

    def _mapping(self, request: HttpRequest, draft: Draft) -> tuple[dict[str, int], str]:
        """Which column was chosen for which field, and what is wrong with that."""
        known = {target.name: target for target in self.imported.targets}
        mapping: dict[str, int] = {}
        for place in range(len(draft.columns)):
            name = request.POST.get(f"column-{place}", "")
            if name in mapping:
                message = _("“%(field)s” is chosen for two columns.")
                return mapping, message % {"field": known[name].label}
            if name in known:
                mapping[name] = place
        return mapping, self._lacking(mapping)

    def _lacking(self, mapping: Mapping[str, int]) -> str:
        names = {name for one in self.imported.once for name in one.fields}
        needed = [target for target in self.imported.targets if target.is_required]
        lacking = [str(one.label) for one in needed if one.name not in mapping]
        if not mapping:
            return _("Choose at least one column.")
        if lacking and not names & mapping.keys():
            message = _("New %(things)s need a column for: %(fields)s.")
            return message % {
                "things": self.opts.verbose_name_plural, "fields": ", ".join(lacking),
            }  # fmt: skip
        return ""

    def _ask_columns(
        self,
        request: HttpRequest,
        draft: Draft,
        mapping: Mapping[str, int] | None = None,
        error: str = "",
    ) -> HttpResponse:
        if mapping is None:
            mapping = draft.mapping or guess(draft.columns, self.imported.targets)
        chosen = {place: name for name, place in mapping.items()}
        rows = drafts.samples(draft)
        columns = [
            {"place": place, "name": name, "chosen": chosen.get(place, ""),
             "samples": [shortened(cells[place]) for cells in rows]}
            for place, name in enumerate(draft.columns)
        ]  # fmt: skip
        return self._show(
            request, "staff/import_columns.html", _("Columns"), draft,
            status=400 if error else 200, error=error, columns=columns,
            targets=self.imported.targets,
        )  # fmt: skip

    # --- How it stands --------------------------------------------------------------------------

    def _show_draft(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if draft.is_at_work:
            title = _("Checking") if draft.state == State.CHECKING else _("Importing")
            rows = min(draft.next_part * drafts.PART_ROWS, draft.row_count)
            return self._show(
                request, "staff/import_progress.html", title, draft, rows_done=rows,
                percent=100 * draft.next_part // draft.part_count,
                is_check=draft.state == State.CHECKING,
            )  # fmt: skip
        counts = draft.planned if draft.state == State.CHECKED else draft.counts
        template = "import_preview" if draft.state == State.CHECKED else "import_result"
        return self._show(
            request, f"staff/{template}.html",
            _("Preview") if draft.state == State.CHECKED else _("Result"), draft, counts=counts,
            problem_count=drafts.problem_count(draft),
            problems=import_results.problems_on(draft, request),
            will_change=counts["created"] + counts["updated"],
            undoing=self.imported.undoing, **import_results.done_by(draft, actor_of(request)),
            failed=[
                (ending.upper(), self._url(f"failed_{ending}", draft.pk))
                for ending in import_results.formats_of(draft)
            ],
        )  # fmt: skip

    def failed_view(self, request: HttpRequest, draft_id: UUID, ending: str) -> HttpResponseBase:
        """The rows that were not taken in, with the reasons in a column that an import ignores."""
        self._require(request)
        draft = self._draft(request, draft_id)
        name = slugify(draft.file_name.rsplit(".", 1)[0]) or "import"
        kept = [
            place for place, column in enumerate(draft.columns) if plain(column) != plain(REASON)
        ]  # fmt: skip
        columns = [*(draft.columns[place] for place in kept), REASON]
        return table_response(
            ending, f"{name}-failed", columns, import_results.failed_rows(draft, kept)
        )

    def _show(
        self, request: HttpRequest, template: str, title: str, draft: Draft | None = None,
        *, status: int = 200, **context: Any,
    ) -> HttpResponse:  # fmt: skip
        values = (
            {"told": import_results.import_summary(draft), "import_url": self._url("import")}
            if draft
            else {}
        )
        list_url = self._url("changelist")
        return show(
            request, None, template, title=title, status=status, opts=self.opts, draft=draft,
            list_url=list_url, **values, **context,
        )  # fmt: skip
