from django.db import migrations

from commsapp.searching import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("quotes", "0001_initial")]
    operations = [
        SearchIndex("quote", "quote_by_words", ("number", "name")),
    ]
