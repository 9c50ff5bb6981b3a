import commsapp.db.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from 0001: access tokens refer to our Client, and sessions to access tokens."""

    dependencies = [
        ('commsapp', '0001_initial'),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('checksum', models.CharField(editable=False, max_length=64, unique=True)),
                ('token', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='session', to=settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'default_permissions': (),
            },
        ),
    ]
