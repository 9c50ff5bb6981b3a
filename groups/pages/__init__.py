"""Pages of a recipient group: who is in it, and who comes and goes."""

from groups.pages import change_members as change_members
from groups.pages import dependents as dependents
from groups.pages import member_files as member_files
from groups.pages import members as members
from groups.pages import pickers as pickers
