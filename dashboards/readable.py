"""A log line as a person reads it: service, event, the fields that matter. Grafana shows time and level beside it.

Written in LogQL, so that the line itself is rewritten and nothing is shown twice. The record's metadata stay as they
are, which is what the link to the trace goes by; the execution's id stays in the text.
"""

from app.core.service_names import NAMESPACE

# A service's name can be 2,048 characters long.
LONGEST_NAME = 40
# `saga-orchestrator`: the longest of ours, so that events stand in one column.
_USUAL_NAME = 17

# Shown elsewhere in the panel: a traceback among the fields of the line that is opened.
_NOT_REPEATED = "timestamp|level|logger|event|trace_id|span_id|exception"
# Its events say all that its fields do.
_SAYS_IT_ALL = "uvicorn.access"
_STRING_OR_NUMBER = r'("([^"\\]|\\.)*"|[^",{}\[\]]+)'
_FIELD_NOT_REPEATED = f'"({_NOT_REPEATED})":{_STRING_OR_NUMBER}[,}}]'

# Turns `"exit_code":1,"reason":"Error"}` into `exit_code=1  reason=Error`.
_JSON_TO_WORDS = ((r"\n", " "), (r"\"", "'"), (',"', "  "), ('":', "="), ('"', ""))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_REST = " | ".join(
    [
        f'regexReplaceAll {_quoted(_FIELD_NOT_REPEATED)} __line__ ""',
        *(f"replace {_quoted(old)} {_quoted(new)}" for old, new in _JSON_TO_WORDS),
        'trimPrefix "{"',
        'trimSuffix "}"',
        'trimSuffix ","',
    ]
)
_SERVICE = f'printf "%-{_USUAL_NAME}s" (trimPrefix "{NAMESPACE}-" .service_name | trunc {LONGEST_NAME})'

_FIELDS_OF_IT = f'{{{{if ne .logger "{_SAYS_IT_ALL}"}}}}  {{{{{_REST}}}}}{{{{end}}}}'
_LINE = "{{" + _SERVICE + "}}  {{if .event}}{{.event}}" + _FIELDS_OF_IT + "{{else}}{{__line__}}{{end}}"

_JSON = 'event="event", level="level", logger="logger", exception="exception"'
_FIELDS = f"| json {_JSON} | drop __error__, __error_details__"

READABLE = f"{_FIELDS} | line_format `{_LINE}`"
"""What to put behind a LogQL query for lines.

A line that is no JSON with an event (other senders write such) stays whole behind its service.
"""
