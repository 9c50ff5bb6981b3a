"""What operations on connections did, in sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.core.number_format import format_count
from contacts.audit_entries import ConnectionNumbers


def connections_sentence(numbers: ConnectionNumbers) -> str:
    """Say how many connections were added, changed and removed: the end of a sentence."""
    parts = []
    if added := numbers["added"]:
        parts.append(
            ngettext("%s connection added", "%s connections added", added) % format_count(added)
        )
    if changed := numbers["changed"]:
        parts.append(
            ngettext("%s connection changed", "%s connections changed", changed)
            % format_count(changed)
        )
    if removed := numbers["removed"]:
        parts.append(
            ngettext("%s connection removed", "%s connections removed", removed)
            % format_count(removed)
        )
    return ", ".join(parts)


def changed_sentence(numbers: ConnectionNumbers, planned: bool) -> str:
    told = connections_sentence(numbers) or _("No connection changed")
    return f"{told}."


def added_sentence(numbers: ConnectionNumbers, planned: bool) -> str:
    if not planned:
        return changed_sentence(numbers, planned)
    added, changed, already = numbers["added"], numbers["changed"], numbers["already"]
    message = ngettext("%s contact would be added", "%s contacts would be added", added)
    message %= format_count(added)
    if changed:
        also = ngettext(", %s would be changed", ", %s would be changed", changed)
        message += also % format_count(changed)
    if already:
        known = ngettext(", %s is connected already", ", %s are connected already", already)
        message += known % format_count(already)
    return f"{message}."


def removed_sentence(numbers: ConnectionNumbers, planned: bool) -> str:
    removed, already = numbers["removed"], numbers["already"]
    if planned:
        message = ngettext("%s contact would be removed", "%s contacts would be removed", removed)
        known = ngettext(", %s is not connected", ", %s are not connected", already)
    else:
        message = ngettext("%s contact removed", "%s contacts removed", removed)
        known = ngettext(", %s was not connected", ", %s were not connected", already)
    return f"{message % format_count(removed)}{known % format_count(already) if already else ''}."
