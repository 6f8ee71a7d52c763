"""What the program costs, beside what people would use instead: ``python -m benchmarks``.

Reading order: ``__main__`` (arguments, order), ``pairs`` (how anything is measured), ``bench``
(what the works share), ``account`` and ``service`` (what is served), ``library`` (what is synced),
then the works: ``first_sync``, ``sweep``, ``poll``, ``scan``, ``commands``, ``rest``, ``renames``,
``latency``, ``growth``. ``inside`` and ``official`` run as processes of their own.

Nothing here bounds anything: targets are printed beside results, and no test asserts a time.
Nothing leaves this machine's loopback interface, and all that is made is removed at the end.
"""
