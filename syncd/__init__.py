"""syncd keeps a music folder, a local catalog and an AudioPod account in step.

Reading order: ``cycle`` (observe, plan, guard, execute), then ``observation`` (what is seen),
``core`` (the decisions, pure) and ``executor`` (one function per operation), then ``remote``,
``local`` and ``catalog`` (the three trees), then ``rest`` (cycle after cycle), and last ``engine``,
``daemon`` and ``cli`` (how it is put together and driven).
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
