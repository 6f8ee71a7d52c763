"""``syncd simulate``: an AudioPod account to try things on, on this machine alone."""

from __future__ import annotations

import ipaddress
import json
import signal
import threading
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from syncd.simulator import Fault, Simulator, Switches, World


def simulate(
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port of the API; 0: any.")
    ] = 8765,
    media_port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port of the media host; 0: any.")
    ] = 0,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen at.")] = "127.0.0.1",
    expose: Annotated[
        bool, typer.Option("--expose", help="Allow a --host that other machines can reach.")
    ] = False,
    key: Annotated[
        str, typer.Option(metavar="KEY", help="The API key to accept.")
    ] = "ap_simulator",
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Make up this many jobs instead of the demo account."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the made-up jobs.")] = 1,
    hostile: Annotated[
        bool, typer.Option("--hostile", help="Give made-up jobs titles that break things.")
    ] = False,
    facets: Annotated[
        bool,
        typer.Option(
            "--facets",
            help="Jobs carry genre, emotion, occasion, …; AudioPod's own may not.",
        ),
    ] = False,
    switch: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Set how the service behaves; repeatable."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND[:NAME=VALUE,…]",
            help="Make something go wrong, such as status:status=503,times=3; repeatable.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for", metavar="SECONDS", min=0, help="Stop by itself after so many seconds."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON: api, media, key.")
    ] = False,
) -> None:
    """Run an AudioPod API to try syncd on.

    A demo account, or one of any size. Other machines cannot reach it (but see --expose). It keeps
    everything in memory, and stops on Ctrl-C.
    """
    from syncd.simulator import Simulator

    _check_host(host, expose=expose)
    switches = _switches(switch or [], facets=facets)
    faults = _faults(fault or [])
    simulator = Simulator(
        _world(jobs, seed, hostile=hostile),
        switches=switches,
        port=port,
        media_port=media_port,
        host="127.0.0.1" if host == "localhost" else host,
        key=key,
    )
    simulator.faults.add(*faults)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in _STOPPING}
    try:
        with ExitStack() as running:
            try:
                running.enter_context(simulator)
            except OSError as error:
                trouble = error.strerror or str(error)
                option = "--media-port" if media_port and str(media_port) in trouble else "--port"
                raise typer.BadParameter(trouble, param_hint=option) from None
            _announce(simulator, as_json=as_json)
            stop.wait(seconds)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM)


def _check_host(host: str, *, expose: bool) -> None:
    if host == "localhost":
        return
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        raise typer.BadParameter(f"{host} is no IPv4 address", param_hint="--host") from None
    if address.is_unspecified:
        raise typer.BadParameter(
            "name one address, since the links to media are made from it", param_hint="--host"
        )
    if not address.is_loopback and not expose:
        raise typer.BadParameter(
            f"other machines could reach {host}; add --expose if that is wanted",
            param_hint="--host",
        )


def _switches(given: list[str], *, facets: bool) -> Switches:
    from syncd.simulator.switches import FACETS, Switches

    switches = Switches(facets=FACETS) if facets else Switches()
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} is not NAME=VALUE", param_hint="--switch")
        try:
            switches.set_text(name.replace("-", "_"), value)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--switch") from None
    return switches


def _faults(given: list[str]) -> list[Fault]:
    from syncd.simulator import Fault

    try:
        return [Fault.parse(text) for text in given]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None


def _world(jobs: int | None, seed: int, *, hostile: bool) -> World:
    from syncd.simulator import World

    if jobs is None:
        return World.demo()
    return World.synthetic(jobs, seed, hostile=hostile)


def _announce(simulator: Simulator, *, as_json: bool) -> None:
    if as_json:
        facts = {"api": simulator.api_url, "media": simulator.media_url, "key": simulator.key}
        typer.echo(json.dumps(facts))
        return
    count = len(simulator.world.jobs())
    typer.echo(
        f"""An AudioPod account with {count} jobs is ready.

  API    {simulator.api_url}
  media  {simulator.media_url}
  key    {simulator.key}

In another terminal:

  export AUDIOPOD_API_KEY={simulator.key} SYNCD_CONFIG=~/syncd-simulated/config.toml
  syncd init --yes --base-url {simulator.api_url} --root ~/syncd-simulated/AudioPod
  syncd sync

Ctrl-C stops it and forgets everything."""
    )
