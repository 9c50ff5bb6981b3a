import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Of what one licensee had done in one go, the first has the least id: ids begin with their time.
BATCH_IS_ITS_FIRST = """
UPDATE commsapp_operation SET batch = go.first_id
FROM (
    SELECT id, first_value(id) OVER (PARTITION BY batch, licensee_id ORDER BY id) AS first_id
    FROM commsapp_operation WHERE batch IS NOT NULL
) AS go
WHERE commsapp_operation.id = go.id AND commsapp_operation.batch <> go.first_id
"""


class Migration(migrations.Migration):
    """The batch of operations becomes the id of the first of them, so that this one is known."""

    dependencies = [
        ('commsapp', '0005_saved_filters'),
    ]

    operations = [
        migrations.AddField(
            model_name='draft',
            name='batch',
            field=models.UUIDField(null=True, verbose_name='batch'),
        ),
        migrations.AlterField(
            model_name='operation',
            name='batch',
            field=models.UUIDField(null=True, verbose_name='batch'),
        ),
        migrations.AlterField(
            model_name='operation',
            name='user',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='operations', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.RunSQL(BATCH_IS_ITS_FIRST, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(fields=['user', 'licensee'], name='operation_of_user'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch', 'id'], name='operation_of_batch'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(condition=models.Q(('batch', None), ('batch', models.F('id')), _connector='OR'), fields=['licensee', 'id'], name='operation_first_of_licensee'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(condition=models.Q(('batch', None), ('batch', models.F('id')), _connector='OR'), fields=['id'], name='operation_first_of_batch'),
        ),
    ]
