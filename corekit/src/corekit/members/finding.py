"""Finding a member by whatever somebody at a counter says."""

from __future__ import annotations

from corekit.db.reader import Reader
from corekit.ids import is_id
from corekit.members.profile import normal_email, normal_phone
from corekit.members.read import Member, MemberFilter, member_page, members, survivors
from corekit.settings import Settings


def find(read: Reader, settings: Settings, text: str) -> Member | None:
    """Return the member with that id, number, external id, phone or e-mail address; None where there is none."""
    found = members(read, [text]).get(text) if is_id(text) else None
    wanted = [MemberFilter(external_id=text), MemberFilter(number=text.replace(" ", ""))]
    if (phone := normal_phone(text, settings.members.region)) is not None:
        wanted.append(MemberFilter(phone=phone))
    if (email := normal_email(text)) is not None:
        wanted.append(MemberFilter(email=email))
    for each in wanted:
        found = found or next(iter(member_page(read, each, first=1).items), None)
    return found


def survivor(read: Reader, member: Member) -> Member:
    """Return of whom a member is a part in the end, or the member."""
    known = survivors(read, [member.id]).get(member.id)
    return members(read, [known])[known] if known is not None else member
