"""Pages of quotes and their lines."""

from quotes.pages import editing as editing
from quotes.pages import elsewhere as elsewhere
from quotes.pages import kin as kin
from quotes.pages import lines as lines
from quotes.pages import moves as moves
from quotes.pages import places as places
from quotes.pages import printing as printing
from quotes.pages import splitting as splitting
from quotes.pages import standing as standing
from quotes.pages import told as told
