"""An AudioPod music API to run against, for the demo and the tests.

It stands on its own: nothing else of this package is imported here. ``Simulator`` serves a
``World`` over loopback sockets; ``Switches`` say how the service behaves where its documentation
is silent, ``Faults`` what goes wrong.
"""

from .faults import Fault, Faults
from .server import Simulator
from .switches import Switches
from .world import World

__all__ = ["Fault", "Faults", "Simulator", "Switches", "World"]
