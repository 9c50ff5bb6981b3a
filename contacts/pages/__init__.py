"""Pages of contact groups, contacts and data sources."""

from contacts.pages import connections as connections
from contacts.pages import deleting as deleting
from contacts.pages import keys as keys
from contacts.pages import sources as sources
from contacts.pages import standing as standing
from contacts.pages import told as told
