from django.db import migrations

from commsapp.core.search import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("groups", "0002_archived_are_counted")]
    operations = [
        SearchIndex(
            "recipient", "recipient_by_words",
            ("name", "email", "msisdn", "external_reference", "city"),
        ),
        SearchIndex("recipientgroup", "recipientgroup_by_words", ("name", "description")),
    ]
