from collections.abc import Callable, Mapping
from enum import Enum as _PythonEnum
from typing import Any, ClassVar

from graphql import GraphQLError as GraphQLError

class _Options:
    name: str
    description: str | None
    fields: dict[str, Any]
    interfaces: tuple[type[Interface], ...]
    possible_types: tuple[type, ...]
    enum: type[_PythonEnum]

class _Type:
    _meta: ClassVar[_Options]

class _Unmounted(_Type):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class ObjectType(_Type):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __init_subclass__(cls, **options: Any) -> None: ...
    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None: ...

class Interface(_Type):
    def __init_subclass__(cls, **options: Any) -> None: ...
    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None: ...

class InputObjectType(_Unmounted):
    def __init_subclass__(cls, **options: Any) -> None: ...

class Scalar(_Unmounted):
    def __init_subclass__(cls, **options: Any) -> None: ...

class Enum(_Unmounted):
    def __init_subclass__(cls, **options: Any) -> None: ...
    @classmethod
    def from_enum(
        cls,
        enum: type[_PythonEnum],
        name: str | None = None,
        description: str | Callable[[Any], str | None] | None = None,
        deprecation_reason: str | None = None,
    ) -> type[Enum]: ...

class String(Scalar): ...
class ID(Scalar): ...
class Int(Scalar): ...
class Float(Scalar): ...
class Boolean(Scalar): ...

class _Structure(_Unmounted):
    of_type: Any
    def __init__(self, of_type: Any, *args: Any, **kwargs: Any) -> None: ...

class List(_Structure): ...
class NonNull(_Structure): ...

class Argument:
    name: str | None
    description: str | None
    default_value: Any
    def __init__(
        self,
        type_: Any,
        *,
        default_value: Any = ...,
        description: str | None = None,
        name: str | None = None,
        required: bool = False,
        deprecation_reason: str | None = None,
    ) -> None: ...

class Field:
    name: str | None
    description: str | None
    deprecation_reason: str | None
    args: dict[str, Any]
    def __init__(
        self,
        type_: Any,
        args: Mapping[str, Any] | None = None,
        resolver: Callable[..., Any] | None = None,
        source: str | None = None,
        deprecation_reason: str | None = None,
        name: str | None = None,
        description: str | None = None,
        required: bool = False,
        default_value: Any = None,
        **extra_args: Any,
    ) -> None: ...

class InputField:
    name: str | None
    description: str | None
    def __init__(
        self,
        type_: Any,
        name: str | None = None,
        default_value: Any = ...,
        deprecation_reason: str | None = None,
        description: str | None = None,
        required: bool = False,
    ) -> None: ...
