"""Who may: Django's model permissions, asked before anything is read."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from commsapp.core.actors import require


class ModelPermission(BasePermission):
    """The signed-in actor has every permission that the view's action needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """False without credentials (401). Raises PermissionDenied, naming what lacks (403)."""
        if request.auth is None:
            return False
        for verb, model in view.required_permissions():
            require(view.by, verb, model)
        return True
