"""Pages of a recipient group: who is in it, and who comes and goes."""

from groups.pages import changing as changing
from groups.pages import files as files
from groups.pages import members as members
from groups.pages import picking as picking
from groups.pages import standing as standing
