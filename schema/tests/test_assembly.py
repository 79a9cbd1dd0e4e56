"""Assembly: what plugins may add, and every way in which start-up is refused."""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

import graphene
import pytest
from attrs import frozen

from corekit import PluginError, hookimpl
from corekit_schema import (
    Field,
    Graph,
    Interface,
    Member,
    Node,
    Object,
    Query,
    SchemaConflict,
    assemble_for,
    listed,
    owner,
    permission,
    public,
)
from corekit_schema.assembly.schema import AssembledSchema, assemble


class Place(Interface, policy=public):
    """Somewhere."""

    town = Field(graphene.String, description="Town.")


@frozen
class ShopValue:
    town: str


class Shop(Object, policy=public, interfaces=(Place,), possible_types=(ShopValue,)):
    """A shop."""


class Root(Object):
    """The root."""

    shop = Field(Shop, policy=public, description="A shop.")
    places = Field(listed(Place), policy=public, description="All places.")


class Change(Object):
    """Changes."""

    nothing = Field(graphene.Int, policy=public, description="Nothing.")


def build(**graphs: Graph) -> AssembledSchema:
    return assemble(graphs, query=Root, mutation=Change, permissions={"stamps.read"}, codes={"OLD": "Too old."})


def refused(**graphs: Graph) -> list[str]:
    with pytest.raises(SchemaConflict) as caught:
        build(**graphs)
    return list(caught.value.problems)


class StampsCard(Object, policy=public):
    """A card."""

    count = Field(graphene.Int, description="Stamps on it.")


class StampsShop(Object):
    """What stamps adds to a shop."""

    stamps_cards = Field(graphene.List(graphene.NonNull(StampsCard)), description="Its cards.")


class StampsRoot(Object):
    """What stamps adds to the root."""

    stamps = Field(StampsCard, policy=permission("stamps.read"), description="A card.")
    stamps_best = Field(StampsCard, policy=public, description="The best card.")


STAMPS = Graph(extends={Shop: StampsShop, Root: StampsRoot})


class CouponsRoot(Object):
    """What coupons adds to the root."""

    coupons = Field(graphene.Int, policy=public, description="How many.")


COUPONS = Graph(extends={Root: CouponsRoot})


def test_extensions_join_their_types_and_everything_knows_its_owner() -> None:
    schema = build(stamps=STAMPS)
    assert list(cast("Any", schema.graphql.type_map["Shop"]).fields) == ["town", "stampsCards"]
    assert schema.types["StampsCard"] == "stamps"
    assert schema.fields["Shop", "stampsCards"] == "stamps"
    assert schema.fields["Shop", "town"] == "core"
    assert "stamps" not in build().sdl()


def test_the_printed_schema_does_not_depend_on_the_order_of_plugins() -> None:
    assert build(stamps=STAMPS, coupons=COUPONS).sdl() == build(coupons=COUPONS, stamps=STAMPS).sdl()


def test_a_field_that_two_bring_names_both() -> None:
    class OtherRoot(Object):
        """What stamps2 adds."""

        stamps = Field(graphene.Int, policy=public, description="How many.")

    found = refused(stamps=STAMPS, stamps2=Graph(extends={Root: OtherRoot}))
    assert any("field Root.stamps is brought by both stamps and stamps2" in problem for problem in found)


def test_a_field_of_the_core_is_not_replaced() -> None:
    class Rogue(Object):
        """What rogue adds."""

        town = Field(graphene.String, policy=public, description="Town.")

    found = refused(rogue=Graph(extends={Shop: Rogue}))
    assert any("field Shop.town is brought by both core and rogue" in problem for problem in found)


def test_two_types_of_one_name_name_both() -> None:
    class Impostor(Object, policy=public, name="StampsCard"):
        """Another card."""

        x = Field(graphene.Int, description="X.")

    class Extra(Object):
        """What rogue adds."""

        rogue = Field(Impostor, policy=public, description="A card.")

    (found,) = [each for each in refused(stamps=STAMPS, rogue=Graph(extends={Root: Extra})) if "StampsCard is" in each]
    assert found.startswith("type StampsCard is brought by both stamps (")
    assert "and rogue (" in found


def test_an_extension_of_a_type_that_is_not_there_is_refused() -> None:
    class Elsewhere(Object, policy=public):
        """Not in this schema."""

        x = Field(graphene.Int, description="X.")

    found = refused(stamps=Graph(extends={Elsewhere: StampsShop}))
    assert "stamps extends Elsewhere, which the schema does not contain" in found


def test_an_interface_is_not_extended() -> None:
    found = refused(stamps=Graph(extends={Place: StampsShop}))
    assert any("stamps extends Place, which is no object type" in problem for problem in found)


