"""From what marshmallow says is wrong with an input to coded problems with path and parameters.

marshmallow answers with sentences. Its errors are read after the fact: the path leads to the field that
complained, and the sentence is compared with the templates of that field and its validators. So the schemas
of plugins and marshmallow itself stay untouched (patching its classes would change every other user of it in
the process), a schema may change its sentences, and it costs nothing while the input is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from string import Formatter
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from marshmallow.exceptions import SCHEMA

from corekit.declares import ErrorText
from corekit.errors import Invalid, Path, Problem

MOST_PROBLEMS = 100
"""An answer names at most so many problems, so that a hostile input cannot make it long."""

ERRORS = (
    ErrorText("INVALID", "This is not valid.", "内容无效。"),
    ErrorText("REQUIRED", "This is required.", "此项必填。"),
    ErrorText("NULL", "This may not be null.", "此项不能为空。"),
    ErrorText("UNKNOWN_FIELD", "There is no such field.", "没有此字段。"),
    ErrorText("TYPE", "This must be of type {expected}.", "类型必须为 {expected}。"),
    ErrorText("RANGE", "This is smaller or larger than what is allowed.", "超出允许范围。"),
    ErrorText("LENGTH", "This is shorter or longer than what is allowed.", "长度超出允许范围。"),
    ErrorText("PATTERN", "This does not have the expected form.", "格式不正确。"),
    ErrorText("NOT_ONE_OF", "This is none of the choices: {choices}.", "不在可选项之中: {choices}。"),
    ErrorText("FORBIDDEN", "This value is not allowed.", "不允许此值。"),
    ErrorText("EMAIL", "This is not an e-mail address.", "电子邮件地址无效。"),
    ErrorText("URL", "This is not a URL.", "网址无效。"),
)
"""The codes of validation, with their sentences."""

_FIELD_CODES = {
    "required": "REQUIRED",
    "null": "NULL",
    "unknown": "NOT_ONE_OF",
    "too_large": "RANGE",
    "validator_failed": "INVALID",
}
"""The keys of a field's error messages; every other key says that the value is of the wrong type."""

_VALIDATOR_CODES: tuple[tuple[type[validate.Validator], str, Mapping[str, str]], ...] = (
    (validate.Range, "RANGE", {"min": "min", "max": "max"}),
    (validate.Length, "LENGTH", {"min": "min", "max": "max", "equal": "equal"}),
    (validate.Regexp, "PATTERN", {}),
    (validate.OneOf, "NOT_ONE_OF", {"choices": "choices"}),
    (validate.NoneOf, "FORBIDDEN", {}),
    (validate.Equal, "NOT_ONE_OF", {"choices": "comparable"}),
    (validate.Email, "EMAIL", {}),
    (validate.URL, "URL", {}),
)
"""What each validator's complaint is called, and which of its attributes are the parameters."""

_TEMPLATES = ("error", "default_message", "message_min", "message_max", "message_all", "message_equal")
"""The attributes of a validator that hold its sentences."""


def coded(code: str, message: str, **parameters: Any) -> ValidationError:
    """Return what an own validator raises to give its complaint a code and parameters.

    ``raise coded("POINTS_CLAIM_TOO_LATE", "Claim it within 24 hours.", hours=24)``
    """
    return ValidationError([{"code": code, "message": message, "parameters": parameters}])


