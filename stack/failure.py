"""How a step of the operator's tools ends when it can't go on."""


class StepError(Exception):
    """A step that failed, told so that a person can act on it.

    Attributes:
        what: the step that failed, in a few words.
        why: what was found, with the input that caused it.
        remedy: what to do about it.

    """

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
        self.remedy = remedy
