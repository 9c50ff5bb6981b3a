import commsapp.db.ids
import django.contrib.auth.validators
import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
import oauth2_provider.generators
import oauth2_provider.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('checksum', models.CharField(max_length=64, unique=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('headers', models.JSONField(default=dict)),
                ('body', models.BinaryField()),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Licensee',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, unique=True, verbose_name='name')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
            ],
            options={
                'verbose_name': 'licensee',
                'verbose_name_plural': 'licensees',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('licensees', models.ManyToManyField(blank=True, related_name='users', to='commsapp.licensee', verbose_name='licensees')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Client',
            fields=[
                ('client_id', models.CharField(db_index=True, default=oauth2_provider.generators.generate_client_id, max_length=255, unique=True, verbose_name='client ID')),
                ('redirect_uris', models.TextField(blank=True, help_text='Allowed URIs list, space separated', verbose_name='redirect URIs')),
                ('post_logout_redirect_uris', models.TextField(blank=True, default='', help_text='Allowed Post Logout URIs list, space separated', verbose_name='post logout redirect URIs')),
                ('client_type', models.CharField(choices=[('confidential', 'Confidential'), ('public', 'Public')], max_length=32, verbose_name='client type')),
                ('authorization_grant_type', models.CharField(choices=[('authorization-code', 'Authorization code'), ('urn:ietf:params:oauth:grant-type:device_code', 'Device Code'), ('implicit', 'Implicit'), ('password', 'Resource owner password-based'), ('client-credentials', 'Client credentials'), ('openid-hybrid', 'OpenID connect hybrid')], max_length=44, verbose_name='authorization grant type')),
                ('client_secret', oauth2_provider.models.ClientSecretField(blank=True, db_index=True, default=oauth2_provider.generators.generate_client_secret, help_text='Client secret for authentication', max_length=255, verbose_name='client secret')),
                ('hash_client_secret', models.BooleanField(default=True, verbose_name='hash client secret')),
                ('name', models.CharField(blank=True, max_length=255, verbose_name='name')),
                ('skip_authorization', models.BooleanField(default=False, verbose_name='skip authorization')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('algorithm', models.CharField(blank=True, choices=[('', 'No OIDC support'), ('RS256', 'RSA with SHA-2 256'), ('HS256', 'HMAC with SHA-2 256')], default='', max_length=5, verbose_name='algorithm')),
                ('allowed_origins', models.TextField(blank=True, default='', help_text='Allowed origins list to enable CORS, space separated', verbose_name='allowed origins')),
                ('registration_source', models.CharField(choices=[('manual', 'Manual'), ('dcr', 'Dynamic Client Registration'), ('cimd', 'Client ID Metadata Document')], default='manual', help_text='How this application was registered (manual, DCR per RFC 7591, or CIMD)', max_length=32, verbose_name='registration source')),
                ('cimd_expires_at', models.DateTimeField(blank=True, default=None, help_text='When the cached Client ID Metadata Document should be re-fetched', null=True, verbose_name='CIMD expires at')),
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'API client',
                'verbose_name_plural': 'API clients',
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=64, verbose_name='kind')),
                ('file_name', models.CharField(max_length=255, verbose_name='file')),
                ('format', models.CharField(max_length=4, verbose_name='format')),
                ('columns', models.JSONField(verbose_name='columns')),
                ('mapping', models.JSONField(default=dict, verbose_name='mapping')),
                ('state', models.CharField(choices=[('read', 'Read'), ('checking', 'Being checked'), ('checked', 'Checked'), ('applying', 'Being imported'), ('stopped', 'Stopped'), ('done', 'Done')], default='read', max_length=8, verbose_name='state')),
                ('row_count', models.PositiveIntegerField(verbose_name='rows')),
                ('part_count', models.PositiveIntegerField(verbose_name='parts')),
                ('next_part', models.PositiveIntegerField(default=0, verbose_name='next part')),
                ('planned', models.JSONField(default=dict, verbose_name='planned')),
                ('counts', models.JSONField(default=dict, verbose_name='counts')),
                ('batch', models.UUIDField(null=True, verbose_name='batch')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True, verbose_name='updated')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='DraftPart',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('rows', models.BinaryField(verbose_name='rows')),
                ('repeated', models.JSONField(default=dict, verbose_name='repeated')),
                ('problems', models.BinaryField(default=b'', verbose_name='problems')),
                ('problem_count', models.PositiveIntegerField(default=0, verbose_name='number of problems')),
                ('draft', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='commsapp.draft', verbose_name='import')),
            ],
            options={
                'verbose_name': 'part of an import',
                'verbose_name_plural': 'parts of imports',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('draft', 'number'), name='commsapp_draftpart_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='ApiUse',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(verbose_name='day')),
                ('calls', models.PositiveBigIntegerField(default=0, verbose_name='calls')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
            ],
            options={
                'verbose_name': 'API use',
                'verbose_name_plural': 'API use',
                'constraints': [models.UniqueConstraint(fields=('licensee', 'day'), name='commsapp_apiuse_one_row_a_day')],
            },
        ),
        migrations.CreateModel(
            name='AdminChange',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='time')),
                ('channel', models.CharField(max_length=7, verbose_name='through')),
                ('client', models.CharField(blank=True, max_length=255, verbose_name='client')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='address')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request id')),
                ('action', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('deleted', 'Deleted'), ('password_changed', 'Password changed'), ('tokens_ended', 'Tokens ended')], max_length=32, verbose_name='what was done')),
                ('target_type', models.CharField(max_length=64, verbose_name='kind of object')),
                ('target_id', models.CharField(max_length=36, verbose_name='object')),
                ('target_name', models.CharField(max_length=255, verbose_name='object')),
                ('changes', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='changes')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('licensees', models.ManyToManyField(related_name='+', to='commsapp.licensee', verbose_name='licensees')),
            ],
            options={
                'verbose_name': 'change of users and rights',
                'verbose_name_plural': 'changes of users and rights',
                'ordering': ('-id',),
                'default_permissions': (),
                'indexes': [models.Index(fields=['target_id', 'id'], name='admin_change_of_target')],
            },
        ),
        migrations.CreateModel(
            name='Operation',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='time')),
                ('channel', models.CharField(choices=[('connect', 'Connect'), ('message', 'Message'), ('rest', 'REST'), ('staff', 'Staff'), ('command', 'Command line')], max_length=7, verbose_name='through')),
                ('client', models.CharField(blank=True, max_length=255, verbose_name='client')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request id')),
                ('batch', models.UUIDField(null=True, verbose_name='batch')),
                ('kind', models.CharField(max_length=64, verbose_name='what')),
                ('target_type', models.CharField(max_length=64, verbose_name='kind of object')),
                ('target_id', models.UUIDField(verbose_name='object')),
                ('target_name', models.CharField(blank=True, max_length=255, verbose_name='object')),
                ('touched', models.PositiveIntegerField(default=0, verbose_name='records touched')),
                ('numbers', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='numbers')),
                ('effects', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='effects')),
                ('licensee', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commsapp.licensee', verbose_name='licensee')),
                ('undoes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='commsapp.operation', verbose_name='undoes')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='operations', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'operation',
                'verbose_name_plural': 'operations',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['target_id', 'id'], name='operation_of_target'), models.Index(fields=['licensee', 'kind', 'id'], name='operation_of_kind'), models.Index(fields=['licensee', 'id', 'channel'], name='operation_by_time'), models.Index(fields=['user', 'licensee'], name='operation_of_user'), models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch', 'id'], name='operation_of_batch'), models.Index(condition=models.Q(('batch', None), ('batch', models.F('id')), _connector='OR'), fields=['licensee', 'id'], name='operation_first_of_licensee'), models.Index(condition=models.Q(('batch', None), ('batch', models.F('id')), _connector='OR'), fields=['id'], name='operation_first_of_batch')],
                'constraints': [models.CheckConstraint(condition=models.Q(('touched__gt', 0)), name='commsapp_operation_touched_something'), models.CheckConstraint(condition=models.Q(('channel__in', ['connect', 'message', 'rest', 'staff', 'command'])), name='commsapp_operation_known_channel')],
            },
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.UUIDField(default=commsapp.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('list', models.CharField(max_length=64, verbose_name='list')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=2000, verbose_name='query')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('user', 'list', 'name'), name='commsapp_savedfilter_name_is_unique')],
            },
        ),
    ]
