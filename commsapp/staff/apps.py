from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, with our site as `django.contrib.admin.site`."""

    default_site = "commsapp.staff.site.StaffSite"
