"""The Connect API is made of Django REST framework's classes: those of a subclass take effect."""

import json
from base64 import b64encode

import pytest
from django.urls import resolve
from rest_framework.authentication import BaseAuthentication, BasicAuthentication
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import ViewSetMixin

from commsapp.core.actors import Actor
from commsapp.models import Operation
from groups.connect import RecipientGroupViewSet
from tests.api.connect.conftest import BASE, body
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db
ID = "11111111111111111111111111111111"


@pytest.mark.parametrize(
    "path",
    [
        "/services/data",
        "/services/data/v64.0",
        "/services/data/64.0/limits",
        f"{BASE}/recipient-group/{ID}/recipients",
        f"{BASE}/quote-line-item/{ID}",
    ],
)
def test_documented_address_is_answered_by_a_viewset(path):
    for spelling in (path, f"{path}/"):
        assert issubclass(vars(resolve(spelling).func)["cls"], ViewSetMixin)


@pytest.fixture
def send(rf, group, recipients):
    """Send an Add of three recipients to a subclass of the viewset; the response, rendered."""

    def send(viewset, **headers):
        view = viewset.as_view({"patch": "recipients"})
        sent = json.dumps(body("Add", recipients))
        request = rf.patch("/", sent, content_type="application/json", headers=headers)
        return view(request, version="v64.0", recipientGroupId=group.pk.hex).render()

    return send


def test_authenticator_of_a_subclass_signs_in(send, alice, group, recipients):
    class ByHeader(BaseAuthentication):
        def authenticate(self, request):
            if "X-User" not in request.headers:
                return None
            return alice, Actor.of(alice, "connect")

    class ViewSet(RecipientGroupViewSet):
        authentication_classes = [*RecipientGroupViewSet.authentication_classes, ByHeader]

    assert send(ViewSet).status_code == 401
    assert members_of(group) == set()
    assert json.loads(send(ViewSet, **{"X-User": "alice"}).content)["isSuccessful"] is True
    assert members_of(group) == {recipient.pk for recipient in recipients}


def test_authenticator_of_another_library_signs_in(send, alice, charlie, group, recipients):
    class ViewSet(RecipientGroupViewSet):
        authentication_classes = [BasicAuthentication]

    for user in (alice, charlie):
        user.set_password("Secret-1")
        user.save()
    headers = {
        name: {"Authorization": f"Basic {b64encode(f'{name}:Secret-1'.encode()).decode()}"}
        for name in ("alice", "charlie", "nobody")
    }
    assert send(ViewSet, **headers["nobody"])["WWW-Authenticate"].startswith("Basic ")
    assert send(ViewSet, **headers["charlie"]).status_code == 403  # without the permission
    assert members_of(group) == set()
    assert send(ViewSet, **headers["alice"]).status_code == 200
    assert members_of(group) == {recipient.pk for recipient in recipients}
    assert Operation.objects.get().channel == "connect"


def test_permission_of_a_subclass_refuses(send, as_alice, group):
    class OnSundays(BasePermission):
        message = "On Sundays only"

        def has_permission(self, request, view):
            return False

    class ViewSet(RecipientGroupViewSet):
        permission_classes = [*RecipientGroupViewSet.permission_classes, OnSundays]

    response = send(ViewSet, **as_alice)
    assert response.status_code == 403
    assert json.loads(response.content) == [
        {"errorCode": "INSUFFICIENT_ACCESS", "message": "On Sundays only"}
    ]
    assert members_of(group) == set()


def test_parser_of_a_subclass_reads_the_body(send, as_alice, group, recipients):
    class Reversed(JSONParser):
        def parse(self, stream, media_type=None, parser_context=None):
            parsed = super().parse(stream, media_type, parser_context)
            return {**parsed, "recipientsList": parsed["recipientsList"][:1]}

    class ViewSet(RecipientGroupViewSet):
        parser_classes = [Reversed]

    assert send(ViewSet, **as_alice).status_code == 200
    assert members_of(group) == {recipients[0].pk}


def test_error_of_a_status_of_its_own_keeps_code_and_message(send, as_alice, group):
    class Locked(APIException):
        status_code, default_code, default_detail = 423, "locked", "It is locked"

    class Lock(BaseThrottle):
        def allow_request(self, request, view):
            raise Locked

    class ViewSet(RecipientGroupViewSet):
        throttle_classes = [Lock]

    response = send(ViewSet, **as_alice)
    assert response.status_code == 423
    assert json.loads(response.content) == [{"errorCode": "LOCKED", "message": "It is locked"}]
    assert members_of(group) == set()


def test_throttle_of_a_subclass_refuses(send, as_alice, group):
    class Never(BaseThrottle):
        def allow_request(self, request, view):
            return False

        def wait(self):
            return 7

    class ViewSet(RecipientGroupViewSet):
        throttle_classes = [Never]

    response = send(ViewSet, **as_alice)
    assert (response.status_code, response["Retry-After"]) == (429, "7")
    assert json.loads(response.content)[0]["errorCode"] == "REQUEST_RATE_EXCEEDED"
    assert members_of(group) == set()


def test_renderer_of_a_subclass_writes_the_response(send, as_alice):
    class Shout(BaseRenderer):
        media_type, format, charset = "text/plain", "txt", None

        def render(self, data, accepted_media_type=None, renderer_context=None):
            return data["statusMessage"].upper().encode()

    class ViewSet(RecipientGroupViewSet):
        renderer_classes = [Shout]

    response = send(ViewSet, **as_alice)
    assert (response.content, response["Content-Type"]) == (b"3 RECIPIENTS ADDED.", "text/plain")


def test_exception_handler_of_a_subclass_answers(send, as_alice, settings):
    class ViewSet(RecipientGroupViewSet):
        def get_exception_handler(self):
            handler = super().get_exception_handler()

            def teapot(error, context):
                response = handler(error, context)
                response.status_code = 418
                return response

            return teapot

    settings.DAILY_API_REQUESTS = 0
    assert send(ViewSet, **as_alice).status_code == 418
