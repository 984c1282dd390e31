"""Tables, drawings and values of the screening."""

from marketintel.documents.screening.views.devices import *  # noqa: F403
from marketintel.documents.screening.views.materials import *  # noqa: F403
from marketintel.documents.screening.views.methods import *  # noqa: F403
from marketintel.documents.screening.views.ranks import *  # noqa: F403
from marketintel.documents.screening.views.supply import *  # noqa: F403
