import commsapp.db.ids
import django.db.models.deletion
from commsapp.core.search import SearchIndex
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('commsapp', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='archived')),
                ('kind', models.CharField(choices=[('person', 'Person'), ('organisation', 'Organisation')], default='person', max_length=12, verbose_name='kind')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
            },
        ),
        migrations.CreateModel(
            name='ContactConnection',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField(verbose_name='position')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='connections', to='contacts.contact', verbose_name='contact')),
            ],
            options={
                'verbose_name': 'contact connection',
                'verbose_name_plural': 'contact connections',
                'ordering': ('position', 'id'),
            },
        ),
        migrations.CreateModel(
            name='ContactGroup',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('status', models.CharField(choices=[('active', 'Active'), ('archived', 'Archived'), ('deleted', 'Deleted')], default='active', editable=False, max_length=8, verbose_name='status')),
                ('contacts', models.ManyToManyField(related_name='groups', through='contacts.ContactConnection', to='contacts.contact', verbose_name='contacts')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'contact group',
                'verbose_name_plural': 'contact groups',
            },
        ),
        migrations.AddField(
            model_name='contactconnection',
            name='group',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='connections', to='contacts.contactgroup', verbose_name='contact group'),
        ),
        migrations.CreateModel(
            name='DataSource',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('bindings', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='changes of keys')),
                ('refusals', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='refused saves')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'data source',
                'verbose_name_plural': 'data sources',
            },
        ),
        migrations.CreateModel(
            name='Role',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('kind', models.CharField(choices=[('group', 'Group'), ('connection', 'Connection')], max_length=10, verbose_name='kind')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'role',
                'verbose_name_plural': 'roles',
            },
        ),
        migrations.AddField(
            model_name='contactgroup',
            name='role',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.role', verbose_name='role'),
        ),
        migrations.AddField(
            model_name='contactconnection',
            name='role',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.role', verbose_name='role'),
        ),
        migrations.CreateModel(
            name='AlternateKey',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('kind', models.CharField(choices=[('contact', 'Contact'), ('contact_group', 'Contact group'), ('role', 'Role')], editable=False, max_length=13, verbose_name='kind')),
                ('value', models.CharField(max_length=255, verbose_name='value')),
                ('content_hash', models.CharField(blank=True, editable=False, max_length=64, verbose_name='content hash')),
                ('last_saved_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last saved')),
                ('last_outcome', models.CharField(blank=True, editable=False, max_length=9, verbose_name='last outcome')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
                ('contact', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alternate_keys', to='contacts.contact', verbose_name='contact')),
                ('contact_group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alternate_keys', to='contacts.contactgroup', verbose_name='contact group')),
                ('data_source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='alternate_keys', to='contacts.datasource', verbose_name='data source')),
                ('role', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alternate_keys', to='contacts.role', verbose_name='role')),
            ],
            options={
                'verbose_name': 'alternate key',
                'verbose_name_plural': 'alternate keys',
            },
        ),
        migrations.CreateModel(
            name='SaveCount',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(verbose_name='day')),
                ('outcome', models.CharField(max_length=9, verbose_name='outcome')),
                ('count', models.PositiveBigIntegerField(default=0, verbose_name='saves')),
                ('data_source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='save_counts', to='contacts.datasource', verbose_name='data source')),
            ],
            options={
                'verbose_name': 'count of saves',
                'verbose_name_plural': 'counts of saves',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SaveFailure',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField(verbose_name='number')),
                ('slot', models.PositiveSmallIntegerField(verbose_name='slot')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('key', models.CharField(blank=True, max_length=255, verbose_name='key')),
                ('line', models.PositiveBigIntegerField(default=0, verbose_name='line')),
                ('faults', models.JSONField(default=list, verbose_name='reasons')),
                ('fault_count', models.PositiveIntegerField(verbose_name='number of reasons')),
                ('data_source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='save_failures', to='contacts.datasource', verbose_name='data source')),
            ],
            options={
                'verbose_name': 'failed save',
                'verbose_name_plural': 'failed saves',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['licensee', 'name', 'id'], name='contact_by_name'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['licensee'], name='contact_archived'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ('person', 'organisation'))), name='contacts_contact_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='datasource',
            constraint=models.UniqueConstraint(fields=('licensee', 'name'), name='contacts_datasource_name_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='role',
            constraint=models.UniqueConstraint(fields=('licensee', 'kind', 'name'), name='contacts_role_name_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='role',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ('group', 'connection'))), name='contacts_role_kind_is_known'),
        ),
        migrations.AddIndex(
            model_name='contactgroup',
            index=models.Index(fields=['licensee', 'name', 'id'], name='contactgroup_by_name'),
        ),
        migrations.AddIndex(
            model_name='contactgroup',
            index=models.Index(condition=models.Q(('status', 'active'), _negated=True), fields=['licensee', 'status'], name='contactgroup_not_active'),
        ),
        migrations.AddConstraint(
            model_name='contactgroup',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('active', 'archived', 'deleted'))), name='contacts_contactgroup_status_is_known'),
        ),
        migrations.AddIndex(
            model_name='contactconnection',
            index=models.Index(condition=models.Q(('role__isnull', False)), fields=['role'], name='contactconnection_of_role'),
        ),
        migrations.AddConstraint(
            model_name='contactconnection',
            constraint=models.UniqueConstraint(fields=('group', 'contact'), name='contacts_contactconnection_contact_is_in_once'),
        ),
        migrations.AddConstraint(
            model_name='contactconnection',
            constraint=models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='contacts_contactconnection_position_from_one'),
        ),
        migrations.AddIndex(
            model_name='alternatekey',
            index=models.Index(condition=models.Q(('last_saved_at__isnull', False)), fields=['data_source', 'last_saved_at'], name='alternatekey_last_saved'),
        ),
        migrations.AddIndex(
            model_name='alternatekey',
            index=models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact'], name='alternatekey_of_contact'),
        ),
        migrations.AddIndex(
            model_name='alternatekey',
            index=models.Index(condition=models.Q(('role__isnull', False)), fields=['role'], name='alternatekey_of_role'),
        ),
        migrations.AddConstraint(
            model_name='alternatekey',
            constraint=models.UniqueConstraint(fields=('data_source', 'kind', 'value'), name='contacts_alternatekey_value_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='alternatekey',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('contact__isnull', False), ('contact_group', None), ('kind', 'contact'), ('role', None)), models.Q(('contact', None), ('contact_group__isnull', False), ('kind', 'contact_group'), ('role', None)), models.Q(('contact', None), ('contact_group', None), ('kind', 'role'), ('role__isnull', False)), _connector='OR'), name='contacts_alternatekey_names_one_object'),
        ),
        migrations.AddConstraint(
            model_name='savecount',
            constraint=models.UniqueConstraint(fields=('data_source', 'day', 'outcome'), name='contacts_savecount_one_row_a_day'),
        ),
        migrations.AddConstraint(
            model_name='savefailure',
            constraint=models.UniqueConstraint(fields=('data_source', 'slot'), name='contacts_savefailure_slot_is_taken_once'),
        ),
        SearchIndex("contact", "contact_by_words", ("name", "email", "phone")),
        SearchIndex("contactgroup", "contactgroup_by_words", ("name",)),
    ]
