"""What is said of definitions and answers that are refused, and where."""

from __future__ import annotations

from attrs import evolve

from corekit import ErrorText, Invalid, Problem

Path = tuple[str | int, ...]
"""Where something stands: names of properties, and places in lists from 0."""

NOT_AN_OBJECT = ErrorText("SURVEYS_NOT_AN_OBJECT", "Here stands an object, with braces.", "此处应为对象（花括号）。")
NOT_A_LIST = ErrorText(
    "SURVEYS_NOT_A_LIST", "Here stands a list of {least} to {most}.", "此处应为含 {least} 至 {most} 项的列表。"
)
PROPERTY_UNKNOWN = ErrorText(
    "SURVEYS_PROPERTY_UNKNOWN",
    "{property} is outside of what is understood of SurveyJS here; leave it out. What is known: {known}.",
    "不支持 SurveyJS 的属性 {property}，请删去。可用的有：{known}。",
)
PROPERTY_MISSING = ErrorText("SURVEYS_PROPERTY_MISSING", "{property} is missing.", "缺少 {property}。")
PROPERTY_INVALID = ErrorText("SURVEYS_PROPERTY_INVALID", "Here stands {expected}.", "此处应为：{expected}。")
KIND_UNKNOWN = ErrorText(
    "SURVEYS_KIND_UNKNOWN", "There is no {kind} here; the kinds are {known}.", "没有类型 {kind}，可用的有：{known}。"
)
NAME_INVALID = ErrorText(
    "SURVEYS_NAME_INVALID",
    "A name is made of up to 60 Latin letters, digits and underscores, begins with a letter, and is none of these: "
    "{reserved}.",
    "名称由至多 60 个拉丁字母、数字和下划线组成，以字母开头，且不得为 {reserved}。",
)
NAME_TAKEN = ErrorText(
    "SURVEYS_NAME_TAKEN",
    "{name} means something already, whatever the case of its letters; take another.",
    "{name} 已有含义（不分大小写），请另取名称。",
)
RANGE_EMPTY = ErrorText(
    "SURVEYS_RANGE_EMPTY", "{least} is more than {most}: nothing can be answered.", "{least} 大于 {most}，无法作答。"
)
ONE_OF_TWO = ErrorText("SURVEYS_ONE_OF_TWO", "Say {one} or {other}, one of them.", "{one} 与 {other} 只能写一个。")
EXPRESSION_SYNTAX = ErrorText(
    "SURVEYS_EXPRESSION_SYNTAX",
    "At character {at} ({found}) this is outside of the expressions that are understood: comparisons, and, or, !, "
    "parentheses; texts stand in quotes; no functions, no arithmetic.",
    "第 {at} 个字符（{found}）处的表达式不受支持：只能用比较、and、or、!、括号；文本须加引号；不支持函数和算术。",
)
EXPRESSION_UNKNOWN = ErrorText(
    "SURVEYS_EXPRESSION_UNKNOWN", "There is no answer {{{name}}}.", "没有可引用的答案 {{{name}}}。"
)
EXPRESSION_VALUE = ErrorText(
    "SURVEYS_EXPRESSION_VALUE",
    "A value stands where a condition has to stand: compare it, or ask whether it is empty.",
    "此处应为条件而不是值：请作比较，或判断是否为空。",
)
EXPRESSION_TABLE = ErrorText(
    "SURVEYS_EXPRESSION_TABLE",
    "{question} is a matrix: compare one of its rows, {{{question}.row}}.",
    "{question} 是矩阵：请比较其中一行 {{{question}.row}}。",
)
EXPRESSION_ORDER = ErrorText(
    "SURVEYS_EXPRESSION_ORDER",
    "A list is neither below nor above anything: ask what it contains.",
    "列表不能比较大小：请判断其包含什么。",
)
EXPRESSION_CELL = ErrorText(
    "SURVEYS_EXPRESSION_CELL",
    "A row of a matrix is no list: ask whether the list contains it.",
    "矩阵的一行不是列表：请判断列表是否包含它。",
)
DEFINITION = (
    *(NOT_AN_OBJECT, NOT_A_LIST, PROPERTY_UNKNOWN, PROPERTY_MISSING, PROPERTY_INVALID, KIND_UNKNOWN, NAME_INVALID),
    *(NAME_TAKEN, RANGE_EMPTY, ONE_OF_TWO),
    *(EXPRESSION_SYNTAX, EXPRESSION_UNKNOWN, EXPRESSION_VALUE, EXPRESSION_TABLE),
    EXPRESSION_CELL,
    EXPRESSION_ORDER,
)

ANSWER_UNKNOWN = ErrorText(
    "SURVEYS_ANSWER_UNKNOWN", "The survey asks nothing of this name.", "问卷中没有该名称的问题。"
)
ANSWER_MALFORMED = ErrorText("SURVEYS_ANSWER_MALFORMED", "The answer has to be {expected}.", "答案应为：{expected}。")
ANSWER_NO_CHOICE = ErrorText("SURVEYS_ANSWER_NO_CHOICE", "The answer is none of the choices.", "答案不在可选项之中。")
ANSWER_HIDDEN = ErrorText(
    "SURVEYS_ANSWER_HIDDEN",
    "With these answers this is not asked; leave it out.",
    "按当前作答不会问及此项，请勿填写。",
)
ANSWER_MISSING = ErrorText("SURVEYS_ANSWER_MISSING", "This has to be answered.", "此项为必答。")
ANSWER_REPEATED = ErrorText(
    "SURVEYS_ANSWER_REPEATED", "Each row has to be answered differently.", "各行的答案不得相同。"
)
ANSWER_BELOW = ErrorText("SURVEYS_ANSWER_BELOW", "The answer is below {least}.", "答案小于 {least}。")
ANSWER_ABOVE = ErrorText("SURVEYS_ANSWER_ABOVE", "The answer is above {most}.", "答案大于 {most}。")
ANSWER_OFF_STEP = ErrorText(
    "SURVEYS_ANSWER_OFF_STEP", "The answer has to be a multiple of {step}.", "答案应为 {step} 的倍数。"
)
ANSWER_INVALID = ErrorText(
    "SURVEYS_ANSWER_INVALID", "The answer does not pass the validator {validator}.", "答案未通过校验 {validator}。"
)
ANSWERS = (
    *(ANSWER_UNKNOWN, ANSWER_MALFORMED, ANSWER_NO_CHOICE, ANSWER_HIDDEN, ANSWER_MISSING, ANSWER_REPEATED),
    *(ANSWER_BELOW, ANSWER_ABOVE, ANSWER_OFF_STEP, ANSWER_INVALID),
)


def problem(text: ErrorText, *path: str | int, **parameters: str) -> Problem:
    """Return what is wrong at a place."""
    return Problem(code=text.code, message=text.en.format(**parameters), path=path, parameters=parameters)


def problem_at(place: str, found: Problem) -> Problem:
    """Return a problem as one of something that stands at a place itself."""
    return evolve(found, path=(place, *found.path))


def refused(text: ErrorText, *path: str | int, **parameters: str) -> Invalid:
    """Return the refusal of one thing."""
    return Invalid([problem(text, *path, **parameters)])
