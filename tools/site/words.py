"""What the search of the site finds: English by word stems, Chinese by every two signs that stand together.

Sphinx leaves Chinese to jieba, a dictionary that has not been kept since 2020. Pairs need no dictionary, and find words
that none has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.search.en import SearchEnglish

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")


def words(text: str) -> Iterator[str]:
    """Yield the words of a text, and of Chinese its pairs of signs; a sign that stands alone is a word."""
    for word in WORD.findall(text):
        if re.match(f"[{HAN}]", word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word


class Words(SearchEnglish):
    """English and Chinese in one index; the browser splits what is asked for just as :func:`words` does."""

    lang = "corekit"
    # `language_name` stays English: the stemmer that the browser calls is found by it.
    js_splitter_code = rf"""
function splitQuery(query) {{
  const words = query.match(/[{HAN}]+|(?:(?![{HAN}])[\p{{Letter}}\p{{Number}}_])+/gu) || [];
  return words.flatMap((word) =>
    /^[{HAN}]/.test(word) && word.length > 2 ? Array.from(word).slice(1).map((sign, at) => word[at] + sign) : word,
  );
}}
"""

    def split(self, input: str) -> list[str]:  # noqa: A002 - the name is Sphinx's
        """Split a text into words."""
        return list(words(input))
