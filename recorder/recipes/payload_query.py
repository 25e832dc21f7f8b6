"""JSONPath expressions (RFC 9535) that hold for a JSON document or do not: ``$.body.code == 404``.

The package ``jsonpath`` is imported with the first expression. Its functions ``match`` and ``search`` take
regular expressions, and are replaced by ours, which have a time limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from recorder.documents.patterns import SearchTime
from recorder.errors import BadOption

if TYPE_CHECKING:
    from jsonpath import JSONPathEnvironment
    from jsonpath.filter import FilterExpression

_HINT = "like '$.body.code == 404', or '$..[?@.status == \"READ\"]' where it may stand anywhere"


def json_of(payload: bytes) -> Any:
    """The JSON of a payload. Raises ``ValueError`` if it is none.

    Whole numbers of more than 64 bits are doubles, as they are in an expression.
    """
    try:
        return orjson.loads(payload)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def leaves_of(document: Any) -> Iterator[tuple[str, Any]]:
    """The values of a JSON document that are no lists and objects, each with the key it stands under.

    Elements of a list stand under the key of the list, a document that is one value under "".
    """
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(key, each) for each in value]
        else:
            yield key, value


class PayloadQuery:
    """An expression as in a filter selector: a comparison, a test, or several with ``&&``, ``||`` and ``!``.

    ``$`` and ``@`` are the document. A path alone holds if something is there.
    """

    def __init__(self, written: str, *, option: str = "--where") -> None:
        """Raises ``BadOption``, which names ``option``, if it is no expression."""
        self._written = written
        self._option = option
        self._environment = _environment()
        self._expression = self._parsed()

    def holds_for(self, document: object) -> bool:
        """Whether it holds for this JSON document.

        Raises:
            PatternTooSlow: a regular expression in it takes too long.
        """
        from jsonpath import JSONPathError
        from jsonpath.selectors import FilterContext

        root = json.dumps(document) if isinstance(document, str) else document  # it reads texts as JSON
        context = FilterContext(env=self._environment, current=document, root=root)  # type: ignore[arg-type]
        _SEARCH_TIME.reset()
        try:
            return bool(self._expression.evaluate(context))
        except (JSONPathError, RecursionError):  # of a document nested deeper than a query can go
            return False

    def _parsed(self) -> FilterExpression:
        from jsonpath import JSONPath, JSONPathError
        from jsonpath.selectors import Filter

        try:
            compiled = self._environment.compile(f"$[?{self._written}]")
        except RecursionError:
            problem = "no JSONPath expression: it is nested too deeply"
            raise BadOption(self._option, problem, hint=_HINT) from None
        except (JSONPathError, ValueError) as refused:
            says = str(refused).splitlines()[0]
            raise BadOption(self._option, f"no JSONPath expression: {says}", hint=_HINT) from None
        if isinstance(compiled, JSONPath) and len(compiled.segments) == 1:
            selectors = compiled.segments[0].selectors
            if len(selectors) == 1 and isinstance(selectors[0], Filter):
                return selectors[0].expression
        raise BadOption(self._option, "no JSONPath expression: it goes on after its end", hint=_HINT)


_SEARCH_TIME = SearchTime()


def _searched(pattern: str, value: object) -> bool:
    from recorder.documents.patterns import check_pattern

    try:
        check_pattern(pattern)
    except ValueError:
        return False  # RFC 9535, 2.4.7: a pattern that is none matches nothing
    return isinstance(value, str) and _SEARCH_TIME.matches(pattern, value)


@lru_cache
def _environment() -> JSONPathEnvironment:
    """Reads expressions by the letter of RFC 9535, and searches with our time limit."""
    from jsonpath import JSONPathEnvironment
    from jsonpath.function_extensions import ExpressionType, FilterFunction

    class _SearchFunction(FilterFunction):
        arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the base class has it
        return_type = ExpressionType.LOGICAL

        def __call__(self, value: object, pattern: object) -> bool:
            return isinstance(pattern, str) and _searched(pattern, value)

    class _MatchFunction(_SearchFunction):
        def __call__(self, value: object, pattern: object) -> bool:
            return isinstance(pattern, str) and _searched(rf"\A(?:{pattern})\Z", value)

    environment = JSONPathEnvironment(strict=True)
    environment.function_extensions |= {"search": _SearchFunction(), "match": _MatchFunction()}
    return environment
