"""What things cost, as ratios of one run: `make bench`; run.py here is where it begins."""

import django

django.setup()
