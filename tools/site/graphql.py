"""GraphQL in colour: operations and schemas. The lexer of Pygments knows operations only."""

from __future__ import annotations

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Punctuation, String, Whitespace

KEYWORDS = (
    *("directive", "enum", "extend", "fragment", "implements", "input", "interface", "mutation", "on", "query"),
    *("repeatable", "scalar", "schema", "subscription", "type", "union"),
)


class GraphQL(RegexLexer):
    """Names that begin with a capital are types."""

    name = "GraphQL"
    tokens = {  # noqa: RUF012 - the name and what it holds are Pygments'
        "root": [
            (r"\s+", Whitespace),
            (r'"""(?s:.*?)"""', String.Doc),
            (r'"(?:\\.|[^"\\\n])*"', String),
            (r"#.*", Comment),
            # A keyword that is a field, such as `type: String!`, is a name.
            (words(KEYWORDS, prefix=r"\b", suffix=r"\b(?!\s*[:(])"), Keyword),
            (r"[A-Z]\w*", Name.Class),
            (r"\$\w+", Name.Variable),
            (r"@\w+", Name.Decorator),
            (r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", Number),
            (r"\w+", Name),
            (r"[^\w\s]", Punctuation),
        ]
    }
