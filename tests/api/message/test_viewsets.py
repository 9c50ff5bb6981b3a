"""The Message API stands on Django REST framework: its classes are where it looks for them."""

import json
from typing import Any

import pytest
from django.urls import resolve
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import ViewSetMixin

from commsapp.core.actors import Actor
from contacts.message import SaveContactGroupViewSet
from contacts.models import ContactGroup

PATH = "/json/reply/SaveContactGroup"


@pytest.mark.parametrize(
    ("path", "action"),
    [
        *(
            (f"/{name}/reply/SaveContactGroup", "single")
            for name in ("json", "jsonl", "xml", "csv")
        ),
        ("/api/json/reply/SaveContactGroup", "single"),
        ("/api/SaveContactGroup", "single"),
        ("/JSON/REPLY/SAVECONTACTGROUP.XML", "single"),
        ("/json/reply/SaveContactGroup[]", "batch"),
        ("/api/SaveContactGroup[]", "batch"),
        ("/jsonl/reply/SaveContactGroup[]", "stream"),
        ("/other/reply/SaveContactGroup[]", "stream"),
        ("/json/reply/Authenticate", "sign_in"),
        ("/api/Authenticate", "sign_in"),
        ("/auth/credentials", "sign_in"),
        ("/auth/logout", "sign_out"),
        ("/metadata", "list"),
        ("/jsonl/metadata", "retrieve"),
        ("/types/python", "retrieve"),
    ],
)
def test_documented_address_is_answered_by_a_viewset(path, action):
    for spelling in (path, f"{path}/"):
        view: Any = resolve(spelling).func
        assert issubclass(view.cls, ViewSetMixin)
        assert [*view.actions.values()][-1] == action


@pytest.fixture
def send(rf, ask):
    """Send a save to a subclass of the viewset; the response, rendered."""

    def send(viewset, body=None, **headers):
        view = viewset.as_view({"post": "single"})
        sent = json.dumps(ask.body()) if body is None else body
        request = rf.post(PATH, sent, content_type="application/json", headers=headers)
        return view(request).render()

    return send


def test_authenticator_of_a_subclass_signs_in(send, alice):
    class ByHeader(BaseAuthentication):
        def authenticate(self, request):
            if "X-User" not in request.headers:
                return None
            return alice, Actor.of(alice, "message")

    class ViewSet(SaveContactGroupViewSet):
        authentication_classes = [*SaveContactGroupViewSet.authentication_classes, ByHeader]

    response = send(ViewSet)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="message"')
    assert not ContactGroup.objects.exists()
    assert send(ViewSet, **{"X-User": "alice"}).status_code == 200
    assert ContactGroup.objects.exists()


def test_throttle_of_a_subclass_refuses(send, ask):
    class Never(BaseThrottle):
        def allow_request(self, request, view):
            return False

        def wait(self):
            return 7

    class ViewSet(SaveContactGroupViewSet):
        throttle_classes = [Never]

    response = send(ViewSet, **ask.headers)
    assert (response.status_code, response["Retry-After"]) == (429, "7")
    assert json.loads(response.content)["ResponseStatus"]["ErrorCode"] == "TooManyRequests"
    assert not ContactGroup.objects.exists()


def test_parser_of_a_subclass_reads_the_body(send, ask):
    class KeyParser(BaseParser):
        media_type = "text/plain"

        def parse(self, stream, media_type=None, parser_context=None):
            return ask.body(AlternateKey=stream.read().decode())

    class ViewSet(SaveContactGroupViewSet):
        parser_classes = [KeyParser]

    assert send(ViewSet, "KEY-1", **ask.headers).status_code == 200
    assert ContactGroup.objects.get().alternate_keys.get().value == "KEY-1"


def test_renderer_of_a_subclass_writes_the_response(send, ask):
    class Shout(BaseRenderer):
        media_type, format, charset = "text/plain", "txt", None

        def render(self, data, accepted_media_type=None, renderer_context=None):
            return data["Message"].upper().encode()

    class ViewSet(SaveContactGroupViewSet):
        renderer_classes: Any = (*SaveContactGroupViewSet.renderer_classes, Shout)

    response = send(ViewSet, **ask.headers, Accept="text/plain")
    assert (response.content, response["Content-Type"]) == (b"CREATED.", "text/plain")


def test_exception_handler_of_a_subclass_answers(send, ask):
    class ViewSet(SaveContactGroupViewSet):
        def get_exception_handler(self):
            handler = super().get_exception_handler()

            def teapot(error, context):
                response = handler(error, context)
                response.status_code = 418
                return response

            return teapot

    assert send(ViewSet, "{", **ask.headers).status_code == 418
    assert not ContactGroup.objects.exists()
