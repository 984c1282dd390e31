"""Imports that a document needs, done once for all processes of a refresh."""

import marketintel.documents.chapters
import marketintel.documents.engine.notebooks
import marketintel.documents.engine.pdf
import marketintel.documents.engine.run
import marketintel.warehouse.engine
import marketintel.warehouse.inputs  # noqa: F401
