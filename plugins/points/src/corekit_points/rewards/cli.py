"""``corekit points``: the catalogue, and what is done with rewards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.command import ACTOR, Key, MemberId, emit, find_member, open_kit, record

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_points.rewards.offers import Judged
    from corekit_points.rewards.paying import Payable
    from corekit_points.rewards.redeeming import Redemption
    from corekit_points.rules import Book

Named = Annotated[str, typer.Argument(metavar="REWARD", help="The name of the reward in the program.")]
Store = Annotated[str | None, typer.Option(help="Where.")]
_ID = 32
"""Characters of an id."""
RedemptionId = Annotated[str, typer.Argument(metavar="REDEMPTION", help="The activity that redeemed it.")]


def rewards(
    ctx: typer.Context,
    *,
    member: Annotated[str | None, typer.Option(metavar="MEMBER", help="Say what this member can have.")] = None,
) -> None:
    """Show the catalogue and what is left; for a member also what it can have now, and why not the rest."""
    from corekit_points.rewards.offers import judged, people
    from corekit_points.rewards.stock import left

    kit = open_kit(ctx)
    id_ = find_member(kit, member).id if member is not None else None
    with kit.read() as read:
        book: Book = kit.program.sections["points"]
        catalogue, now = book.rewards, kit.now()
        pieces = left(read, (each.id for each in catalogue.values() if each.stocked))
        who = people(read, kit.program, [id_], now) if id_ is not None else {}
        found = judged(read, book, who, now).get(id_ or "", ())
    by_reward = {each.reward.id: each for each in found}
    rows = [_plain(reward, pieces.get(reward.id), by_reward.get(reward.id), kit) for reward in catalogue.values()]
    emit(ctx, rows, lambda shown: "\n".join(map(_line, shown)) or "no rewards")


def redeem(
    ctx: typer.Context,
    member: MemberId,
    reward: Named,
    *,
    money: Annotated[int, typer.Option(min=0, help="What is paid in money besides, in minor units.")] = 0,
    tender: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=AMOUNT", help="What of the money is paid with a tender; say it again."),
    ] = None,
    store: Store = None,
    key: Key = None,
) -> None:
    """Take a reward for points of a member; the code to fetch it by is shown by ``redemptions``."""
    told = _given(reward=reward, store=store, tenders=_tenders(tender))
    record(ctx, "points.redeemed", member, told, key, amount=money)


def redemptions(ctx: typer.Context, member: MemberId) -> None:
    """Show what a member redeemed, the newest first, with the codes of what is to be fetched."""
    from corekit_points.rewards.redeeming import redemptions_of

    kit = open_kit(ctx)
    id_ = find_member(kit, member).id
    with kit.read() as read:
        found = redemptions_of(read, [id_]).get(id_, ())
    emit(ctx, [_redemption(each, kit) for each in found], lambda rows: "\n".join(map(_redeemed, rows)) or "nothing")


def code(
    ctx: typer.Context,
    redemption: RedemptionId,
    *,
    svg: Annotated[Path | None, typer.Option(help="Draw it as a QR code.")] = None,
) -> None:
    """Show the code by which a redeemed reward is fetched."""
    from corekit import NotFound
    from corekit_points.rewards import codes
    from corekit_points.rewards.redeeming import code_of, named
    from corekit_points.rewards.settings import settings_of

    kit = open_kit(ctx)
    with kit.read() as read:
        found = named(read, [redemption])
    text = code_of(found[0], settings_of(kit).code_secret) if found else None
    if text is None:
        raise NotFound("there is no code for this: it is no redemption, is not to be fetched, or there is no secret")
    if svg is not None:
        svg.write_text(codes.as_svg(text), encoding="utf-8")
    emit(ctx, {"code": codes.shown(text)}, lambda shown: shown["code"])


def fulfil(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="CODE", help="The code that was shown, or the id of the redemption.")],
    *,
    store: Store = None,
    key: Key = None,
) -> None:
    """Hand over a redeemed reward to whoever shows its code."""
    from corekit_points.rewards import codes

    by_id = len(text) == _ID and text.islower()
    hashes = [] if by_id else [codes.digest(codes.read(text))]
    found = _found(open_kit(ctx), [text] if by_id else [], hashes)
    told = _given(code=None if by_id else text, redemption=text if by_id else None, store=store)
    record(ctx, "points.redemption_fulfilled", found.member_id, told, key)


def cancel_redemption(
    ctx: typer.Context,
    redemption: RedemptionId,
    *,
    reason: Annotated[str, typer.Option(help="Why; the activity keeps it.")] = "",
    key: Key = None,
) -> None:
    """Take back a redemption that is not fulfilled: points and piece return."""
    found = _found(open_kit(ctx), [redemption], [])
    told = {"reason": reason}
    record(ctx, "points.redemption_cancelled", found.member_id, told, key, reverses=found.id)


def restock(
    ctx: typer.Context,
    reward: Named,
    amount: Annotated[int, typer.Argument(help="How many more; fewer where it is negative (after --).")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    *,
    key: Key = None,
) -> None:
    """Say that pieces of a reward came, or went."""
    from corekit import new_id
    from corekit_points.rewards import restocking

    left = restocking.restock(open_kit(ctx), ACTOR, reward, amount, reason, key or new_id())
    emit(ctx, left, lambda found: f"{found.reward}: {found.left} left")


def pay(
    ctx: typer.Context,
    member: MemberId,
    amount: Annotated[int, typer.Argument(min=0, help="The amount of the order, in minor units.")],
) -> None:
    """Show how much of an order the member can pay with points now, and how many that takes."""
    from corekit import balances
    from corekit_points.rewards.paying import payable

    kit = open_kit(ctx)
    id_ = find_member(kit, member).id
    book: Book = kit.program.sections["points"]
    found: Payable | None = None
    if book.pay is not None:
        with kit.read() as read:
            held = {each.kind: each.available for each in balances(read, [id_], kit.now())[id_]}
        found = payable(book.pay, amount, held.get(book.pay.account, 0))
    emit(ctx, found, _payable)


def add(app: typer.Typer) -> None:
    """Add the commands of rewards."""
    for command in (rewards, redeem, redemptions, code, fulfil, restock, pay):
        app.command()(command)
    app.command("cancel-redemption")(cancel_redemption)


def _found(kit: Kit, ids: list[str], hashes: list[str]) -> Redemption:
    from corekit import NotFound
    from corekit_points.rewards.redeeming import named

    with kit.read() as read:
        found = named(read, ids, hashes)
    if not found:
        raise NotFound("no reward was redeemed under this")
    return found[0]


def _payable(found: Payable | None) -> str:
    return "nothing can be paid with points" if found is None else f"{found.money} for {found.points} {found.account}"


def _tenders(given: list[str] | None) -> dict[str, int] | None:
    """Return tenders as they are written: the name, =, and minor units."""
    tenders: dict[str, int] = {}
    for text in given or ():
        name, _, amount = text.partition("=")
        if not (name and amount.isascii() and amount.isdigit()):
            raise typer.BadParameter(f"{text} is no tender; write for example stored_value=500")
        tenders[name] = int(amount)
    return tenders or None


def _given(**told: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _plain(reward: Any, left: int | None, offer: Judged | None, kit: Kit) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reward": reward.id,
        "name": reward.said("en").name,
        "points": reward.price.points,
        "account": reward.price.account,
        "money": reward.price.money,
        "left": left,
    }
    if offer is not None:
        texts = kit.declared.errors
        told["can_have"] = offer.can_have
        told["reasons"] = [
            {"code": code, "message": texts[code].en.format(**parameters)} for code, parameters in offer.reasons
        ]
    return told


def _line(row: dict[str, Any]) -> str:
    left = "" if row["left"] is None else f"  {row['left']} left"
    said = ""
    if "can_have" in row:
        said = "  yes" if row["can_have"] else "  no: " + " ".join(each["message"] for each in row["reasons"])
    money = f" and {row['money']} in money" if row["money"] else ""
    return f"{row['reward']:20}{row['points']:>10} {row['account']}{money}{left}{said}"


def _redemption(each: Redemption, kit: Kit) -> dict[str, Any]:
    from corekit_points.rewards import codes
    from corekit_points.rewards.redeeming import code_of
    from corekit_points.rewards.settings import settings_of

    text = code_of(each, settings_of(kit).code_secret)
    return {
        "redemption": each.id,
        "reward": each.reward,
        "state": each.state,
        "code": codes.shown(text) if text is not None else None,
        "redeemed_at": each.redeemed_at,
        "expires_at": each.expires_at,
        "store": each.store,
    }


def _redeemed(row: dict[str, Any]) -> str:
    until = f"  until {row['expires_at']:%Y-%m-%d %H:%M} UTC" if row["expires_at"] else ""
    return f"{row['redemption']}  {row['reward']:20}{row['state']:10}{row['code'] or '':25}{until}".rstrip()
