"""The daemon: what ``syncd run`` is. Read ``daemon``, then ``session``, then the rest by need.

``daemon`` opens the library, works until something ends that, waits for what it takes, and opens it
again. ``session`` is the work while it is open: wake-ups in, one cycle at a time. ``wakes`` is the
queue in between. ``schedule`` and ``local.watch`` fill it; ``weather`` says what an error means for
what comes next. ``status`` says how it is, ``control`` answers whoever asks.
"""
