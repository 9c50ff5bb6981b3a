from django.db import migrations

from commsapp.core.search import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("quotes", "0001_initial")]
    operations = [
        SearchIndex("quote", "quote_by_words", ("number", "name")),
    ]
