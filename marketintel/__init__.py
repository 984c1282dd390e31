"""Market intelligence for photonics: official trade data in, cited market studies out.

Five rooms, imports only to the left: ``sources → warehouse → analysis → report → cli``.
Importing this package loads nothing heavy; each room is imported when it is used.
"""

__version__ = "0.1.0"
