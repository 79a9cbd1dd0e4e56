from typing import Any

from graphql import GraphQLEnumType

class GrapheneEnumType(GraphQLEnumType):
    graphene_type: type
    def __init__(self, *args: Any, graphene_type: type, **kwargs: Any) -> None: ...
