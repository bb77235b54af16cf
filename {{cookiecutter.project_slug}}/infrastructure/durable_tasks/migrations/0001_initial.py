import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task_id', models.CharField(editable=False, max_length=64, unique=True, verbose_name='task id')),
                ('task', models.CharField(editable=False, max_length=200, verbose_name='task')),
                ('queue', models.CharField(blank=True, editable=False, max_length=100, verbose_name='queue')),
                ('reason', models.CharField(choices=[('failed', 'failed'), ('unpublished', 'not queued')], editable=False, max_length=20, verbose_name='reason')),
                ('error', models.CharField(blank=True, editable=False, max_length=500, verbose_name='error')),
                ('trace', models.TextField(blank=True, editable=False, verbose_name='trace')),
                ('retries', models.PositiveIntegerField(default=0, editable=False, verbose_name='retries')),
                ('call', models.JSONField(editable=False)),
                ('request_id', models.CharField(blank=True, editable=False, max_length=128, verbose_name='request id')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('replayed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='replayed at')),
            ],
            options={
                'verbose_name': 'dead letter',
                'verbose_name_plural': 'dead letters',
                'ordering': ('-created_at', '-id'),
                'permissions': [('replay_deadletter', 'Can queue dead letters again')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=200, unique=True, verbose_name='key')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'idempotency key',
                'verbose_name_plural': 'idempotency keys',
                'ordering': ('-created_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(editable=False, max_length=100, unique=True, verbose_name='name')),
                ('holder', models.CharField(editable=False, max_length=200, verbose_name='holder')),
                ('expires_at', models.DateTimeField(editable=False, verbose_name='expires at')),
            ],
            options={
                'verbose_name': 'lease',
                'verbose_name_plural': 'leases',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(editable=False, max_length=200, unique=True, verbose_name='name')),
                ('task', models.CharField(editable=False, max_length=200, verbose_name='task')),
                ('expression', models.CharField(editable=False, max_length=200, verbose_name='schedule')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('last_run_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='last run at')),
                ('runs', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='runs')),
            ],
            options={
                'verbose_name': 'schedule',
                'verbose_name_plural': 'schedules',
                'ordering': ('name',),
            },
        ),
    ]
