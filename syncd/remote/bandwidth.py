"""How many bytes a second all downloads together may take (``limits.bandwidth``)."""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

_PIECES = 4
"""Into how many pieces a second's worth is divided at least, to be given out in turn."""


class Bandwidth:
    """Bounds the bodies that are received at the same time to ``rate`` bytes a second (0: not).

    Who has received bytes waits until they are paid for, and reads on only then: the sender is
    held back by the connection itself. Up to a second's worth goes out at once after a pause. The
    turn goes round, so that a body in small chunks takes nothing from one in large chunks.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.paid = 0
        """Bytes that were paid for so far, where there is a bound."""
        self._bucket = AsyncLimiter(rate, 1) if rate else None
        self._piece = max(1, rate // _PIECES)
        self._turn = asyncio.Lock()

    async def take(self, size: int) -> float:
        """Pay for ``size`` bytes that came; how many seconds that took."""
        if self._bucket is None:
            return 0.0
        clock = asyncio.get_running_loop().time
        began = clock()
        while size > 0:
            piece = min(size, self._piece)
            # The bucket alone would always serve the smallest piece first.
            async with self._turn:
                await self._bucket.acquire(piece)
            size -= piece
            self.paid += piece
        return clock() - began

    async def take_outside(self, limit: asyncio.Timeout, size: int) -> None:
        """Pay for ``size`` bytes while ``limit``, which has begun, stands still."""
        clock, ends = asyncio.get_running_loop().time, limit.when()
        left = None if ends is None else ends - clock()
        limit.reschedule(None)
        await self.take(size)
        limit.reschedule(None if left is None else clock() + left)
