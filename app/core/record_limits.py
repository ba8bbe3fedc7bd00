"""How large a log record may be; what is larger is shortened, because Loki would refuse it."""

# Loki's own limit is 256 KB a line.
MAX_BODY_BYTES = 200 * 1024
# Loki takes 64 KiB of structured metadata a record; the whole traceback is in the body.
MAX_ATTRIBUTE_CHARACTERS = 16 * 1024
