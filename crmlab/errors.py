"""One family of errors: each is one sentence a trainee can read.

The sentence says what is wrong, where, and what to do. Whoever shows an error (a desk, the
command line, a lesson) shows `str(error)` and nothing else; a traceback is for engineers only.
"""


class CrmlabError(Exception):
    """What went wrong, where, and the way out, in one sentence."""


class ProcedureError(CrmlabError):
    """A procedure file that does not load: file, line, what is wrong, what would be right."""


class ScriptError(CrmlabError):
    """A practice script that cannot be played."""


class SandboxError(CrmlabError):
    """A sandbox that cannot be opened, copied or written."""


class ProcedureChanged(CrmlabError):
    """The procedure file is no longer the one that the cases of a sandbox were opened by."""


class StaleCase(CrmlabError):
    """The case has moved on since it was read; nothing was overwritten.

    Attributes:
        fields: one sentence for each entry of the form that was to be handed in which somebody
            else has made differently meanwhile, by field name.
    """

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class StaleRecord(CrmlabError):
    """A record of the CRM has been changed since it was read; nothing was overwritten.

    Attributes:
        fields: one sentence for each field that was changed meanwhile, by field name.
    """

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class PlaceError(CrmlabError):
    """A folder that crmlab needs cannot be found or written."""


class BankError(CrmlabError):
    """A question bank or task list that does not load."""


class ProgressError(CrmlabError):
    """Progress that cannot be read or kept."""


class LessonError(CrmlabError):
    """A lesson's notebook that cannot be read or run."""


class IntakeError(CrmlabError):
    """A file that cannot be brought in, or a map that does not fit it. Nothing was taken."""


class SimulationError(CrmlabError):
    """Something that no company could be like, so there is nothing to simulate."""


class ModelError(CrmlabError):
    """Data from which a model cannot say anything: what is wrong with it, and what would help."""


class Refused(CrmlabError):
    """What a CRM would refuse: nothing has changed.

    Attributes:
        fields: one sentence for each field that is at fault, by field name. Empty when the
            refusal concerns the whole action (wrong seat, wrong step).
    """

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class Denied(Refused):
    """What a seat may not do: nothing has changed, and nothing has been shown.

    Attributes:
        rule: the entry of the permissions that says so, such as `sales_representative.export`.
        ask: the seat that can be asked instead.
    """

    def __init__(self, sentence: str, *, rule: str, ask: str) -> None:
        super().__init__(sentence)
        self.rule = rule
        self.ask = ask
