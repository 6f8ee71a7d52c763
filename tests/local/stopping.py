"""The program stopped at any call by which it changes something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


class Stop(BaseException):
    """The program is no more."""


def stopped(act: Callable[[], object], calls: int, places: Iterable[tuple[Any, str]]) -> bool:
    """Whether ``act`` was stopped after so many calls of ``places`` (owner and name of each); then
    it could do nothing any more."""
    made = 0

    def stopping(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **named: object) -> object:
            nonlocal made
            made += 1
            if made > calls:
                raise Stop
            return call(*args, **named)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in places:
            patch.setattr(owner, name, stopping(getattr(owner, name)))
        try:
            act()
        except Stop:
            return True
    return False