def test_what_has_a_policy_of_its_own_is_nullable() -> None:
    class StampsBook(Object, policy=public):
        """A book."""

        pages = Field(graphene.Int, required=True, description="Pages.")
        notes = Field(graphene.String, required=True, policy=permission("stamps.read"), description="Notes.")

    class Books(Object):
        """What stamps adds."""

        stamps_book = Field(StampsBook, policy=public, description="A book.")

    (found,) = refused(stamps=Graph(extends={Root: Books}))
    assert found == "field StampsBook.notes must be nullable: whoever may not see it would not see the whole StampsBook"


def test_what_joins_another_type_is_nullable_and_bears_the_plugins_name() -> None:
    class Rogue(Object):
        """What stamps adds."""

        stamps_count = Field(graphene.Int, required=True, policy=public, description="How many.")
        stampsman = Field(graphene.Int, policy=public, description="Not the name of the plugin.")

    found = refused(stamps=Graph(extends={Root: Rogue}))
    assert any("field Root.stampsCount of stamps must be nullable" in problem for problem in found)
    assert "field Root.stampsman of stamps must have a name that begins with 'stamps'" in found


def test_every_field_has_a_policy_and_a_description() -> None:
    class Bare(Object):
        """What stamps adds."""

        stamps_count = Field(graphene.Int)

    class StampsNaked(Object, policy=public):
        x = Field(graphene.Int, description="X.")

    found = refused(stamps=Graph(extends={Root: Bare}, types=(StampsNaked,)))
    assert "field Root.stampsCount of stamps has no policy; give one to the field or to its type" in found
    assert "field Root.stampsCount of stamps has no description" in found
    assert "type StampsNaked of stamps has no description" in found


def test_policies_ask_for_what_there_is() -> None:
    class Asking(Object):
        """What stamps adds."""

        stamps_a = Field(graphene.Int, policy=permission("stamps.burn"), description="A.")
        stamps_b = Field(StampsCard, policy=owner, description="B.")

    class Changing(Object):
        """What stamps changes."""

        stamps_c = Field(graphene.Int, policy=owner, description="C.")

    found = refused(stamps=Graph(extends={Root: Asking, Change: Changing}))
    assert "field Root.stampsA of stamps asks for the permission stamps.burn, which nobody declares" in found
    assert any("field Root.stampsB of stamps asks for the owner, so StampsCard must" in problem for problem in found)
    assert any("field Change.stampsC of stamps cannot ask for the owner before it runs" in problem for problem in found)


def test_a_node_says_who_may_see_it_how_it_is_loaded_and_what_its_values_are() -> None:
    class StampsNode(Object, interfaces=(Node,)):
        """A node."""

        y = Field(graphene.Int, policy=public, description="Y.")

    class Extra(Object):
        """What stamps adds."""

        stamps_node = Field(Node, policy=public, description="A node.")

    found = "\n".join(refused(stamps=Graph(extends={Root: Extra}, types=(StampsNode,))))
    assert "type StampsNode of stamps is a Node and must list its possible_types" in found
    assert "type StampsNode of stamps is a Node and must have load_nodes(ids, info)" in found
    assert "type StampsNode is a Node, so that anybody can ask for it by id" in found


def test_all_problems_come_at_once() -> None:
    class Bare(Object):
        """What stamps adds."""

        stamps_count = Field(graphene.Int)

    class Other(Object):
        """What coupons adds."""

        shop = Field(graphene.Int, policy=public, description="A shop.")

    with pytest.raises(SchemaConflict) as caught:
        build(stamps=Graph(extends={Root: Bare}), coupons=Graph(extends={Root: Other}))
    assert len(caught.value.problems) >= 3
    assert all(problem in caught.value.message for problem in caught.value.problems)


def test_the_graph_of_an_enabled_plugin_is_part_of_a_kits_schema(make_kit: Any) -> None:
    class StampsMember(Object):
        """What stamps adds to a member."""

        stamps = Field(graphene.Int, description="Stamps on the card.")

    module = ModuleType("stamps")

    @hookimpl
    def corekit_graph() -> Graph:
        return Graph(extends={Member: StampsMember})

    module.corekit_graph = corekit_graph  # type: ignore[attr-defined]
    schema = assemble_for(make_kit(modules={"stamps": module}))
    assert schema.fields["Member", "stamps"] == "stamps"


def test_a_plugin_whose_graph_cannot_be_had_is_named(make_kit: Any) -> None:
    module = ModuleType("stamps")

    @hookimpl
    def corekit_graph() -> Graph:
        raise RuntimeError("no graph today")

    module.corekit_graph = corekit_graph  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="stamps"):
        assemble_for(make_kit(modules={"stamps": module}))


def test_error_codes_are_an_enum_of_what_is_declared(kit: Any) -> None:
    codes: dict[str, Any] = cast("Any", assemble_for(kit).graphql.type_map["ErrorCode"]).values
    assert {"MEMBER_FROZEN", "AMOUNT_NOT_WHOLE", "ID_INVALID", "OTHER"} <= set(codes)
    assert codes["MEMBER_FROZEN"].description.startswith("The member is frozen")


def test_the_root_types_of_the_core_can_be_extended() -> None:
    assert Graph(extends={Query: CouponsRoot}).extends[Query] is CouponsRoot
