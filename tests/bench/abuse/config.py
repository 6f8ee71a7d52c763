"""A configuration that nobody in their right mind would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .stage import Stage, configure

CONFIGURATIONS: Mapping[str, str] = MappingProxyType(
    {
        "bytes of all sorts": "\x00\x01\x02",
        "tables a thousand deep": "a = " + "[" * 10_000 + "]" * 10_000,
        "a number without end": "[limits]\nparallel_downloads = " + "9" * 5_000,
        "infinities": "[sync]\npoll_interval = inf\ndeletion_budget = nan",
        "a template that climbs out": '[library]\ntemplate = "../../{title}.{ext}"',
        "a template of Python": '[library]\ntemplate = "{title.__class__}/{id:>99999999}.{ext}"',
        "an address of a file": '[api]\nbase_url = "file:///etc/passwd"',
        "an address with a key": '[api]\nbase_url = "http://a:b@127.0.0.1:1"',
        "another host without encryption": '[api]\nbase_url = "http://example.org"',
        "a root that is everything": '[library]\nroot = "/"',
        "a root that is a device": '[library]\nroot = "/dev/zero"',
        "a state that is a device": '[state]\ndir = "/dev/null/x"',
        "escapes": '[api]\n"\\u001b]0;owned\\u0007\\u009b" = 1',
    }
)


def _configured(text: str) -> Callable[[Stage], None]:
    """It is refused, in a line that says where; nothing is done."""

    def play(it: Stage) -> None:
        it.job()
        kept = it.bench.config.read_text()
        sections = {line for line in text.splitlines() if line.startswith("[")}
        head = kept if not any(section in kept for section in sections) else ""
        it.bench.config.write_text(f"{text}\n{head}" if "[" not in text[:1] else f"{head}\n{text}")
        came = it.sync()
        it.must(came.code in (1, 2, 78), f"it ended with {came.code}")
        it.must("syncd: " in came.err, "nothing says what is wrong")
        it.must(not it.lost(), f"it lost {it.lost()}")
        configure(it.bench)
        it.relieved()

    return play


def cases() -> dict[str, Callable[[Stage], None]]:
    """Each by what it is, in words."""
    return {
        f"the configuration holds {name}": _configured(CONFIGURATIONS[name])
        for name in CONFIGURATIONS
    }
