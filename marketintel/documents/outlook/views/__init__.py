"""Tables, charts and values of an outlook."""

from marketintel.documents.market.segment_outlook_views import *  # noqa: F403
from marketintel.documents.outlook.views.charts import *  # noqa: F403
from marketintel.documents.outlook.views.drivers import *  # noqa: F403
from marketintel.documents.outlook.views.fits import *  # noqa: F403
from marketintel.documents.outlook.views.tables import *  # noqa: F403
from marketintel.documents.outlook.views.values import *  # noqa: F403
