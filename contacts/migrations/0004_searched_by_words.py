from django.db import migrations

from commsapp.core.search import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_archived_are_counted")]
    operations = [
        SearchIndex("contact", "contact_by_words", ("name", "email", "phone")),
        SearchIndex("contactgroup", "contactgroup_by_words", ("name",)),
    ]