class WholeNumber(fields.Integer):
    """An integer of at most 64 bits, from an integer or its digits; a fraction is refused, not cut."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, int) and not (isinstance(value, str) and _DIGITS.fullmatch(value)):
            raise _untyped(self).make_error("invalid", input=value)
        number = super()._validated(value)
        if not -(2**63) <= number < 2**63:
            raise _untyped(self).make_error("too_large", input=value)
        return number


_DIGITS = re.compile(r"[+-]?[0-9]{1,40}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like ``word``, for a "did you mean", or None if none is like it."""
    return next(iter(get_close_matches(word, list(known), n=1)), None)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word most like ``word``, or nothing."""
    near = nearest(word, known)
    return f" (did you mean {near!r}?)" if near else ""


def load(schema: Schema, data: Any, path: Path = ()) -> Any:
    """Return what ``schema`` makes of ``data``; raise :class:`Invalid` with every problem, under ``path``."""
    try:
        return _untyped(schema).load(data)
    except ValidationError as error:
        raise Invalid(problems(schema, error, path)) from None


def problems(schema: Schema, error: Any, path: Path = ()) -> list[Problem]:
    """Return the coded problems of a ``ValidationError`` of ``schema``, in the order of the schema."""
    found: list[Problem] = []
    for problem in _of_schema(schema, error.messages, path):
        found.append(problem)
        if len(found) == MOST_PROBLEMS:
            break
    return found


def _of_schema(schema: Any, messages: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(messages, Mapping):
        yield from _said(messages, path, [(schema.error_messages["type"], "TYPE", {"expected": "object"})])
        return
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    for name, inner in _items(messages):
        if name == SCHEMA:
            yield from _of_schema(schema, inner, path)
        elif isinstance(name, int):  # many=True: the number of the item
            yield from _of_schema(schema, inner, (*path, name))
        elif name in known:
            yield from _of_field(known[name], inner, (*path, name))
        else:
            near = get_close_matches(str(name), known, n=1)
            message = f"There is no such field{f': did you mean {near[0]!r}?' if near else '.'}"
            parameters = {"did_you_mean": near[0]} if near else {}
            yield Problem(code="UNKNOWN_FIELD", message=message, path=(*path, name), parameters=parameters)


def _of_field(field: Any, messages: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(messages, Mapping):
        yield from _said(messages, path, _candidates(field))
        return
    kind = field.__class__
    if issubclass(kind, fields.Nested):
        yield from _of_schema(field.schema, messages, path)
        return
    for key, inner in _items(messages):
        if key == SCHEMA:
            yield from _of_field(field, inner, path)
        elif issubclass(kind, fields.List):
            yield from _of_field(field.inner, inner, (*path, key))
        elif issubclass(kind, fields.Tuple):
            yield from _of_field(field.tuple_fields[int(key)], inner, (*path, key))
        elif issubclass(kind, fields.Dict):
            for part, of_part in _items(inner):
                yield from _of_field(field.key_field if part == "key" else field.value_field, of_part, (*path, key))
        else:
            yield from _said(inner, (*path, key), [])


_Candidate = tuple[Any, str, dict[str, Any]]
"""What a field can complain of: the template of the sentence, the code, the parameters."""

_UNKNOWN: _Candidate = ("", "INVALID", {})


def _candidates(field: Any) -> Iterator[_Candidate]:
    for key, template in field.error_messages.items() if field else ():
        code = _FIELD_CODES.get(key, "TYPE")
        parameters: dict[str, Any] = {"expected": _type_name(field)} if code == "TYPE" else {}
        if isinstance(field, fields.Enum) and key == "unknown":
            parameters = {"choices": field.choices_text.split(", ")}
        yield template, code, parameters
    for validator in field.validators if field else ():
        yield from _of_validator(validator)


def _of_validator(validator: Any) -> Iterator[_Candidate]:
    if isinstance(validator, validate.And):
        for part in validator.validators:
            yield from _of_validator(part)
        return
    for kind, code, names in _VALIDATOR_CODES:
        if isinstance(validator, kind):
            values = {name: _plain(getattr(validator, attribute)) for name, attribute in names.items()}
            parameters = {name: value for name, value in values.items() if value is not None}
            for attribute in _TEMPLATES:
                if template := getattr(validator, attribute, None):
                    yield template, code, parameters
            return


def _said(messages: Any, path: Path, candidates: Iterable[_Candidate]) -> Iterator[Problem]:
    """Yield one problem for each sentence, with the code of the first template that it fits."""
    choices = list(candidates)
    for message in _listed(messages):
        if not isinstance(message, Mapping):
            fitting = (choice for choice in choices if _fits(str(choice[0]), str(message)))
            found = next(fitting, _UNKNOWN)
            yield Problem(code=found[1], message=str(message), path=path, parameters=found[2])
        elif "code" in message:  # said by coded()
            yield Problem(path=path, **dict(_items(message)))
        else:
            for key, inner in _items(message):
                yield from _said(inner, path if key == SCHEMA else (*path, key), [])


def _untyped(value: Any) -> Any:
    """Return the value as one whose own types are not looked at; marshmallow's are partly unknown."""
    return value


def _items(messages: Any) -> list[tuple[Any, Any]]:
    if not isinstance(messages, Mapping):
        return []
    pairs: Mapping[Any, Any] = _untyped(messages)
    return list(pairs.items())


def _listed(messages: Any) -> list[Any]:
    return [*messages] if isinstance(messages, list) else [messages]


def _fits(template: str, text: str) -> bool:
    """Say whether ``text`` is ``template`` filled with anything."""
    parsed = Formatter().parse(template)
    pattern = "".join(re.escape(literal) + (".*" if name is not None else "") for literal, name, _, _ in parsed)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _type_name(field: Any) -> str:
    """Return the name of marshmallow's own field type that this one is."""
    own = (kind.__name__ for kind in type(field).__mro__ if kind.__module__ == fields.__name__)
    name = next(own, "value").lower()
    return {"nested": "object", "dict": "object"}.get(name, name)


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it."""
    if isinstance(value, list | tuple | set | frozenset):
        parts: Iterable[Any] = _untyped(value)
        return [_plain(part) for part in parts]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
