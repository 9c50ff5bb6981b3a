"""Pages of contact groups, contacts and data sources."""

from contacts.pages import alternate_keys as alternate_keys
from contacts.pages import audit as audit
from contacts.pages import connections as connections
from contacts.pages import data_sources as data_sources
from contacts.pages import deleting as deleting
from contacts.pages import dependents as dependents
