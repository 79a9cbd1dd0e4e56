"""By what members are known: numbers with check digits, ids of other systems, telephone and e-mail; each once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.activities.activity import Activity
from corekit.errors import Invalid, SettingsError
from corekit.members.duplicates import duplicates
from corekit.members.read import MemberFilter, external_ids, member_page, members
from corekit.members.rules import NumberForm, luhn_digit, mod_11_10_digit
from corekit.settings import Settings


def join(kit: Any, **profile: Any) -> Any:
    return kit.record(Activity(type="member.registered", payload=profile))


def find(kit: Any, **wanted: Any) -> list[str]:
    with kit.read() as read:
        return [member.id for member in member_page(read, MemberFilter(**wanted)).items]


# The worked examples of the standards: ISO/IEC 7812-1 annex B, ISO/IEC 7064 clause 9.
@pytest.mark.parametrize(("body", "digit"), [("7992739871", "3"), ("424242424242424", "2"), ("0", "0")])
def test_luhn(body: str, digit: str) -> None:
    assert luhn_digit(body) == digit


@pytest.mark.parametrize(("body", "digit"), [("0794", "5"), ("00200667308", "5")])
def test_mod_11_10(body: str, digit: str) -> None:
    assert mod_11_10_digit(body) == digit


@pytest.mark.row("M3", way="bad_input")
@given(check=st.sampled_from(["luhn", "iso7064"]), place=st.integers(3, 11), by=st.integers(1, 9))
def test_every_wrong_digit_is_found(check: Any, place: int, by: int) -> None:
    form = NumberForm(prefix="620", length=12, check=check)
    number = form.draw()
    assert form.is_sound(number)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not form.is_sound(wrong)


@pytest.mark.parametrize("number", ["", "62012345678", "6201234567890", "62012345678x", "999123456789", "\u0666" * 12])
def test_what_has_another_form_is_no_number(number: str) -> None:
    assert not NumberForm(prefix="620").is_sound(number)


@pytest.mark.parametrize("form", [{"length": 5}, {"prefix": "12345678", "length": 10}, {"prefix": "ab"}])
def test_a_form_without_room_for_numbers_stops_the_start(form: Any) -> None:
    with pytest.raises(SettingsError, match=r"members\.number"):
        Settings.of(members={"number": form})


@pytest.mark.row("M3", way="python")
def test_everybody_gets_a_number_of_the_form_that_the_settings_say(make_kit: Any) -> None:
    kit = make_kit(members={"number": {"prefix": "88", "length": 10, "check": "iso7064"}})
    told = [Activity(type="member.registered") for _ in range(50)]
    ids = [outcome.member for outcome in kit.record_many(told)]
    with kit.read() as read:
        numbers = {member.id: member.number for member in members(read, ids).values()}
    assert len(set(numbers.values())) == 50
    assert all(kit.settings.members.number.is_sound(number) for number in numbers.values())
    assert find(kit, number=numbers[ids[0]]) == [ids[0]]


@pytest.mark.row("M3", way="python")
def test_a_number_that_runs_into_one_that_exists_is_drawn_again(make_kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = make_kit()
    drawn = iter(["100000000008", "100000000008", "200000000006"])

    def draw(_: NumberForm) -> str:
        return next(drawn)

    monkeypatch.setattr(NumberForm, "draw", draw)
    ann, bea = join(kit).member, join(kit).member
    with kit.read() as read:
        found = members(read, [ann, bea])
    assert (found[ann].number, found[bea].number) == ("100000000008", "200000000006")


@pytest.mark.row("M3", way="python")
def test_a_member_has_ids_of_many_systems_and_is_found_by_each(kit: Any) -> None:
    ann = join(kit, external_id="e1", external_ids={"crm": "17", "till": "A-1"}).member
    assert find(kit, source="crm", external_id="17") == [ann]
    assert find(kit, source="till", external_id="17") == []
    told = {"external_ids": {"crm": "18", "till": None, "web": "w"}}
    changed = kit.record(Activity(type="member.updated", member=ann, payload=told))
    with kit.read() as read:
        assert [(it.source, it.external_id) for it in external_ids(read, [ann])[ann]] == [("crm", "18"), ("web", "w")]
    assert kit.reverse(changed.activity_id).settled
    with kit.read() as read:
        assert [(it.source, it.external_id) for it in external_ids(read, [ann])[ann]] == [
            ("crm", "17"),
            ("till", "A-1"),
        ]


@pytest.mark.row("M3", way="bad_input")
@pytest.mark.parametrize(
    ("first", "second", "code", "field"),
    [
        ({"phone": "+49 731 1234567"}, {"phone": "0049 731 123 4567"}, "IDENTITY_TAKEN", "phone"),
        ({"email": "Ann@Example.ORG"}, {"email": "ann@example.org"}, "IDENTITY_TAKEN", "email"),
        ({"external_ids": {"crm": "1"}}, {"external_ids": {"crm": "1"}}, "IDENTITY_TAKEN", "external_ids.crm"),
        ({"external_id": "e"}, {"external_id": "e"}, "MEMBER_EXISTS", None),
    ],
)
def test_nobody_is_known_by_what_belongs_to_somebody_else_and_hears_it_again(
    make_kit: Any, first: Any, second: Any, code: str, field: str | None
) -> None:
    kit = make_kit(members={"region": "DE"})
    assert join(kit, **first).settled
    again = Activity(type="member.registered", payload=second, external_id="k")
    refused, replayed = kit.record(again), kit.record(again)
    assert (refused.outcome, refused.code, refused.parameters.get("field")) == ("refused", code, field)
    assert (replayed.code, replayed.replayed) == (code, True)
    other = join(kit).member
    assert kit.record(Activity(type="member.updated", member=other, payload=second)).code == code
    together = [Activity(type="member.registered", payload={"phone": "+497319999999"}) for _ in range(2)]
    assert sorted(outcome.outcome for outcome in kit.record_many(together)) == ["refused", "settled"]


@pytest.mark.row("M3", way="reversal")
def test_what_a_refused_registration_claimed_stays_free(kit: Any) -> None:
    join(kit, email="ann@example.org")
    both = {"phone": "+497311234567", "email": "ann@example.org"}
    told = [
        Activity(type="member.registered", payload=both),
        Activity(type="member.registered", payload={"phone": "+497311234567"}),
    ]
    assert [outcome.code for outcome in kit.record_many(told)] == ["IDENTITY_TAKEN", None]


@pytest.mark.row("M3", way="python")
def test_members_of_one_name_and_one_birthday_are_found_group_by_group(kit: Any) -> None:
    told: list[tuple[str | None, str | None]] = [
        ("Ann", "1990-02-28"),
        ("Ann", "1990-02-28"),
        ("Ann", "1991-01-01"),
        ("Bea", "1980-01-01"),
        ("Ann", None),
    ]
    told += [("Bea", "1980-01-01"), ("Bea", "1980-01-01"), (None, "1980-01-01"), (None, "1980-01-01")]
    ids = [join(kit, name=name, birthday=birthday).member for name, birthday in told]
    with kit.read() as read:
        first, second = duplicates(read)
        assert (first.name, first.members) == ("Bea", tuple(sorted([ids[3], ids[5], ids[6]])))
        assert (second.name, second.birthday, second.members) == ("Ann", "1990-02-28", tuple(sorted(ids[:2])))
        assert duplicates(read, first=1) == [first]
        assert duplicates(read, after=(first.birthday, first.name)) == [second]
        for size in (0, 1_001):
            with pytest.raises(Invalid, match="PAGE_SIZE"):
                duplicates(read, first=size)
