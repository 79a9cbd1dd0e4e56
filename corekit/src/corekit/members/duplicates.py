"""Members that are probably one person: same name, born on the same day."""

from __future__ import annotations

from attrs import frozen
from sqlalchemy import func, literal, select, tuple_

from corekit.db.reader import Reader
from corekit.members.states import MERGED
from corekit.members.tables import member as _member
from corekit.members.tables import profile as _profile
from corekit.paging import check_size


@frozen
class Duplicate:
    """Several members with one name and one date of birth, in the order of their ids."""

    name: str
    birthday: str
    members: tuple[str, ...]


def duplicates(read: Reader, *, first: int = 50, after: tuple[str, str] | None = None) -> list[Duplicate]:
    """Return up to ``first`` (1 to 1,000) groups of members that are probably one person, by birthday and name.

    ``after`` is the (birthday, name) of the last group that was read before. Members without one or the other are in no
    group, and so are those who were forgotten, or are merged already. Raises :class:`Invalid` (``PAGE_SIZE``).
    """
    key = (_profile.c.birthday, _profile.c.name)
    wanted = select(*key).join(_member).where(_profile.c.birthday.is_not(None), _profile.c.name.is_not(None))
    wanted = wanted.where(_member.c.state != MERGED)
    if after is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*map(literal, after)))
    twice = wanted.group_by(*key).having(func.count() > 1).order_by(*key).limit(check_size(first)).subquery()
    same = (_profile.c.birthday == twice.c.birthday) & (_profile.c.name == twice.c.name)
    found = select(*key, _profile.c.member_id).join(twice, same).join(_member, _member.c.id == _profile.c.member_id)
    rows = read.all(found.where(_member.c.state != MERGED).order_by(*key, _profile.c.member_id))
    groups: dict[tuple[str, str], list[str]] = {}
    for birthday, name, member in rows:
        groups.setdefault((birthday, name), []).append(member)
    return [Duplicate(name, birthday, tuple(ids)) for (birthday, name), ids in groups.items()]
