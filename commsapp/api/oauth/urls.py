"""URLs of OAuth 2, each with and without a trailing slash."""

from __future__ import annotations

from django.urls import re_path

from commsapp.api.oauth.authorize import AuthorizeView
from commsapp.api.oauth.views import RevokeView, TokenView

urlpatterns = [
    re_path(r"^services/oauth2/token/?$", TokenView.as_view(), name="oauth-token"),
    re_path(r"^services/oauth2/revoke/?$", RevokeView.as_view(), name="oauth-revoke"),
    re_path(r"^services/oauth2/authorize/?$", AuthorizeView.as_view(), name="oauth-authorize"),
]
