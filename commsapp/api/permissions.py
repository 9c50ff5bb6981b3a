"""Django's model permissions, checked before anything is read."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from commsapp.core.actors import require


class ModelPermission(BasePermission):
    """The signed-in actor has every permission that the view's action requires."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return False without credentials (401). Raises PermissionDenied, naming the missing
        permission (403)."""
        if not request.user.is_authenticated:
            return False
        for verb, model in view.get_required_permissions():
            require(view.by, verb, model)
        return True
