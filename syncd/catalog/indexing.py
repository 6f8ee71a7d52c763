"""What the index of words is given of a text, and of what is looked for in it.

The tokenizer of SQLite takes a run of letters for one word, which in scripts without blanks is a
whole sentence, and knows no case but that of single letters. So both sides are spelled out first.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata

# Kana, bopomofo, Han; Thai, Lao, Myanmar, Khmer. (Korean has blanks between its words.)
_WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u303b\u3040-\u30ff"
    "\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]+"
)


def indexed(text: str | None) -> str | None:
    """``text`` in the letters of ``str.casefold`` (``ß`` is ``ss``), wide and narrow ones alike
    (NFKC); each letter of a script without blanks is a word by itself.
    """
    if not isinstance(text, str) or text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _WITHOUT_BLANKS.sub(lambda run: f" {' '.join(run[0])} ", folded)


def add_function(connection: sqlite3.Connection) -> None:
    """Have ``indexed`` known to SQLite, whose triggers keep the index in step by it."""
    connection.execute("PRAGMA trusted_schema=ON")
    connection.create_function("indexed", 1, indexed, deterministic=True)
