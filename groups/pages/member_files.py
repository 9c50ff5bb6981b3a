"""Files of the pages that change a group's members: one to fill in, and what of one failed."""

from __future__ import annotations

import io
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext

from commsapp.staff.object_pages import Problem, url_of
from commsapp.staff.request import actor_of
from groups.forms import match_recipients
from groups.models import RecipientGroup
from groups.pages.change_members import VERBS, problems_of
from groups.pages.selection import resubmitted_list
from groups.recipient_list import RecipientList

_CSV = "text/csv; charset=utf-8"


def failed_rows(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    """POST: the rows that name nobody, or whom the group may not take, as a CSV with the reasons.

    None where the whole list is needed: brought again, these few would put all others out.
    """
    listed, verb = resubmitted_list(request, group), VERBS.get(request.POST.get("verb", ""))
    if listed is None or verb is None or verb.all_or_none:
        return HttpResponseRedirect(url_of(group))
    problems = problems_of(
        group, verb, match_recipients(listed.entries, (), group, by=actor_of(request))
    )
    return _as_csv(listed, problems, f"{group.name} {gettext('failed rows')}")


def _as_csv(listed: RecipientList, problems: Sequence[Problem], name: str) -> HttpResponse:
    reasons: dict[tuple[int, str], str] = {}
    for problem in problems:
        reasons.setdefault((problem.line or 0, problem.value), problem.reason)
    text = io.StringIO()
    listed.write_failed(text, reasons, gettext("Reason"))
    plain = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in name)
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type=_CSV)
    answer.headers["Content-Disposition"] = _attachment(f"{plain}.csv")
    return answer


def _attachment(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"


def template(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    """A file to fill in: one column, of whatever names them."""
    answer = HttpResponse(f"\ufeff{gettext('Recipient')}\r\n", content_type=_CSV)
    answer.headers["Content-Disposition"] = _attachment("recipients.csv")
    return answer
