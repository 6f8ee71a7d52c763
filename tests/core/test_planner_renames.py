"""Trees in, plan out: renames, in the account and in the folder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.operations import Hold, RenameLocal, RenameRemote

from .trees import (
    ALBUM,
    HOME,
    POLICY,
    Row,
    adopt,
    decided,
    file,
    folder,
    held,
    job,
    known,
    placed_at,
    planned,
    wait,
)

MOVED = "its file was moved in the folder"
THERE, LOCALLY = "renamed in the account", "its file was renamed in the folder"
REGEN = f"{ALBUM}/Regen.flac"
LOST = b"R\xe9gen".decode(errors="surrogateescape")
DOWN = replace(POLICY, direction="down")


def rename_local(
    new_path: str, title: str | None, reason: str = THERE, path: str = HOME, **fields: object
) -> RenameLocal:
    made = RenameLocal(
        job_id=7,
        path=path,
        new_path=new_path,
        title=title,
        stem=new_path.rpartition("/")[2].removesuffix(".flac"),
        reason=reason,
        old_title="Rain",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def rename_remote(
    path: str, new_title: str, reason: str = LOCALLY, **fields: object
) -> RenameRemote:
    made = RenameRemote(
        job_id=7,
        path=path,
        title="Rain",
        new_title=new_title,
        stem=path.rpartition("/")[2].removesuffix(".flac"),
        reason=reason,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


TABLE = [
    # --- in the account ---
    Row(
        "renamed in the account",
        [job(title="Regen")],
        folder(file()),
        [known()],
        expected=[rename_local(REGEN, "Regen")],
    ),
    Row(
        "renamed in the account before its job is ready again",
        [job(title="Regen", status="PROCESSING", audio={})],
        folder(file()),
        [known()],
        expected=[rename_local(REGEN, "Regen")],
    ),
    Row(
        "renamed in the account to a name that no file can have",
        [job(title="AC/DC")],
        folder(file()),
        [known()],
        expected=[rename_local(f"{ALBUM}/AC／DC.flac", "AC/DC")],
    ),
    Row(
        "its name was taken away in the account: the prompt names it",
        [job(title=None, prompt="calm rain on a tin roof")],
        folder(file()),
        [known()],
        expected=[rename_local(f"{ALBUM}/calm rain on a tin roof.flac", None)],
    ),
    Row(
        "renamed in the account to what gives the same file name",
        [job(title="Rain ")],
        folder(file()),
        [known()],
        expected=[adopt(HOME, THERE, title="Rain ")],
    ),
    Row(
        "only the spelling of an accent differs",
        [job(title="Cafe\u0301")],
        folder(file(f"{ALBUM}/Café.flac")),
        [known(path=f"{ALBUM}/Café.flac")],
        expected=[],
    ),
    Row(
        "only the case of its name differs",
        [job(title="rain")],
        folder(file()),
        [known()],
        expected=[rename_local(f"{ALBUM}/rain.flac", "rain")],
    ),
    Row(
        "renamed in the account to a name that another file has",
        [job(title="Regen")],
        folder(file(), file(REGEN, None)),
        [known()],
        expected=[rename_local(f"{ALBUM}/Regen [7].flac", "Regen")],
    ),
    Row(
        "renamed in the account, and its file in a folder of the user's choice",
        [job(title="Regen")],
        folder(file("mine/Rain.flac")),
        [known(path="mine/Rain.flac")],
        expected=[rename_local("mine/Regen.flac", "Regen", path="mine/Rain.flac")],
    ),
    Row(
        "renamed in the account, and moved in the folder: first the one, then the other",
        [job(title="Regen")],
        folder(file("mine/Rain.flac")),
        [known()],
        expected=[adopt("mine/Rain.flac", MOVED, moved=True)],
    ),
    Row(
        "a track number around its name stays",
        [job(title="Regen")],
        folder(file(f"{ALBUM}/01 Rain.flac")),
        [
            known(
                placed=placed_at(
                    f"{ALBUM}/01 Rain.flac", title="Rain", template="{album}/{track} {title}.{ext}"
                )
            )
        ],
        policy=replace(POLICY, template="{album}/{track} {title}.{ext}"),
        expected=[rename_local(f"{ALBUM}/01 Regen.flac", "Regen", path=f"{ALBUM}/01 Rain.flac")],
    ),
    Row(
        "renamed in the account with only downloads allowed",
        [job(title="Regen")],
        folder(file()),
        [known()],
        policy=DOWN,
        expected=[rename_local(REGEN, "Regen")],
    ),
    Row(
        "following a rename was tried in this run",
        [job(title="Regen")],
        folder(file()),
        [known()],
        policy=replace(POLICY, attempted=frozenset({(7, "rename-local")})),
        expected=[wait("dealt with in this run")],
    ),
    # --- in the folder ---
    Row(
        "renamed in the folder",
        [job()],
        folder(file(REGEN)),
        [known()],
        expected=[rename_remote(REGEN, "Regen")],
    ),
    Row(
        "renamed in the folder while its audio is at another address",
        [job(audio={"flac": "n/7.flac"})],
        folder(file(REGEN)),
        [known()],
        expected=[rename_remote(REGEN, "Regen")],
    ),
    Row(
        "renamed in the folder and moved",
        [job()],
        folder(file("mine/Regen.flac")),
        [known()],
        expected=[rename_remote("mine/Regen.flac", "Regen", moved=True)],
    ),
    Row(
        "renamed in the folder to what stands for a slash",
        [job()],
        folder(file(f"{ALBUM}/AC／DC.flac")),
        [known()],
        expected=[rename_remote(f"{ALBUM}/AC／DC.flac", "AC/DC")],
    ),
    Row(
        "only the case of its name was changed",
        [job()],
        folder(file(f"{ALBUM}/rain.flac")),
        [known()],
        expected=[rename_remote(f"{ALBUM}/rain.flac", "rain")],
    ),
    Row(
        "a track's own suffix never travels",
        [job()],
        folder(file(f"{ALBUM}/Rain [7].flac")),
        [known()],
        expected=[adopt(f"{ALBUM}/Rain [7].flac", MOVED, moved=True)],
    ),
    Row(
        "renamed in the folder to what is no text",
        [job()],
        folder(file(f"{ALBUM}/{LOST}.flac")),
        [known()],
        expected=[
            Hold(
                job_id=7,
                path=f"{ALBUM}/{LOST}.flac",
                held="rename-remote",
                reason="its new name is not valid UTF-8, so it cannot be sent; rename the file",
            )
        ],
    ),
    Row(
        "two files that swapped their names",
        [job(7, "a"), job(8, "b")],
        folder(file("b.flac", 7), file("a.flac", 8)),
        [known(7, "a.flac"), known(8, "b.flac", number=2)],
        expected=[
            rename_remote("b.flac", "b", title="a"),
            rename_remote("a.flac", "a", title="b", job_id=8),
        ],
    ),
    Row(
        "renamed in the folder with only downloads allowed",
        [job()],
        folder(file(REGEN)),
        [known()],
        policy=DOWN,
        expected=[adopt(REGEN, MOVED, moved=True)],
    ),
    Row(
        "renamed in the folder with only downloads allowed, and known so",
        [job()],
        folder(file(REGEN)),
        [known(placed=placed_at(REGEN, title="Rain", stem="Rain"))],
        policy=DOWN,
        expected=[],
    ),
    Row(
        "renamed once more, as soon as names may be sent",
        [job()],
        folder(file(REGEN)),
        [known(placed=placed_at(REGEN, title="Rain", stem="Rain"))],
        expected=[rename_remote(REGEN, "Regen")],
    ),
    # --- on both sides ---
    Row(
        "renamed alike on both sides",
        [job(title="Regen")],
        folder(file(REGEN)),
        [known()],
        expected=[adopt(REGEN, "renamed alike on both sides", title="Regen", stem="Regen")],
    ),
    Row(
        "renamed on both sides: the folder's name counts",
        [job(title="Pluie")],
        folder(file(REGEN)),
        [known()],
        expected=[
            rename_remote(
                REGEN,
                "Regen",
                "renamed on both sides; the account said “Pluie”",
                title="Pluie",
            )
        ],
    ),
    Row(
        "renamed on both sides: the account's name counts",
        [job(title="Pluie")],
        folder(file(REGEN)),
        [known()],
        policy=replace(POLICY, conflicts="remote"),
        expected=[
            rename_local(
                f"{ALBUM}/Pluie.flac",
                "Pluie",
                "renamed on both sides; the folder said “Regen”",
                path=REGEN,
            )
        ],
    ),
    Row(
        "renamed on both sides: the user is asked",
        [job(title="Pluie")],
        folder(file(REGEN)),
        [known()],
        policy=replace(POLICY, conflicts="hold"),
        expected=[
            Hold(
                job_id=7,
                path=REGEN,
                held="rename-remote",
                reason="renamed on both sides: “Pluie” in the account, “Regen” in the folder "
                "(syncd rename 7 NAME settles it)",
            )
        ],
    ),
    Row(
        "a copy under another name is no rename",
        [job()],
        folder(file("Regen.flac"), file()),
        [known()],
        expected=[],
    ),
    Row(
        "what the user was asked about before is planned alike: the guard keeps the hold",
        [job()],
        folder(file(REGEN)),
        [known()],
        holds=[held("rename-remote")],
        expected=[rename_remote(REGEN, "Regen")],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


@pytest.mark.parametrize("status", ["COMPLETED", "PROCESSING", "FAILED"])
@pytest.mark.parametrize("title", ["Rain", "Pluie"])
@pytest.mark.parametrize("path", [HOME, REGEN, "mine/Rain.flac", "mine/Regen.flac"])
def test_with_only_downloads_allowed_no_name_is_ever_sent(
    status: str, title: str, path: str
) -> None:
    for conflicts in ("local", "remote", "hold"):
        policy = replace(DOWN, conflicts=conflicts)
        row = Row("", [job(title=title, status=status)], folder(file(path)), [known()], policy)
        assert not [op for op in planned(row) if isinstance(op, RenameRemote)]
