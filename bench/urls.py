"""W: what an ordinary authenticated view of Django REST framework costs that inserts one row.

As everybody writes it: the framework's own sign-in by token, a serializer that checks, and the ORM
that writes. Nothing of ours is in it but the chain of middleware, so that what we gain shows, and
what we lose cannot hide.
"""

from typing import Any

from django.db import models
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.generics import CreateAPIView
from rest_framework.permissions import IsAuthenticated

from commsapp.db.ids import uuid7
from commsapp.models import Licensee, User
from commsapp.urls import handler404, handler500
from commsapp.urls import urlpatterns as product

__all__ = ["handler404", "handler500", "urlpatterns"]


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    licensee = models.ForeignKey(Licensee, models.CASCADE, related_name="+")
    text = models.CharField(max_length=255)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "bench_note"

    def __str__(self) -> str:
        return self.text


class Token(models.Model):
    """A token, as rest_framework.authtoken has it."""

    key = models.CharField(max_length=40, primary_key=True)
    user = models.OneToOneField(User, models.CASCADE, related_name="+")

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "bench_token"

    def __str__(self) -> str:
        return self.key


class SignIn(TokenAuthentication):
    model = Token


class NoteSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "licensee", "text")


class Notes(CreateAPIView[Note]):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = (SignIn,)
    permission_classes = (IsAuthenticated,)
    schema: Any = None  # no part of the API


urlpatterns = [path("api/v1/bench-notes", Notes.as_view()), *product]
