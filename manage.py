#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from commsapp import counts, current_request

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
    os.environ.setdefault("AUDIT_LOG", "stderr")  # a command's own answer is on stdout
    current_request.bind_command(sys.argv)
    counts.start()
    execute_from_command_line(sys.argv)
