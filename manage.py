#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from commsapp.core.metering import counters
from commsapp.logs import request_context

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
    # A command's own answer is on stdout. The demo's is for people to read; the users that it makes
    # are in the database's list of administrative changes.
    os.environ.setdefault("AUDIT_LOG", "off" if sys.argv[1:2] == ["demo"] else "stderr")
    request_context.bind_command(sys.argv)
    counters.start()
    execute_from_command_line(sys.argv)
