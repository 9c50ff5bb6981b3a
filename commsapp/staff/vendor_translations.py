"""Texts of libraries that bring no German: named here, so that `make messages` finds them.

Ours come first, so the catalogue's word for them is what people read.
"""

from django.utils.translation import gettext_noop as _

BORROWED = (
    # Django
    _("After you’ve created a user, you’ll be able to edit more user options."),
    _("Password-based authentication"),
    _("Enabled"),
    _("Disabled"),
    _(
        "Whether the user will be able to authenticate using a password or not. If disabled, they"
        " may still be able to authenticate using other backends, such as Single Sign-On or LDAP."
    ),
    _("Enable password-based authentication for this user by setting a password."),
    _("Reset password"),
    _("Set password"),
    _("Raw passwords are not stored, so there is no way to see the user’s password."),
    # Django REST framework, which says “du”
    _("Enter a valid email address."),
    # django-axes
    _("access attempt expiration"),
    _("access attempt expirations"),
    # Django OAuth Toolkit
    _("access tokens"),
    _("device grants"),
    _("grants"),
    _("id tokens"),
    _("refresh tokens"),
    _("client ID"),
    _("authorization grant type"),
    _("Authorization code"),
    _("Client credentials"),
    _("Device Code"),
    _("Implicit"),
    _("OpenID connect hybrid"),
    _("Resource owner password-based"),
)
