"""The tree of errors. The class says what happens next; the message says what happened, to what.

Each error carries ``hint``, the one thing the user can do, and ``exit_code``, what a one-shot
command ends with. Nothing below ``SyncdError`` is shown with a traceback: whatever else escapes
is a bug of the program.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command says to its caller. 75, 77 and 78 follow ``sysexits.h``."""

    IN_STEP = 0
    FAILED = 1
    USAGE = 2
    HELD = 3
    UNREACHABLE = 75
    REFUSED = 77
    SAFETY = 78
    INTERRUPTED = 130


class SyncdError(Exception):
    """Something that went wrong and that the user is told in one line, with what to do."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(SyncdError):
    """A setting, an option or the key is missing or bad. Nothing was started."""

    exit_code = ExitCode.USAGE


class KeyMissing(ConfigError):
    """No API key is given anywhere that this process sees."""


class Uninitialised(SyncdError):
    """The root has no marker and the catalog is empty: ``syncd init`` comes first."""

    exit_code = ExitCode.USAGE


# --- the service -----------------------------------------------------------------------------


class RemoteError(SyncdError):
    """A call to the service did not give what it should."""


class Offline(RemoteError):
    """No answer, or a 5xx after every try: the cycle ends and is tried again later."""

    exit_code = ExitCode.UNREACHABLE


class KeyRefused(RemoteError):
    """401: the key is missing or wrong. Asking stops until the key changes."""

    exit_code = ExitCode.REFUSED


class KeyRevoked(KeyRefused):
    """403: the key was revoked, has expired or lacks the scope. Asking stops until it changes."""


class CreditsExhausted(RemoteError):
    """402: the account cannot pay for this call."""


class NoSuchJob(RemoteError):
    """404: the service does not know this job. Settles one track, never a cycle."""

    def __init__(self, message: str, *, job_id: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.job_id = job_id


class RateLimited(RemoteError):
    """429 with a longer wait than a request may sit through: the cycle ends until then."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, message: str, *, retry_after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait, as the service asked."""


class RequestRefused(RemoteError):
    """400, 405, 409 or 422: the service understood and will not. The operation is held."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ContractBroken(RemoteError):
    """The answer is not what the contract says (a web page, an object for an array, a loop)."""


class OutcomeUnknown(RemoteError):
    """A changing call was sent and no answer came: look before it is sent again."""

    exit_code = ExitCode.UNREACHABLE


# --- media -----------------------------------------------------------------------------------


class MediaError(RemoteError):
    """One audio file could not be had. Settles one track, never a cycle."""


class AddressRefused(MediaError):
    """The address breaks the address policy (scheme, private host). Nothing was requested."""


class AddressExpired(MediaError):
    """401, 403, 404 or 410 from the media host: ask the status call for a fresh address."""


class MediaUnavailable(MediaError):
    """The media host gives no body for this address after every try."""


class MediaSilent(MediaUnavailable):
    """No answer at all: no connection, or not a byte in time. Many in a row are one fault."""


class GaveWay(SyncdError):
    """A download was broken off for what waits: the next run takes it up where it stopped."""


class StatusUnknown(MediaError):
    """The status call of one job failed, or what became of a change or a retry of it is not known;
    ``error`` is what that failed with.

    Settles one track; many in a row mean ``error`` for all of them.
    """

    def __init__(self, message: str, *, error: RemoteError, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.error = error


class TooLarge(MediaError):
    """The body is, or grows, beyond ``limits.max_file_size``."""


class CorruptMedia(MediaError):
    """The body arrived and is not the sound audio file that it should be."""


# --- the folder and the catalog --------------------------------------------------------------


class LocalError(SyncdError):
    """The folder did not do what was asked of it."""


class RootUnusable(LocalError):
    """The root is missing, not a folder, not writable or not ours. Nothing is done in it.

    ``may_return``: it may be as it was without anybody's decision, as when a disk is mounted.
    """

    exit_code = ExitCode.SAFETY

    def __init__(self, message: str, *, may_return: bool = True, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.may_return = may_return


class DiskFull(LocalError):
    """No room for another file: the run ends, what is placed stays, and the next one goes on."""


class FolderUnusable(LocalError):
    """A folder or a file under the root cannot be used, while the root itself can.

    Settles one track, never a cycle: it is put off.
    """


class Occupied(LocalError):
    """Something already stands under the final name. Never overwritten: the track is replanned."""


class Changed(SyncdError):
    """What was seen while acting differs from what was planned: the track is replanned.

    ``sweep``: only a new listing of the account can tell what it is now.
    """

    def __init__(self, message: str, *, sweep: bool = False, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sweep = sweep


class AnotherDisk(Changed):
    """What should be moved would have to leave its disk. The operation is held."""


class Doubtful(SyncdError):
    """The evidence for an operation does not hold: it is not done, and tried again later."""


class Locked(LocalError):
    """Another syncd works on this catalog or this root."""


class WrongAccount(SyncdError):
    """The key, or the address, is of another account than the library's. Nothing is done."""

    exit_code = ExitCode.SAFETY


class CatalogUnusable(SyncdError):
    """The catalog cannot be opened, is damaged, or was written by a newer syncd."""

    exit_code = ExitCode.SAFETY


class CatalogDamaged(CatalogUnusable):
    """The catalog is no sound database any more: nothing that it says is relied on."""


class StateUnusable(CatalogUnusable):
    """The state folder cannot be written, as may pass: the catalog itself is not in doubt."""
