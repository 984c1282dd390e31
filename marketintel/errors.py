"""Errors that a user can act on: one line with the input, the rule and the way out.

The command line prints the message without a traceback and exits with ``exit_code``;
library users catch :class:`MarketIntelError` or one of its kinds.
"""


class MarketIntelError(Exception):
    """Base of the errors of input, data, providers and system, as opposed to bugs."""

    exit_code = 1


class UsageError(MarketIntelError):
    """A name the user typed (country, segment, year, option) is not known."""

    exit_code = 2


class MissingDataError(MarketIntelError):
    """The request is valid, but the data for it are not here."""

    exit_code = 3


class DamagedDataError(MarketIntelError):
    """A file is here but unreadable, or does not match its checksum or contract."""

    exit_code = 4


class ReferenceFileError(MarketIntelError):
    """A reference file that people edit breaks a rule; the message has file, line and rule."""

    exit_code = 5


class SourceError(MarketIntelError):
    """A provider refused, changed its format, or could not be reached."""

    exit_code = 6


class Unreachable(SourceError):
    """The provider does not answer now: a request for something else would fail too."""


class Refused(SourceError):
    """The provider does not answer this question; it may answer a smaller one."""


class ReportError(MarketIntelError):
    """A notebook or a rendering failed; the executed notebook has been kept."""

    exit_code = 7


class StorageError(MarketIntelError, OSError):
    """The operating system refused a file: disk full, no permission, unusable path, locked."""

    exit_code = 8
