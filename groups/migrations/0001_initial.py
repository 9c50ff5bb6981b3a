import commsapp.db.ids
import django.db.models.deletion
from commsapp.core.search import SearchIndex
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('commsapp', '0001_initial'),
        ('contacts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='archived')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('recipient_type', models.CharField(choices=[('Location', 'Location'), ('Subscriber', 'Subscriber')], max_length=10, verbose_name='type')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('msisdn', models.CharField(blank=True, max_length=20, verbose_name='MSISDN')),
                ('street', models.CharField(blank=True, max_length=255, verbose_name='street')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('state', models.CharField(blank=True, max_length=100, verbose_name='state')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('country', models.CharField(blank=True, max_length=100, verbose_name='country')),
                ('external_reference', models.CharField(blank=True, max_length=255, verbose_name='external reference')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='contacts.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='contacts.contactgroup', verbose_name='customer')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'recipient',
                'verbose_name_plural': 'recipients',
            },
        ),
        migrations.CreateModel(
            name='RecipientGroup',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('description', models.TextField(blank=True, max_length=4000, verbose_name='description')),
                ('status', models.CharField(choices=[('active', 'Active'), ('archived', 'Archived')], default='active', editable=False, max_length=8, verbose_name='status')),
                ('expected_member_count', models.PositiveIntegerField(blank=True, null=True, verbose_name='expected members')),
                ('member_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='members')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipient_groups', to='contacts.contactgroup', verbose_name='customer')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'recipient group',
                'verbose_name_plural': 'recipient groups',
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('pk', models.CompositePrimaryKey('group_id', 'recipient_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('operation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='commsapp.operation')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='groups.recipient')),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='groups.recipientgroup')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
            },
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(fields=['licensee', 'name', 'id'], name='recipient_by_name'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('external_reference', ''), _negated=True), fields=['licensee', 'external_reference'], name='recipient_by_reference'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('msisdn', ''), _negated=True), fields=['licensee', 'msisdn'], name='recipient_by_msisdn'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['licensee'], name='recipient_archived'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.CheckConstraint(condition=models.Q(('recipient_type__in', ('Location', 'Subscriber'))), name='groups_recipient_type_is_known'),
        ),
        migrations.AddIndex(
            model_name='recipientgroup',
            index=models.Index(fields=['licensee', 'name', 'id'], name='recipientgroup_by_name'),
        ),
        migrations.AddIndex(
            model_name='recipientgroup',
            index=models.Index(condition=models.Q(('status', 'active'), _negated=True), fields=['licensee', 'status'], name='recipientgroup_not_active'),
        ),
        migrations.AddConstraint(
            model_name='recipientgroup',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('active', 'archived'))), name='groups_recipientgroup_status_is_known'),
        ),
        SearchIndex(
            "recipient", "recipient_by_words",
            ("name", "email", "msisdn", "external_reference", "city"),
        ),
        SearchIndex("recipientgroup", "recipientgroup_by_words", ("name", "description")),
    ]
