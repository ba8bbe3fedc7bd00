"""What redaction costs on the worst input of each rule: a text made to be searched for long."""

import time
from operator import itemgetter

from app.core.secret_names import SecretNames
from app.core.secret_text import Rule, SecretFinder

# Two texts tell whether time grows as the text does: the larger one in characters, and how much smaller the other is.
_LARGE = 200_000
_GROWTH = 4
_REPEATS = 3
# Around what a rule looks for: dense hits, near misses, openings without an end, values whose end is hard to see.
_SHAPES = (
    *("{}", "{} ", "{} a", "{}=", "{}=a ", "{}: ", "{}='", "{}={{[", '{}="\\', "{}@", "{}a.", "{}-", "{}aaaaaaaa "),
    *("a{}", f"{{}}={'a,' * 1000} ", f"{{}}={'a)' * 1000} ", f"{{}}=[{'a[b]' * 1000} "),
    # As dense as can be without reaching MOST_FINDINGS in a megabyte, where the search ends.
    *(f"{{}}={'a' * 95} ", f"{{}} {'a ' * 50}", f"{{}}=a{' ' * 98}"),
)


def worst_rule() -> tuple[str, float]:
    """The rule that a larger text slows most, and of how many times the time that a text in proportion would take."""
    shares = [(rule.hint, _seconds_grow(rule) / _GROWTH) for rule in SecretFinder(SecretNames()).rules]
    return max(shares, key=itemgetter(1))


def _seconds_grow(rule: Rule) -> float:
    # The sum over the shapes: the one that grows faster than the text outweighs the others.
    small, large = (sum(_seconds(rule, shape, size) for shape in _SHAPES) for size in (_LARGE // _GROWTH, _LARGE))
    return large / small


def _seconds(rule: Rule, shape: str, size: int) -> float:
    piece = shape.format(rule.hint)
    text = piece * max(size // len(piece), 1)
    best = float("inf")
    for _ in range(_REPEATS):
        begun = time.thread_time()
        rule.spans(text, text)
        best = min(best, time.thread_time() - begun)
    return best
