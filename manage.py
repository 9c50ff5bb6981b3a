#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from commsapp.core.metering import counters
from commsapp.logs import request_context

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
    os.environ.setdefault("AUDIT_LOG", "stderr")  # a command's own answer is on stdout
    request_context.bind_command(sys.argv)
    counters.start()
    execute_from_command_line(sys.argv)
