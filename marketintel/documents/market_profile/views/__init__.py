"""Tables, charts and values of a study from headings."""

from marketintel.documents.market.access_views import *  # noqa: F403
from marketintel.documents.market.economy import economy as economy
from marketintel.documents.market.headings import canada_products as canada_products
from marketintel.documents.market.headings import canada_segments as canada_segments
from marketintel.documents.market.headings import heading_trend as heading_trend
from marketintel.documents.market.headings import scope_of_headings as scope_of_headings
from marketintel.documents.market.own_figures import own_counts as own_counts
from marketintel.documents.market.own_figures import own_figures as own_figures
from marketintel.documents.market.page_views import *  # noqa: F403
from marketintel.documents.market.priority_views import *  # noqa: F403
from marketintel.documents.market.segment_outlook_views import *  # noqa: F403
from marketintel.documents.market_profile.views.beside import *  # noqa: F403
from marketintel.documents.market_profile.views.position import *  # noqa: F403
from marketintel.documents.market_profile.views.trade import *  # noqa: F403
