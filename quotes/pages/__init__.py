"""Pages of quotes and their lines."""

from quotes.pages import audit as audit
from quotes.pages import dependents as dependents
from quotes.pages import edit_lines as edit_lines
from quotes.pages import line_relations as line_relations
from quotes.pages import lines as lines
from quotes.pages import navigation as navigation
from quotes.pages import printing as printing
from quotes.pages import related as related
from quotes.pages import split as split
from quotes.pages import status as status
